"""A service with twenty thousand authors and three environments, and what a release of it leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.codec.authors import AUTHORS
from shared.domain.values.person import Person
from shared.ports.source import Contributor, Contributors
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.outside import MAIN, RITA, SAM, SLIPWAY_YAML, Outside

MANY = 20_000
STAGING = """\
  staging:
    after: [qa]
    namespace: backend-staging
    deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}
    approval: {approvers: ["sam@example.com"]}
"""


def many_authors(store: str, folder: Path, **opened: Any) -> Harness:
    """Three environments, and a service that everybody has had a hand in, Rita last of all."""
    text = SLIPWAY_YAML.replace("  production:\n    after: [qa]", f"{STAGING}  production:\n    after: [staging]")
    slipway = make_app(store, folder, opened.pop("outside", None) or Outside(), **opened)
    slipway.outside.commit(MAIN, {"slipway.yaml": text.encode()})
    slipway.start()
    people = sorted(Contributor(f"Person {number}", f"person-{number:05}@example.com") for number in range(MANY - 1))
    everybody = Contributors(people=(*people, Contributor(RITA.name, RITA.mails[0])))
    slipway.outside.source.contributors = lambda *_, **__: everybody  # type: ignore[method-assign]
    return slipway


def judged(slipway: Harness, by: Person) -> None:
    """Go on to production, which Rita may not approve."""
    slipway.push_release("1.0.0", by=by)
    slipway.pump()
    slipway.approve(SAM)
    refused, approved = slipway.answer(RITA), slipway.answer(SAM, groups=("release-managers",))
    slipway.pump()
    read = slipway.promotion("1.0.0", "production").facts

    assert (refused.code, approved.outcome) == ("author", "moved")
    assert slipway.release("1.0.0").phase == "Released"
    assert read is not None
    assert (read.authors.count, len(read.authors.first)) == (MANY, 20)
    assert len(AUTHORS.decode(slipway.app.evidence.get(read.authors.evidence)).authors) == MANY


def sizes(slipway: Harness) -> int:
    """Bytes of the largest row of the service, and of the largest entry of its ledger."""
    rows = slipway.app.store.read(str(DELIVERY)).rows
    entries = slipway.app.store.ledger(str(DELIVERY), after=0, most=1000)
    return max(*(len(value) for value in rows.values()), *(len(one.body) for one in entries))
