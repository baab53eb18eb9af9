"""Telling people: questions, their end, and statuses of commits."""

from __future__ import annotations

from shared.app.handling.failures import note_failure
from shared.app.handling.links import link_of_status, link_to
from shared.app.handling.loaded_service import LoadedService, read_service
from shared.app.parts import App
from shared.app.performing.outcome import NothingToReport, Performed
from shared.codec.ledger import ENTRIES
from shared.domain.gating.approval import who_may
from shared.domain.gating.asking import changes_of
from shared.domain.messages.effects import AskApproval, CloseApproval, SetStatus
from shared.domain.policies.policy import ApprovalRule
from shared.domain.state.older import brings_older
from shared.domain.state.promotion import Authors, Promotion
from shared.domain.state.release import EnvironmentState, Release
from shared.domain.values.artifact import Artifact
from shared.ports.people import Question
from shared.ports.statuses import CommitState, CommitStatus

# What was decided later than so many entries on has an effect of its own, and a higher number.
_DECIDED_SINCE = 20


def ask(app: App, effect: AskApproval) -> Performed:
    """Put a question that is still open."""
    view = read_service(app, effect.service, exact=False)
    for release in view.state.releases.values():
        for promotion in release.promotions:
            request, policy = promotion.approval, view.state.policy
            open_still = request is not None and request.id == effect.request and not promotion.phase.ended
            environment_policy = policy.environment(promotion.environment) if policy else None
            if (
                open_still
                and environment_policy is not None
                and environment_policy.approval is not None
                and release.artifact is not None
            ):
                app.people.ask(
                    _question(app, effect, view, release, promotion, release.artifact, environment_policy.approval)
                )
    return NothingToReport()


def _question(
    app: App,
    effect: AskApproval,
    view: LoadedService,
    release: Release,
    promotion: Promotion,
    artifact: Artifact,
    rule: ApprovalRule,
) -> Question:
    """Make a question of the state as it is now: the message that asks for it names it, and no more."""
    environment = view.state.environments.get(promotion.environment) or EnvironmentState(name=promotion.environment)
    authors = promotion.facts.authors if promotion.facts else Authors()
    return Question(
        request=effect.request,
        service=effect.service,
        version=release.version.text,
        environment=promotion.environment,
        promotion=promotion.number,
        parts=artifact.parts,
        commit=release.commit,
        who=who_may(rule),
        older=brings_older(environment, release, promotion),
        authors=tuple(one.name or one.mail for one in authors.first),
        more_authors=authors.count - len(authors.first),
        unknown=authors.unknown,
        changes=changes_of(environment, release, promotion),
        link=link_to(app, effect.service, release.version.text),
        expires=promotion.deadline,
        ledger_head=view.ledger_hash,
    )


def close(app: App, effect: CloseApproval) -> Performed:
    """Say that a question is closed, and why."""
    app.people.close(effect.service, effect.request, effect.reason)
    return NothingToReport()


def set_status(app: App, effect: SetStatus) -> Performed:
    """Say where a commit stands, where nothing newer was decided of it since; what overtakes us now has a higher number."""
    service, place = effect.service, (effect.commit, effect.context)
    rows = app.store.ledger(str(service), after=effect.about - 1, most=_DECIDED_SINCE, exact=False)
    said = [(row.sequence, one) for row in rows for one in ENTRIES.decode(row.body).statuses]
    found = [(about, one) for about, one in said if (one.commit, one.context) == place]
    if not found or found[-1][0] > effect.about:
        return NothingToReport(over=bool(found))
    [(about, newest)] = found
    status = CommitStatus(
        context=newest.context,
        state=CommitState(newest.state),
        description=newest.description,
        link=link_of_status(app, service, newest.context),
    )
    statuses = app.repository(service.repository).statuses
    statuses.set_status(service.repository, effect.commit, status, about=about)
    note_failure(app, service.repository, service.service, effect.commit, status)
    return NothingToReport()
