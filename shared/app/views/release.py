"""A release as people read it."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from shared.app.authorize import Viewer
from shared.app.authorship import seems_to_have_written
from shared.app.memberships import memberships_for
from shared.app.service_view import ServiceView as Snapshot
from shared.app.views import people
from shared.app.views import records as view
from shared.app.views.build import ended_build, running_build
from shared.domain.approval import is_approver, objection, who_may
from shared.domain.artifact import Artifact, in_namespace
from shared.domain.authorship import looked_up, unanswered, unknown
from shared.domain.blockers import by_promotion, why
from shared.domain.gates import Blocker
from shared.domain.names import Person, ServiceKey
from shared.domain.older import brings_older
from shared.domain.phases import Phase
from shared.domain.policy import ApprovalRule, EnvironmentPolicy
from shared.domain.promotion import ApprovalRequest, Authors, Deployed, Promotion, Rendered, Vote
from shared.domain.release import EnvironmentState, Release, ServiceState

_NOTHING_LIVE = EnvironmentState(name="")


def release_view(snapshot: Snapshot, release: Release, *, viewer: Viewer | None, now: datetime) -> view.ReleaseView:
    """Return a release, open or ended; `viewer` is who reads, for what they may do."""
    state = snapshot.state
    each = by_promotion(state, release, estate=snapshot.estate, now=now)
    blockers = tuple(chain.from_iterable(each.values())) or why(state, release, estate=snapshot.estate, now=now)
    return view.ReleaseView(
        repository=state.service.repository,
        service=state.service.service,
        version=release.version.text,
        phase=release.phase,
        reason=release.reason,
        since=release.since,
        created=release.created,
        commit=release.commit,
        ref=release.ref,
        pushed_by=person_view(release.pushed_by),
        pushers=tuple(people.PersonView(id=one.id, name=one.name) for one in release.pushers),
        unnamed=release.unnamed,
        quarantine=release.quarantine,
        artifact=artifact_view(release.artifact),
        promotions=tuple(
            _promotion(state, release, one, each.get(one.number, ()), viewer, now) for one in release.promotions
        ),
        blockers=blockers,
        overrides=tuple(
            people.OverrideView(
                environment=one.environment,
                gate=one.gate,
                person=people.PersonView(id=one.person.id, name=one.person.name),
                reason=one.reason,
                at=one.at,
                unknown=one.unknown,
                authors=one.authors,
                used_by=one.used_by,
            )
            for one in release.overrides
        ),
        build=_build(state.service, release),
    )


def person_view(person: Person | None) -> people.PersonView | None:
    """Name a person without their mails."""
    return people.PersonView(id=person.id, name=person.name) if person else None


def artifact_view(artifact: Artifact | None) -> view.ArtifactView | None:
    """Say where an artifact lies."""
    return _artifact(artifact) if artifact else None


def live_view(deployed: Deployed, rules: EnvironmentPolicy | None) -> view.LiveView:
    """Describe what succeeded in an environment, as it is read there; `rules` are those in force."""
    namespace = deployed.registry_namespace
    if namespace is None and rules is not None:
        namespace = rules.registry_namespace
    return view.LiveView(
        version=deployed.artifact.version.text,
        since=deployed.at,
        promotion=deployed.promotion,
        artifact=_artifact(deployed.artifact, namespace),
    )


def _artifact(artifact: Artifact, namespace: str | None = None) -> view.ArtifactView:
    version, registry = artifact.version, artifact.registry
    return view.ArtifactView(
        image=f"{registry}/{in_namespace(artifact.image_repository, namespace)}:{version.tag}",
        image_digest=artifact.image_digest.text,
        chart=f"{registry}/{in_namespace(artifact.chart_repository, namespace)}:{version.text}",
        chart_digest=artifact.chart_digest.text,
        commit=artifact.commit,
    )


def _promotion(
    state: ServiceState,
    release: Release,
    one: Promotion,
    blockers: tuple[Blocker, ...],
    viewer: Viewer | None,
    now: datetime,
) -> view.PromotionView:
    return view.PromotionView(
        environment=one.environment,
        number=one.number,
        kind=one.kind,
        phase=one.phase,
        reason=one.reason,
        since=one.since,
        created=one.created,
        cause=one.cause,
        requested_by=person_view(one.requested_by),
        attempt=one.attempt,
        deadline=one.deadline,
        paused_since=one.paused_since,
        target=one.target.artifact.version.text if one.target else None,
        undoes=one.undoes,
        older=brings_older(state.environments.get(one.environment, _NOTHING_LIVE), release, one),
        revision=one.revision,
        authors=_authors(release, one),
        rendered=_rendered(one.rendered) if one.rendered else None,
        approval=_approval(state, release, one, one.approval, viewer, now) if one.approval else None,
        blockers=blockers,
    )


def _rendered(rendered: Rendered) -> view.RenderedView:
    return view.RenderedView(
        inputs=rendered.inputs, manifests=rendered.manifests, findings=rendered.findings, changed=rendered.changed
    )


def _authors(release: Release, one: Promotion) -> people.AuthorsView | None:
    missing, read = unknown(release, one), one.facts.authors if one.facts else Authors()
    if not (read.evidence or missing):
        return None
    return people.AuthorsView(
        evidence=read.evidence,
        count=read.count,
        first=tuple(each.name for each in read.first),
        unknown=missing,
        unanswered=unanswered(release, one),
    )


def _approval(
    state: ServiceState,
    release: Release,
    one: Promotion,
    request: ApprovalRequest,
    viewer: Viewer | None,
    now: datetime,
) -> view.ApprovalView:
    rules = one.plan or (state.policy.environment(one.environment) if state.policy else None)
    rule = rules.approval if rules and rules.approval else ApprovalRule()
    is_open = one.phase is Phase.WAITING and request.granted is None
    return view.ApprovalView(
        request=request.id,
        asked=request.asked,
        granted=request.granted,
        round=request.round,
        minimum=rule.minimum,
        who=who_may(rule),
        comment=rule.comment,
        votes=tuple(
            view.VoteView(
                person=people.PersonView(id=vote.person.id, name=vote.person.name), at=vote.at, comment=vote.comment
            )
            for vote in request.votes
        ),
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


def _build(service: ServiceKey, release: Release) -> view.BuildView | None:
    if release.build is not None:
        return running_build(service, release.build)
    return ended_build(service, release.built, release.result) if release.result else None
