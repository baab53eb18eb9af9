"""A release as people read it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from urllib.parse import quote

from shared.app.handling.loaded_service import LoadedService as Snapshot
from shared.app.operating.memberships import memberships_for
from shared.app.people.authorize import Viewer
from shared.app.people.authorship import seems_to_have_written
from shared.app.views import records as view
from shared.app.views.build import BuildView, ended_build, running_build
from shared.domain.deciding.blockers import by_promotion, why
from shared.domain.gating.approval import is_approver, objection, who_may
from shared.domain.gating.gates import Blocker
from shared.domain.policies.policy import ApprovalRule, EnvironmentPolicy
from shared.domain.state.authorship import looked_up, unanswered, unknown
from shared.domain.state.older import brings_older
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import ApprovalRequest, Authors, Deployed, Promotion, Vote
from shared.domain.state.release import EnvironmentState, Release, ServiceState
from shared.domain.values.artifact import Artifact, ArtifactPart, in_namespace
from shared.domain.values.names import ServiceKey

_NOTHING_LIVE = EnvironmentState(name="")


def release_view(snapshot: Snapshot, release: Release, *, viewer: Viewer | None, now: datetime) -> view.ReleaseView:
    """Return a release, open or ended; `viewer` is who reads, for what they may do."""
    state = snapshot.state
    each = by_promotion(state, release, estate=snapshot.estate, now=now)
    blockers = tuple(chain.from_iterable(each.values())) or why(state, release, estate=snapshot.estate, now=now)
    return view.ReleaseView.of(
        release,
        state.service,
        version=release.version.text,
        artifact=_artifact(release.artifact) if release.artifact else None,
        promotions=tuple(
            _promotion(state, release, one, each.get(one.number, ()), viewer, now) for one in release.promotions
        ),
        blockers=blockers,
        build=_build(state.service, release),
    )


def live_view(deployed: Deployed, policy: EnvironmentPolicy | None) -> view.LiveView:
    """Describe what succeeded in an environment, as it is read there; `policy` is that in force."""
    namespace = deployed.registry_namespace
    if namespace is None and policy is not None:
        namespace = policy.registry_namespace
    artifact = _artifact(deployed.artifact, namespace)
    return view.LiveView.of(deployed, version=deployed.artifact.version.text, since=deployed.at, artifact=artifact)


def _artifact(artifact: Artifact, namespace: str | None = None) -> view.ArtifactView:
    parts = {part: _part(artifact, part, namespace) for part in artifact.parts}
    image, chart = parts[artifact.image], parts[artifact.chart] if artifact.chart else None
    return view.ArtifactView(
        image=image.name,
        image_digest=image.digest,
        chart=chart.name if chart else None,
        chart_digest=chart.digest if chart else None,
        parts=tuple(parts.values()),
        commit=artifact.commit,
    )


def _part(artifact: Artifact, part: ArtifactPart, namespace: str | None) -> view.PartView:
    name = f"{artifact.registry}/{in_namespace(part.repository, namespace)}:{part.tag}"
    return view.PartView(kind=part.kind, name=name, digest=part.digest.text)


def _promotion(
    state: ServiceState,
    release: Release,
    one: Promotion,
    blockers: tuple[Blocker, ...],
    viewer: Viewer | None,
    now: datetime,
) -> view.PromotionView:
    return view.PromotionView.of(
        one,
        target=one.target.artifact.version.text if one.target else None,
        restored_milliseconds=(one.since - one.broken_since) // timedelta(milliseconds=1) if one.broken_since else None,
        older=brings_older(state.environments.get(one.environment, _NOTHING_LIVE), release, one),
        authors=_authors(release, one),
        objections=tuple(view.FindingView.of(each) for each in one.facts.objections) if one.facts else (),
        drift=tuple(view.FindingView.of(each) for each in one.facts.drift) if one.facts else (),
        approval=_approval(state, release, one, one.approval, viewer, now) if one.approval else None,
        evidence=_evidence(state.service, release, one) if one.evidence else "",
        blockers=blockers,
    )


def _evidence(service: ServiceKey, release: Release, one: Promotion) -> str:
    url = f"/api/services/{quote(service.service)}/releases/{quote(release.version.text)}"
    return f"{url}/promotions/{one.number}/evidence?repository={quote(service.repository)}"


def _authors(release: Release, one: Promotion) -> view.AuthorsView | None:
    missing, read = unknown(release, one), one.facts.authors if one.facts else Authors()
    if not (read.evidence or missing):
        return None
    first = tuple(each.name for each in read.first)
    return view.AuthorsView.of(read, first=first, unknown=missing, unanswered=unanswered(release, one))


def _approval(
    state: ServiceState,
    release: Release,
    one: Promotion,
    request: ApprovalRequest,
    viewer: Viewer | None,
    now: datetime,
) -> view.ApprovalView:
    policy = one.policy_by(state.policy)
    rule = policy.approval if policy and policy.approval else ApprovalRule()
    is_open = one.phase is Phase.WAITING and request.granted is None
    return view.ApprovalView.of(
        request,
        rule,
        request=request.id,
        who=who_may(rule),
        open=is_open,
        objection=_objection(rule, release, one, request, viewer, now) if viewer and is_open else None,
        may_reject=viewer is not None and is_open and is_approver(rule, viewer.person, memberships_for(viewer, rule)),
    )


def _objection(
    rule: ApprovalRule, release: Release, one: Promotion, request: ApprovalRequest, viewer: Viewer, now: datetime
) -> str:
    """Say why the person's yes would not count; empty where it would."""
    if any(vote.person.is_same(viewer.person) for vote in request.votes):
        return "you have approved this already"
    # Whether a comment is given shows when the answer comes.
    vote = Vote(person=viewer.person, groups=memberships_for(viewer, rule), at=now, comment="asked")
    if one.facts is not None and is_approver(rule, vote.person, vote.groups):
        evidence = one.facts.authors.evidence
        one = looked_up(one, viewer.person, wrote=seems_to_have_written(viewer, evidence))
    against = objection(rule, vote, release, one)
    return against.reason if against else ""


def _build(service: ServiceKey, release: Release) -> BuildView | None:
    if release.build is not None:
        return running_build(service, release.build)
    return ended_build(service, release.built, release.result, release.handle) if release.result else None
