"""The steps of a promotion that write: retag, deploy, remove. Each reads the state again before it acts."""

from __future__ import annotations

from contextlib import suppress

from shared.app.access import EnvironmentAccess
from shared.app.handling.loaded_service import LoadedService, read_service, release_in
from shared.app.parts import App
from shared.app.performing.adopting import running_now
from shared.app.performing.orders import back_to, copy_parts, order_of
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed
from shared.app.performing.worker import access_to
from shared.domain.deciding.fence import May, may_act
from shared.domain.messages.effects import Deploy, Remove, Retag
from shared.domain.messages.events import ArtifactDeployed, ArtifactRetagged
from shared.domain.messages.reports import report_id
from shared.domain.policies.place import place_of
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release
from shared.domain.values.version import Version
from shared.domain.values.words import counted
from shared.ports.applier import Fenced
from shared.ports.registry import CopyReport

# Of what was put right on the way, as much as a report has room for.
_MOST_HEALED, _LONGEST = 10, 300


def retag(app: App, effect: Retag, worker: str) -> Performed:
    """Copy every part into the environment's namespace, by digest."""
    view = read_service(app, effect.service)
    may, release, promotion = _may(app, view, effect, Phase.RETAGGING)
    if release is None or promotion is None or promotion.pinned_policy is None or release.artifact is None:
        return NothingToReport()
    at = access_to(app, promotion.pinned_policy, worker)
    if may is May.WAIT:
        return LookAgain(app.timing.held_poll)
    reports = copy_parts(at, release.artifact, promotion.pinned_policy)
    return ArtifactRetagged(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        attempt=effect.attempt,
        how=_summary(reports),
    )


def _summary(reports: list[CopyReport]) -> str:
    mounted, streamed = sum(one.blobs_mounted for one in reports), sum(one.blobs_streamed for one in reports)
    return (
        f"{counted(mounted, 'blob')} mounted, {streamed} downloaded"
        if any(one.copied for one in reports)
        else "they were there"
    )


def deploy(app: App, effect: Deploy, worker: str) -> Performed:
    """Apply the manifests that were checked; a rollback applies those that were good before."""
    view = read_service(app, effect.service)
    may, release, promotion = _may(app, view, effect, Phase.DEPLOYING)
    if release is None or promotion is None or promotion.pinned_policy is None:
        return NothingToReport()
    policy = promotion.pinned_policy
    at = access_to(app, policy, worker)
    # Held since this was decided: what has written already is finished, what has not waits.
    if may is May.WAIT and not _is_there(at, effect, promotion, policy):
        return LookAgain(app.timing.held_poll)
    order = order_of(app, at, view, effect.id, release=release, promotion=promotion, policy=policy)
    report = at.applier(order.place).apply(order)
    return ArtifactDeployed(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        attempt=effect.attempt,
        revision=report.revision,
        unchanged=report.unchanged,
        healed=tuple(one[:_LONGEST] for one in report.healed[:_MOST_HEALED]),
    )


def has_written(app: App, effect: Deploy, worker: str) -> bool:
    """Whether the environment shows that this promotion was written there."""
    _, _, promotion = _may(app, read_service(app, effect.service), effect, Phase.DEPLOYING)
    if promotion is None or promotion.pinned_policy is None:
        return False
    return _is_there(access_to(app, promotion.pinned_policy, worker), effect, promotion, promotion.pinned_policy)


def _is_there(at: EnvironmentAccess, effect: Deploy, promotion: Promotion, policy: EnvironmentPolicy) -> bool:
    running = running_now(at, place_of(effect.service, policy))
    return running is not None and running.turn == promotion.turn


def remove(app: App, effect: Remove, worker: str) -> Performed:
    """Take out a first deployment that failed, unless something newer is there or on its way there.

    What was adopted before it and is no version comes back, as the environment's own history has it.
    """
    view = read_service(app, effect.service)
    release = release_in(app, view, Version.parse(effect.version))
    promotion = next((one for one in release.promotions if one.number == effect.number), None) if release else None
    if release is None or promotion is None or promotion.pinned_policy is None:
        return NothingToReport()
    environment = view.state.environments.get(promotion.environment)
    if environment is not None and (environment.live is not None or environment.slot is not None):
        return NothingToReport()
    at = access_to(app, promotion.pinned_policy, worker)
    order = order_of(app, at, view, effect.id, release=release, promotion=promotion, policy=promotion.pinned_policy)
    if environment is not None and environment.taken is not None:
        at.applier(order.place).apply(back_to(app, order, environment.taken))
        return NothingToReport()
    # Something newer may be written between the look and the act; the applier's fence decides then.
    with suppress(Fenced):
        at.applier(order.place).remove(order)
    return NothingToReport()


def _may(
    app: App, view: LoadedService, effect: Retag | Deploy, phase: Phase
) -> tuple[May, Release | None, Promotion | None]:
    return may_act(view.state, view.estate, number=effect.number, attempt=effect.attempt, phase=phase, now=app.now())
