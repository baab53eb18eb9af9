"""Watching a rollout until the environment settles: healthy counts only if it runs what was deployed."""

from __future__ import annotations

from datetime import timedelta

from shared.app.access import EnvironmentAccess
from shared.app.handling.loaded_service import read_service
from shared.app.parts import App
from shared.app.performing.adopting import running_now
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed
from shared.app.performing.worker import access_to
from shared.domain.charts.manifests import not_run
from shared.domain.deciding.fence import may_act
from shared.domain.deciding.running import brought
from shared.domain.messages.effects import ObserveRollout
from shared.domain.messages.events import RolloutObserved
from shared.domain.messages.reports import report_id
from shared.domain.policies.place import Place, place_of
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.rollouts.images import Ran, beside
from shared.domain.rollouts.verdicts import pause_after
from shared.domain.state.deployment import image_references
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import Deployed, Promotion
from shared.ports.errors import AdapterError, NotFound
from shared.ports.rollout_watcher import Rollout, RolloutState
from shared.telemetry import log_event

# The last look ends so long before the deadline, which by itself would not say what stood in the way.
_BEFORE, _ENOUGH = timedelta(seconds=3), timedelta(seconds=5)
_LOOK, _NO_TIME = timedelta(seconds=10), timedelta(0)
_LONGEST_NOTE = 500


def observe(app: App, effect: ObserveRollout, worker: str) -> Performed:
    """Look once; where a look lasts, so may several that follow each other at once."""
    view = read_service(app, effect.service, exact=False)
    about = {"number": effect.number, "attempt": effect.attempt}
    _, release, promotion = may_act(view.state, view.estate, **about, phase=Phase.VERIFYING, now=app.now())
    if release is None or promotion is None or promotion.pinned_policy is None:
        return NothingToReport()
    policy = promotion.pinned_policy
    place, at = place_of(effect.service, policy), access_to(app, policy, worker)
    rollout = at.watcher(place).observe(place, promotion.revision)
    healthy, reason = rollout.state is RolloutState.HEALTHY, rollout.reason
    if rollout.state is RolloutState.PROGRESSING:
        again = _again(app, promotion, policy, rollout)
        if again is not None:
            return LookAgain(again)
        reason = f"the rollout was not healthy in time: {reason}"
    elif healthy:
        mended = at.applier(place).mend(place, promotion.revision)
        if mended:
            # A client that had been given up wrote late: what it wrote has to settle again, and is not what is judged.
            log_event("rollout.mended", effect=effect.id, objects=", ".join(mended))
            return LookAgain(_NO_TIME)
        other = _other(at, place, policy, brought(release, promotion, app.now()), rollout)
        healthy, reason = not other, other or reason
    if not healthy and rollout.state is not RolloutState.REPLACED:
        _note(at, place, promotion.revision, effect, reason)
    return RolloutObserved(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        attempt=effect.attempt,
        healthy=healthy,
        reason=reason,
        evidence="" if healthy else _kept(app, effect, rollout),
        beside=beside(rollout.ran or ()),
    )


def _again(app: App, promotion: Promotion, policy: EnvironmentPolicy, rollout: Rollout) -> timedelta | None:
    """How long until the next look; None where there is no time for one before the deadline."""
    pause = pause_after(promotion.since, app.now()) if rollout.waited else app.timing.rollout_poll
    left = (promotion.deadline or promotion.since + policy.deadlines.verifying) - app.now()
    room = left - _BEFORE - (_LOOK if rollout.waited else _NO_TIME)
    return None if left <= _ENOUGH else min(pause, max(_NO_TIME, room))


def _other(at: EnvironmentAccess, place: Place, policy: EnvironmentPolicy, deployed: Deployed, rollout: Rollout) -> str:
    """Say what else runs than was deployed; empty where it is that."""
    running, artifact = running_now(at, place), deployed.artifact
    # What was adopted names its images its own way, and its digests were compared when it was found.
    wanted = () if deployed.adopted else image_references(artifact, policy)
    missing = not_run(wanted, running.images if running else ()) if wanted else ""
    if missing:
        return f"{policy.name} is healthy but does not run {missing}"
    for one in rollout.ran or ():
        if one.differs and not _is_platform(at, artifact.registry, one):
            return f"{policy.name} is healthy but {one.sentence}"
    return ""


def _is_platform(at: EnvironmentAccess, registry: str, one: Ran) -> bool:
    """Whether a node names by a platform's manifest what was deployed as an index. Only our own registry's word counts."""
    if one.wanted is None or one.repository_in(registry) is None:
        return False
    try:
        described = at.registry.describe(registry, one.repository_in(registry) or "", one.wanted)
    except NotFound:
        return False
    return one.is_one_of(described.names)


def _note(at: EnvironmentAccess, place: Place, revision: str, effect: ObserveRollout, reason: str) -> None:
    """Have the environment's own record say how it ended, where it has one. The verdict stands without it."""
    try:
        at.applier(place).note(place, revision, f"Slipway: the rollout failed: {reason}"[:_LONGEST_NOTE])
    except AdapterError as error:
        log_event("rollout.not_noted", effect=effect.id, reason=str(error))


def _kept(app: App, effect: ObserveRollout, rollout: Rollout) -> str:
    """Keep what people need to find the cause, and name it. The verdict stands without it."""
    try:
        found = rollout.evidence()
    except AdapterError as error:
        log_event("rollout.no_evidence", effect=effect.id, reason=str(error))
        return ""
    return app.evidence.put(found) if found else ""
