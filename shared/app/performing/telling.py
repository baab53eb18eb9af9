"""Telling people: questions, their end, and statuses of commits."""

from __future__ import annotations

from shared.app.parts import App
from shared.app.performing.outcome import NothingToReport, Performed
from shared.app.service_view import read_service
from shared.codec.said import Said, decode_said, encode_said, said_partition, said_row
from shared.domain.approval import who_may
from shared.domain.effects import AskApproval, CloseApproval, SetStatus
from shared.ports.people import Question
from shared.ports.statuses import CommitState, CommitStatus
from shared.ports.store import StaleRow


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


def set_status(app: App, effect: SetStatus, order: int) -> Performed:
    """Say something about a commit where its author looks; what is older than what was said there is not said again."""
    newest = _newest(app, effect, Said(order=order, state=effect.state, description=effect.description))
    while True:
        status = CommitStatus(context=effect.context, state=CommitState(newest.state), description=newest.description)
        app.statuses.set_status(effect.service.repository, effect.commit, status)
        # Somebody who had more to say may have been overtaken by us just now; then it is said once more.
        before, newest = newest, _newest(app, effect, newest)
        if newest == before:
            return NothingToReport()


def _newest(app: App, effect: SetStatus, said: Said) -> Said:
    """Note what is about to be said, unless something newer was noted; return the newer of both."""
    partition, key = said_partition(effect.service.repository), said_row(effect.commit, effect.context)
    while True:
        row = app.rows.get(partition, key)
        known = decode_said(row.value) if row else None
        if known is not None and known.order >= said.order:
            return known
        try:
            app.rows.put(partition, key, encode_said(said), etag=row.etag if row else None)
        except StaleRow:
            continue
        return said
