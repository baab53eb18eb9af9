"""A service as people read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from shared.app.handling.loaded_service import LoadedService as Snapshot
from shared.app.people.authorize import Viewer
from shared.app.views import service_records as view
from shared.app.views.adoptable import AdoptableView
from shared.app.views.build import running_build
from shared.app.views.records import ReleaseView
from shared.app.views.release import live_view, release_view
from shared.domain.deciding.adopting import foreign_at
from shared.domain.policies.policy import DeployTarget, EnvironmentPolicy, HelmTarget
from shared.domain.state.estate import Hold
from shared.domain.state.phases import Phase
from shared.domain.state.release import EnvironmentState, ServiceState

_ENDED = frozenset(phase.value for phase in Phase if phase.ended)


def service_view(snapshot: Snapshot, *, viewer: Viewer | None, now: datetime) -> view.ServiceView:
    """Return a service with its open releases, newest version first."""
    state = snapshot.state
    releases = tuple(
        release_view(snapshot, one, viewer=viewer, now=now) for _, one in sorted(state.releases.items(), reverse=True)
    )
    return view.ServiceView(
        repository=state.service.repository,
        service=state.service.service,
        configured=state.policy is not None,
        sequence=snapshot.sequence,
        environments=_environments(state, releases),
        releases=releases,
        validations=_validations(state),
        holds=(*_artifact_holds(state), *_people_holds(snapshot, now)),
    )


def hold_view(hold: Hold) -> view.HoldView:
    """Describe a hold by people."""
    return view.HoldView.of(hold, version=None)


def _environments(state: ServiceState, releases: Sequence[ReleaseView]) -> tuple[view.EnvironmentView, ...]:
    configured = {one.name: one for one in (state.policy.environments if state.policy else ())}
    gone = sorted(state.environments.keys() - configured.keys())
    return tuple(
        _environment(
            state.environments.get(name) or EnvironmentState(name=name),
            policy=configured.get(name),
            releases=releases,
            found=_found(state, name),
        )
        for name in (*configured, *gone)
    )


def _environment(
    one: EnvironmentState,
    *,
    policy: EnvironmentPolicy | None,
    releases: Iterable[ReleaseView],
    found: AdoptableView | None,
) -> view.EnvironmentView:
    return view.EnvironmentView(
        environment=one.name,
        configured=policy is not None,
        deployed_with=_way(policy.deploy) if policy else None,
        after=policy.after if policy else (),
        live=live_view(one.live, policy) if one.live else None,
        earlier=tuple(
            live_view(good, policy) for good in one.good if one.live is None or good.artifact.id != one.live.artifact.id
        ),
        unknown=one.unknown,
        found=found,
        slot=one.slot.promotion if one.slot else None,
        on_the_way=tuple(
            view.WayView(version=release.version, promotion=promotion)
            for release in releases
            for promotion in release.promotions
            if promotion.environment == one.name and promotion.phase not in _ENDED
        ),
    )


def _way(target: DeployTarget) -> Literal["gitops", "helm"]:
    return "helm" if isinstance(target, HelmTarget) else "gitops"


def _found(state: ServiceState, environment: str) -> AdoptableView | None:
    promotions = (one for release in state.releases.values() for one in release.promotions if not one.phase.ended)
    read, known = foreign_at(promotions, environment), state.environments.get(environment)
    if read is None or read.found is None or (known is not None and known.adopted == read.foreign):
        return None
    artifact = read.found.artifact
    return AdoptableView.of(read.found, version=artifact.version.text if artifact else None)


def _validations(state: ServiceState) -> tuple[view.ValidationView, ...]:
    return tuple(
        view.ValidationView(
            ref=ref,
            pull_request=one.pull_request,
            running=tuple(running_build(state.service, run) for run in one.running),
            waiting=one.waiting.commit if one.waiting else None,
        )
        for ref, one in sorted(state.validations.items())
    )


def _artifact_holds(state: ServiceState) -> tuple[view.HoldView, ...]:
    return tuple(
        view.HoldView.of(one, scope=f"artifact:{one.artifact}", person=None, until=None) for one in state.holds
    )


def _people_holds(snapshot: Snapshot, now: datetime) -> tuple[view.HoldView, ...]:
    state = snapshot.state
    names = (*(one.name for one in (state.policy.environments if state.policy else ())), *state.environments)
    return tuple(
        hold_view(hold)
        for hold in snapshot.estate.holds
        if any(hold.covers(state.service, name, now) for name in names)
    )
