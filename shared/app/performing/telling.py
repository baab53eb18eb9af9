"""Telling people: questions, their end, and statuses of commits."""

from __future__ import annotations

from shared.app.parts import App
from shared.app.performing.outcome import NothingToReport, Performed
from shared.app.service_view import read_service
from shared.domain.approval import who_may
from shared.domain.effects import AskApproval, CloseApproval, SetStatus
from shared.ports.people import Question
from shared.ports.statuses import CommitState, CommitStatus


def ask(app: App, effect: AskApproval) -> Performed:
    """Put a question that is still open."""
    view = read_service(app, effect.service)
    for release in view.state.releases.values():
        for promotion in release.promotions:
            request, policy = promotion.approval, view.state.policy
            open_still = request is not None and request.id == effect.request and not promotion.phase.ended
            rules = policy.environment(promotion.environment) if policy else None
            if not open_still or rules is None or rules.approval is None or release.artifact is None:
                continue
            app.people.ask(
                Question(
                    request=effect.request,
                    service=effect.service,
                    version=release.version.text,
                    environment=promotion.environment,
                    promotion=promotion.number,
                    image_digest=release.artifact.image_digest.text,
                    chart_digest=release.artifact.chart_digest.text,
                    commit=release.commit,
                    who=who_may(rules.approval),
                    expires=promotion.deadline,
                    ledger_head=view.ledger_hash,
                )
            )
    return NothingToReport()


def close(app: App, effect: CloseApproval) -> Performed:
    """Say that a question is closed, and why."""
    app.people.close(effect.service, effect.request, effect.reason)
    return NothingToReport()


def set_status(app: App, effect: SetStatus) -> Performed:
    """Say something about a commit where its author looks."""
    status = CommitStatus(context=effect.context, state=CommitState(effect.state), description=effect.description)
    app.statuses.set_status(effect.service.repository, effect.commit, status)
    return NothingToReport()
