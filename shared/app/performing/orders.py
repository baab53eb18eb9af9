"""What is ordered of an applier: an artifact with what was checked of it, and what it may do on the way."""

from __future__ import annotations

from dataclasses import replace

from shared.app.access import EnvironmentAccess
from shared.app.handling.loaded_service import LoadedService
from shared.app.parts import App
from shared.app.performing.facts import presence, presence_or_assumed
from shared.domain.deciding.running import brought
from shared.domain.policies.place import Place, place_of
from shared.domain.policies.policy import Drift, EnvironmentPolicy, HelmTarget
from shared.domain.state.adoptable import Adoptable
from shared.domain.state.deployment import change_cause, image_references
from shared.domain.state.phases import PromotionKind
from shared.domain.state.promotion import Deployed, Presence, Promotion
from shared.domain.state.release import EnvironmentState, Release
from shared.domain.values.artifact import Artifact, in_namespace
from shared.domain.values.person import SLIPWAY
from shared.ports.applier import ChartSource, DeployOrder
from shared.ports.chart import read_rendering
from shared.ports.errors import NotFound, Permanent
from shared.ports.registry import CopyReport


def order_of(
    app: App,
    at: EnvironmentAccess,
    view: LoadedService,
    effect: str,
    *,
    release: Release,
    promotion: Promotion,
    policy: EnvironmentPolicy,
) -> DeployOrder:
    """Put together what a promotion asks for by an effect, under the policy that it pinned; what is copied again is copied here."""
    deployed = brought(release, promotion, app.now())
    artifact = deployed.artifact
    look = presence_or_assumed if promotion.kind is PromotionKind.ROLLBACK else presence
    if promotion.target is not None and look(at, artifact, policy) is Presence.COPYABLE:
        copy_parts(at, artifact, policy)
    place = place_of(view.state.service, policy)
    return DeployOrder(
        id=effect,
        turn=promotion.turn,
        promotion=promotion.number,
        place=place,
        version=artifact.version.text,
        commit=artifact.commit,
        images=image_references(artifact, policy),
        manifests=_manifests(app, deployed),
        author=promotion.requested_by or SLIPWAY,
        cause=change_cause(artifact, promotion),
        ledger_head=view.ledger_hash,
        chart=_chart(app, place, deployed, policy),
        before=promotion.target.revision if promotion.target else "",
        good=_good(view.state.environments.get(promotion.environment)),
        force=_forces(promotion, policy),
        restart=promotion.restart,
        until=promotion.writing_until,
    )


def _good(environment: EnvironmentState | None) -> tuple[str, ...]:
    found = (environment.live, *environment.good) if environment is not None else ()
    return tuple(dict.fromkeys(one.revision for one in found if one is not None and one.revision))


def _forces(promotion: Promotion, policy: EnvironmentPolicy) -> bool:
    """Whether what others changed is taken back: on the way to what was good always, and forward by policy."""
    target = policy.deploy
    return promotion.kind is not PromotionKind.FORWARD or (
        isinstance(target, HelmTarget) and target.drift is Drift.CORRECT
    )


def _chart(app: App, place: Place, deployed: Deployed, policy: EnvironmentPolicy) -> ChartSource | None:
    """Return what Helm renders once more: the chart where the environment reads it, with the values that were kept."""
    artifact, part = deployed.artifact, deployed.artifact.chart
    if part is None or not deployed.values:
        return None
    try:
        kept = app.evidence.get(deployed.values)
    except NotFound as error:
        raise Permanent(f"values of {artifact.version.tag}: {error}", ours=True) from error
    return ChartSource(
        registry=artifact.registry,
        repository=in_namespace(part.repository, policy.registry_namespace),
        digest=part.digest,
        version=artifact.version.text,
        rendering=read_rendering(kept, place.release_name, place.namespace),
    )


def _manifests(app: App, deployed: Deployed) -> bytes:
    try:
        return app.evidence.get(deployed.manifests)
    except NotFound as error:
        # We checked and kept them; the release is not to blame.
        raise Permanent(f"manifests of {deployed.artifact.version.tag}: {error}", ours=True) from error


def back_to(app: App, order: DeployOrder, taken: Adoptable) -> DeployOrder:
    """Ask instead for what ran before and is no version: by the environment's history alone, as there is no chart of it."""
    manifests = app.evidence.get(taken.manifests)
    return replace(
        order, manifests=manifests, chart=None, before=taken.revision, cause=f"back to {taken.said}", force=True
    )


def copy_parts(at: EnvironmentAccess, artifact: Artifact, policy: EnvironmentPolicy) -> list[CopyReport]:
    """Copy every part into the environment's namespace, by digest."""
    reports = []
    for part in artifact.parts:
        target = in_namespace(part.repository, policy.registry_namespace)
        reports.append(at.registry.copy(artifact.registry, part.repository, target, part.digest, part.tag))
    return reports
