"""Adopting: a person says what runs, or takes over what was found."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.domain.deciding import running
from shared.domain.drafts.answers import Answer, done, ignored, refused
from shared.domain.drafts.draft import Draft
from shared.domain.drafts.lookup import earlier_good
from shared.domain.messages.events import LiveAdopted
from shared.domain.state.adoptable import DEPLOYED, Adoptable
from shared.domain.state.phases import RUNNING
from shared.domain.state.promotion import Deployed, Facts, Promotion
from shared.domain.state.release import EnvironmentState
from shared.domain.values.records import replace


def foreign_at(promotions: Iterable[Promotion], environment: str) -> Facts | None:
    """Return the newest reading by which something runs there that Slipway did not bring."""
    read = (one.facts for one in promotions if one.environment == environment and one.facts is not None)
    return max((one for one in read if one.foreign), key=lambda one: one.at, default=None)


def adopt(draft: Draft, event: LiveAdopted) -> Answer:
    """Take a person's word for what runs: an earlier good version, what was found there, or nothing that counts."""
    read = foreign_at((one for _, one in draft.promotions()), event.environment)
    found = read.found if read else None
    environment = draft.environments.get(event.environment)
    if environment is None and found is None:
        reason = f"nothing was ever deployed to {event.environment}; what others run there is read once a version waits"
        return refused("unknown-environment", reason)
    environment = environment or EnvironmentState(name=event.environment)
    if found is not None and found.others:
        more = f" (and {len(found.others) - 1} more)" if len(found.others) > 1 else ""
        how = "take it out of the cluster, or give it to the release, and adopt then"
        return refused("foreign-object", f"{found.others[0]}{more}; {how}")
    if found is not None and found.status != DEPLOYED:
        reason = f"{found.said}, revision {found.number}, is {found.status}"
        return refused("not-deployed", f"{reason}; let that end, or mend it with Helm, and adopt then")
    live = _live(environment, found, event.version, draft.now)
    if event.version and live is None:
        return _no_such_target(environment, found, event)
    taken = found if live is None else None
    what = _what(live, taken)
    if event.dry_run:
        return ignored("dry-run", f"{event.environment}: {what} would be adopted as live")
    if live is not None and not live.promotion:
        live = replace(live, promotion=draft.next_promotion())
        environment = replace(environment, good=(live, *environment.good)[: running.GOOD_KEPT])
    holder = draft.find_promotion(environment.slot.promotion) if environment.slot else None
    kept = environment.slot if holder is not None and holder[1].phase in RUNNING else None
    # The same change is read again until something is deployed; it is adopted once.
    adopted = read.foreign if read else environment.adopted
    draft.put_environment(
        replace(environment, live=live, unknown="", slot=kept, adopted=adopted, broken_since=None, taken=taken)
    )
    running.read_again(draft, event.environment)
    draft.note(f"{event.environment}: {what} adopted as live by {event.person.name}: {event.reason}")
    return done()


def _live(environment: EnvironmentState, found: Adoptable | None, version: str, now: datetime) -> Deployed | None:
    artifact = found.artifact if found else None
    wanted = version or (artifact.version.text if artifact else "")
    if (good := earlier_good(environment.good, wanted)) is not None:
        return good
    if found is None or artifact is None or artifact.version.text != wanted:
        return None
    # No promotion brought it; it is given a number of its own where it is adopted.
    return Deployed(
        artifact=artifact,
        manifests=found.manifests,
        promotion=0,
        at=now,
        values=found.values,
        revision=found.revision,
        adopted=True,
    )


def _what(live: Deployed | None, taken: Adoptable | None) -> str:
    if live is not None:
        return live.artifact.version.tag
    if taken is not None:
        return f"revision {taken.number} ({taken.said}), which is no known version,"
    return "nothing"


def _no_such_target(environment: EnvironmentState, found: Adoptable | None, event: LiveAdopted) -> Answer:
    names = [one.artifact.version.text for one in environment.good]
    if found is not None and found.artifact is not None:
        names.append(found.artifact.version.text)
    known = ", ".join(names) or "none"
    return refused("no-such-target", f"{event.version} was never good in {event.environment}; there is {known}")
