"""Telling people: questions, their end, and statuses of commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from shared.app.failures import note_failure
from shared.app.handle_event import row_of
from shared.app.links import link_of_status, link_to
from shared.app.parts import App
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed
from shared.app.service_view import ServiceView, read_service
from shared.codec.envelope import read_message
from shared.domain.approval import who_may
from shared.domain.artifact import Artifact
from shared.domain.asking import changes_of
from shared.domain.effects import AskApproval, CloseApproval, SetStatus
from shared.domain.older import brings_older
from shared.domain.policy import ApprovalRule
from shared.domain.promotion import Authors, Promotion
from shared.domain.queues import queue_of
from shared.domain.release import EnvironmentState, Release
from shared.ports.people import Question
from shared.ports.statuses import CommitState, CommitStatus
from shared.ports.store import Message

_ONE_BEFORE = timedelta(seconds=1)


def ask(app: App, effect: AskApproval) -> Performed:
    """Put a question that is still open."""
    view = read_service(app, effect.service, exact=False)
    for release in view.state.releases.values():
        for promotion in release.promotions:
            request, policy = promotion.approval, view.state.policy
            open_still = request is not None and request.id == effect.request and not promotion.phase.ended
            rules = policy.environment(promotion.environment) if policy else None
            if open_still and rules is not None and rules.approval is not None and release.artifact is not None:
                app.people.ask(_question(app, effect, view, release, promotion, release.artifact, rules.approval))
    return NothingToReport()


def _question(
    app: App,
    effect: AskApproval,
    view: ServiceView,
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


def set_status(app: App, effect: SetStatus, order: int) -> Performed:
    """Say where a commit stands, for all that is to be said there: the newest is said, and what came before it is done.

    Whoever holds the oldest of them says it; the others wait for it, so that no older one is ever said last.
    """
    service = str(effect.service)
    waiting = _to_be_said(app.store.read(service, exact=False).outbox, effect)
    if order and order not in waiting:
        return NothingToReport(over=True)  # said before, or something newer was
    if order and min(waiting) < order:
        return LookAgain(_ONE_BEFORE)
    newest = max(waiting, default=order)
    said = waiting.get(newest, effect)
    status = CommitStatus(
        context=said.context,
        state=CommitState(said.state),
        description=said.description,
        link=link_of_status(app, effect.service, said.context),
    )
    repository = effect.service.repository
    app.repository(repository).statuses.set_status(repository, effect.commit, status)
    note_failure(app, repository, effect.service.service, effect.commit, status)
    if newest > order:
        # The oldest first: whatever a crash leaves of them is newer than what is gone.
        app.store.forget(service, [row_of(one) for one in sorted(waiting)])
    return NothingToReport(over=newest > order)


def _to_be_said(outbox: Mapping[str, Message], effect: SetStatus) -> dict[int, SetStatus]:
    """Everything that the outbox holds for the same place beside the same commit, by its order."""
    queue, found = queue_of(effect.kind), {}
    for message in outbox.values():
        if message.queue == queue:
            read = read_message(message.body)
            one = read.effect
            if isinstance(one, SetStatus) and (one.commit, one.context) == (effect.commit, effect.context):
                found[read.order] = one
    return found
