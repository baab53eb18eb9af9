"""Every kind of stored record with a typical example. `python -m tests.support.codec.stored` writes the golden files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.adapters.local_build.results import RESULTS
from shared.codec import anchor, authors, clock, comparing, estate, failure, ledger, poison, repository, state
from shared.codec.stored import Stored
from shared.domain.drafts.decision import Outcome
from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.state.anchor import Anchor, Anchored, Mismatch
from shared.domain.state.estate import Hold
from shared.domain.state.failure import Failure
from shared.domain.state.poison import PoisonMessage, Settled, Settling
from shared.domain.state.promotion import Author
from shared.domain.state.release import ArtifactHold, Numbers
from shared.domain.state.repository import Compared, ConfigInForce, NotCompared, Pushed, Tip
from shared.domain.values.records import replace
from tests.support.codec import examples as ex
from tests.support.codec import odd

GOLDEN = Path(__file__).parents[2] / "codec" / "golden"


@dataclass(frozen=True, slots=True)
class Example:
    """A record, its bytes and what reads them; `kind` names it."""

    kind: str
    record: Any
    data: bytes
    decode: Callable[[bytes], Any]


_ENTRY = ledger.LedgerEntry(
    sequence=12,
    at=ex.NOON,
    service=str(ex.DELIVERY),
    event_type="approval-answered",
    event_id="POST approvals ben 1",
    person=ex.BEN,
    outcome=Outcome.MOVED,
    reason="approved",
    notes=("promotion 4 is Retagging",),
    effects=("shop~delivery:4:retag:1",),
    correlation="c-1",
    estate=3,
    detail=(("environment", "production"), ("version", "1.1.0")),
)
_HOLD = Hold(id="h-1", scope="environment:production", reason="audit", person=ex.BEN, since=ex.NOON, until=ex.NOON)
_POISON = PoisonMessage(
    number=17,
    queue="slipway-deploy",
    at=ex.NOON,
    sha256=ex.hexadecimal(13),
    size=312,
    reason="it can be read, but whoever took it failed each time; the log says why",
    type="deploy",
    message="shop~delivery:4:deploy:1",
    service="shop~delivery",
    correlation="c-1",
)
_SETTLED = PoisonMessage(
    number=18,
    queue="slipway-events",
    at=ex.NOON,
    sha256=ex.hexadecimal(14),
    size=3,
    reason="it is not text",
    settled=Settled(how=Settling.DISMISSED, person=ex.BEN, at=ex.NOON, reason="noise"),
)
_TIP = Tip(commit=ex.COMMIT, number=4, previous="0" * 40, sent=True)
_TIP_PUSHED = Tip(commit=ex.COMMIT, number=4, sent=True, pushed=(Pushed(ex.COMMIT, ex.BEN),), known=(ex.COMMIT,))
_CONFIG = ConfigInForce(
    commit=ex.COMMIT,
    policy=RepositoryPolicy(repository="shop", commit=ex.COMMIT, services=(ex.POLICY,)),
    faults=("slipway.yaml:3: registy: is not known",),
    faulty_commit="1" * 40,
    checked_at=ex.NOON,
)
_ARTIFACT_HOLDS = (ArtifactHold(id="a-1", artifact=ex.NEW.id, version="1.1.0", reason="rolled back", since=ex.NOON),)
_MISMATCH = Mismatch("shop~delivery", "2026-11-23", "ends at entry 1")
_ANCHOR = Anchor(
    name="2026-11-23.json.gz",
    at=ex.NOON,
    previous="2026-11-22.json.gz",
    previous_sha256=ex.hexadecimal(2),
    heads=(("estate", Anchored(1, ex.hexadecimal(1))), ("shop~delivery", Anchored(12, ex.hexadecimal(3)))),
    mismatches=(_MISMATCH,),
)
_FAILURE = Failure(
    at=ex.NOON,
    commit=ex.COMMIT,
    context="slipway/delivery",
    description="2 tests failed",
    repository="shop",
    service="delivery",
    state="failed",
)
_AUTHORS = authors.AuthorsRead(
    question=f"{ex.COMMIT} delivery", paths=("src/delivery",), authors=(Author(name="Carl", mail="carl@example.com"),)
)


def _decode_config(data: bytes) -> ConfigInForce:
    assert _CONFIG.policy is not None
    return repository.decode_config(data, repository.encode_services(_CONFIG.policy))


def _example(kind: Stored[Any], record: Any) -> Example:
    return Example(kind.kind, record, kind.encode(record), kind.read)


def _config(record: ConfigInForce) -> Example:
    return Example(repository.CONFIGS.kind, record, repository.encode_config(record), _decode_config)


RECORDS: Mapping[str, Example] = {
    "policy": _example(repository.POLICIES, ex.POLICY),
    "policy-strict": _example(repository.POLICIES, odd.POLICY),
    "policy-pinned": _example(repository.POLICIES, odd.PINNED),
    "policy-bare": _example(repository.POLICIES, odd.NO_ENVIRONMENTS),
    "release": _example(state.RELEASES, ex.RELEASE),
    "release-unusual": _example(state.RELEASES, ex.UNUSUAL_RELEASE),
    "release-failed": _example(state.RELEASES, odd.RELEASE),
    "release-new": _example(state.RELEASES, odd.NEW_RELEASE),
    "release-followed": _example(state.RELEASES, replace(odd.NEW_RELEASE, correlation="push-1")),
    "build": _example(state.BUILDS, ex.BUILD),
    "build-of-branch": _example(state.BUILDS, odd.VALIDATED),
    "ended": _example(state.ENDS, state.Ended(version="1.1.0-rc.1", phase=ex.UNUSUAL_RELEASE.phase, at=ex.NOON)),
    "environment": _example(state.ENVIRONMENTS, ex.ENVIRONMENT),
    "environment-prefixed": _example(state.ENVIRONMENTS, ex.PREFIXED),
    "environment-empty": _example(state.ENVIRONMENTS, odd.ENVIRONMENT),
    "environment-broken": _example(state.ENVIRONMENTS, replace(odd.ENVIRONMENT, broken_since=ex.NOON)),
    "validation": _example(state.VALIDATIONS, ex.VALIDATION),
    "validation-idle": _example(state.VALIDATIONS, odd.VALIDATION),
    "validation-waiting": _example(state.VALIDATIONS, odd.WAITING),
    "holds": _example(state.ARTIFACT_HOLDS, _ARTIFACT_HOLDS),
    "numbers": _example(state.NUMBERS, Numbers(promotion=4, build=7, turn=5)),
    "ledger": _example(ledger.ENTRIES, _ENTRY),
    "hold": _example(estate.HOLDS, _HOLD),
    "poison": _example(poison.POISON, _POISON),
    "poison-settled": _example(poison.POISON, _SETTLED),
    "tip": _example(repository.TIPS, _TIP),
    "tip-gone": _example(repository.TIPS, odd.TIP),
    "tip-pushed": _example(repository.TIPS, _TIP_PUSHED),
    "build-result": _example(RESULTS, ex.RESULT),
    "config": _config(_CONFIG),
    "config-none": _config(odd.CONFIG),
    "anchor": _example(anchor.ANCHORS, _ANCHOR),
    "anchors": _example(
        anchor.STATES, anchor.AnchorState(name="2026-11-23.json.gz", at=ex.NOON, mismatches=(_MISMATCH,))
    ),
    "authors": _example(authors.AUTHORS, _AUTHORS),
    "compared": _example(comparing.COMPARED, Compared(at=ex.NOON)),
    "comparing": _example(comparing.NOT_COMPARED, NotCompared(reason="git: broken", since=ex.NOON)),
    "failure": _example(failure.FAILURES, _FAILURE),
    "clock": _example(clock.SHOWN, clock.Shown(at=ex.NOON)),
}

if __name__ == "__main__":
    for name, stored in RECORDS.items():
        (GOLDEN / f"{name}.json").write_bytes(stored.data + b"\n")
