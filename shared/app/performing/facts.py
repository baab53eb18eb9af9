"""Gathering facts: read what gates need, and say when it was read."""

from __future__ import annotations

from shared.app.access import EnvironmentAccess
from shared.app.handling.loaded_service import read_service, release_in
from shared.app.parts import App
from shared.app.performing.adopting import foreign
from shared.app.performing.authors import read_authors
from shared.app.performing.outcome import NothingToReport, Performed
from shared.app.performing.rendering import render
from shared.app.performing.tagging import tagged_parts
from shared.app.performing.worker import access_to
from shared.domain.charts.manifests import Finding, bounded
from shared.domain.drafts.draft import Draft
from shared.domain.messages.effects import GatherFacts, ReadTags
from shared.domain.messages.events import FactsGathered, TagsRead
from shared.domain.messages.reports import report_id
from shared.domain.policies.place import Place, place_of
from shared.domain.policies.policy import Drift, EnvironmentPolicy, HelmTarget
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Deployed, Facts, Presence, Promotion, Rendered
from shared.domain.state.release import EnvironmentState, Release, ServiceState
from shared.domain.values.artifact import Artifact, in_namespace
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from shared.ports.errors import Transient
from shared.telemetry import log_event


def read_tags(app: App, effect: ReadTags) -> Performed:
    """Read what the version's tags name now, unless that was asked again since."""
    version = Version.parse(effect.version)
    view = read_service(app, effect.service, exact=False)
    policy, release = view.state.policy, release_in(app, view, version)
    if policy is None or release is None or release.tags_asked != effect.asked:
        return NothingToReport()
    # What was packaged lies where it was pushed then, whatever the policy says now.
    packaged = release.artifact
    registry = packaged.registry if packaged else policy.registry
    names = [part.name for part in packaged.parts] if packaged else policy.parts
    return TagsRead(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        version=version.text,
        parts=tagged_parts(app, registry, names, version),
    )


def gather(app: App, effect: GatherFacts, worker: str) -> Performed:
    """Read authors, ways back, manifests and what runs, for a promotion that waits and has not asked again since."""
    view = read_service(app, effect.service, exact=False)
    found = _waiting(view.state, effect)
    # A rollback out of an environment that left the configuration goes by the policy of what it undoes.
    environment_policy = Draft(view.state, view.estate, app.now()).policy_of(found[1]) if found else None
    if found is None or environment_policy is None:
        return NothingToReport()
    release, promotion = found
    at = access_to(app, environment_policy, worker)
    environment = view.state.environments.get(environment_policy.name) or EnvironmentState(name=environment_policy.name)
    look = presence_or_assumed if promotion.kind is PromotionKind.ROLLBACK else presence
    facts = Facts(
        at=app.now(),
        targets=tuple((one.promotion, look(at, one.artifact, environment_policy)) for one in _targets(environment)),
    )
    policy, rendered = view.state.policy, None
    if policy is not None and promotion.kind is not PromotionKind.ROLLBACK:
        by_others, adoptable = foreign(app, at, view, policy, environment_policy)
        facts = replace(facts, foreign=by_others, found=adoptable)
        if promotion.kind is PromotionKind.FORWARD and release.artifact is not None:
            rendered = render(app, at, policy, environment_policy, release.artifact, promotion)
            facts = replace(facts, authors=read_authors(app, policy, release, promotion, environment))
            facts = _with_objections(app, at, place_of(policy.service, environment_policy), rendered, facts)
    return FactsGathered(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        facts=facts,
        rendered=rendered,
    )


def _with_objections(app: App, at: EnvironmentAccess, place: Place, rendered: Rendered, facts: Facts) -> Facts:
    """Add what the environment would say: it knows quotas, policies and other people's changes, and charts do not."""
    # Where git is written nobody answers, and reading what was kept costs an operation.
    if not rendered.manifests or not isinstance(place.target, HelmTarget):
        return facts
    found = at.applier(place).preflight(place, app.evidence.get(rendered.manifests))
    taken = [one for one in found if one.manager and place.target.drift is Drift.CORRECT]
    return replace(
        facts,
        objections=bounded(Finding(one.object, one.field, one.problem) for one in found if one not in taken),
        drift=bounded(Finding(one.object, one.field, one.problem) for one in taken),
    )


def _waiting(state: ServiceState, effect: GatherFacts) -> tuple[Release, Promotion] | None:
    for release in state.releases.values():
        for promotion in release.promotions:
            wanted = (promotion.number, promotion.facts_round) == (effect.number, effect.asked)
            if wanted and promotion.phase is Phase.WAITING:
                return release, promotion
    return None


def _targets(environment: EnvironmentState) -> tuple[Deployed, ...]:
    live = (environment.live,) if environment.live else ()
    return (*live, *(one for one in environment.good if one not in live))


def presence(at: EnvironmentAccess, artifact: Artifact, policy: EnvironmentPolicy) -> Presence:
    """Say whether all parts of an artifact are where the environment reads them, or can be copied there again."""
    if _holds_all(at, artifact, policy.registry_namespace):
        return Presence.HERE
    if policy.registry_namespace and _holds_all(at, artifact, None):
        return Presence.COPYABLE
    return Presence.GONE


def presence_or_assumed(at: EnvironmentAccess, artifact: Artifact, policy: EnvironmentPolicy) -> Presence:
    """Say the same for a rollback, which does not wait for a registry that is out of reach: nodes may hold the image."""
    try:
        return presence(at, artifact, policy)
    except Transient as error:
        log_event("rollback.target_assumed", environment=policy.name, version=artifact.version.text, reason=str(error))
        return Presence.HERE


def _holds_all(at: EnvironmentAccess, artifact: Artifact, namespace: str | None) -> bool:
    return all(
        at.registry.has(artifact.registry, in_namespace(part.repository, namespace), part.digest)
        for part in artifact.parts
    )
