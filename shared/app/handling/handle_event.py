"""One event of one service: load, decide, commit, send. The same for queues, reports, clicks and API calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from shared.app.handling.at_least_once import done_by, first_number, needs_mark, overtaken, reported_before
from shared.app.handling.loaded_service import view_of
from shared.app.handling.log_decision import DecisionLog, log_decision
from shared.app.parts import App
from shared.codec.envelope import encode_effect
from shared.codec.ledger import ENTRIES, LedgerEntry
from shared.codec.state import encode_changes, ended_release_row
from shared.domain.deciding.decide import decide
from shared.domain.drafts.changed_releases import ChangedRelease, changed_releases, correlation_of, effect_correlation
from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.drafts.measures import Measure, measures
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import ChangeFound, FactsGathered, ServiceEvent, TimePassed
from shared.domain.messages.queues import queue_of
from shared.domain.messages.reports import ReportObjection
from shared.domain.messages.workers import worker_of
from shared.domain.state.estate import Estate
from shared.domain.state.release import ServiceState
from shared.domain.values.errors import ReleaseNotLoaded
from shared.domain.values.person import Person
from shared.domain.values.records import replace, type_name
from shared.ports.store import Committed, Due, Loaded, Message, NeedsRows, OutboxRow, Write
from shared.telemetry import started

_BY_HAND = Delivery()
# Says why an event is not taken, by the state that it would be decided in and the outbox beside it; None where it is.
Guard: TypeAlias = Callable[[ServiceState, Mapping[str, Message]], ReportObjection | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What an event led to. `duplicate` is set where it had been handled before; the rest is then of the first time.

    `wake` is when, and what for, the service asked to be looked at.
    """

    outcome: Outcome
    code: str = ""
    reason: str = ""
    about: str = ""
    notes: tuple[str, ...] = ()
    sequence: int = 0
    duplicate: bool = False
    wake: tuple[tuple[datetime, str], ...] = field(default=(), compare=False)


def send_again(app: App, service: str, outbox: Mapping[str, Message]) -> None:
    """Send whatever of a service is not known to be done; what is on its way already is harmless twice."""
    app.queues.send_outbox(service, [OutboxRow(key=key, message=one) for key, one in outbox.items()])


class _Made(NamedTuple):
    decision: Decision
    write: Write | None
    changed: tuple[ChangedRelease, ...] = ()
    measures: list[Measure] | None = None
    unsent: Mapping[str, Message] = MappingProxyType({})


def handle(app: App, event: ServiceEvent, delivery: Delivery = _BY_HAND, *, guard: Guard | None = None) -> Handled:
    """Commit what the event leads to and send its effects; a second delivery sends again what is not done.

    What `guard` objects to leads to nothing; the answer has its code, its reason, and the effect as what it is about.
    Raise StaleService, StoreUnavailable or UnreadableRecord, all before anything is known to be changed.
    """
    made: list[_Made] = []
    began, own = started(), delivery.correlation or event.id

    def fn(loaded: Loaded) -> Write | None:
        made.append(_guarded(event, loaded, guard) or _decide(app, event, loaded, delivery, own))
        return made[-1].write

    service = str(event.service)
    committed = app.store.transact(service, "" if isinstance(event, TimePassed) else event.id, fn)
    app.queues.send_outbox(service, committed.outbox)
    if committed.duplicate:
        return _first_time(app, service, committed)
    # Several may have been made, and not the last be the one that counts.
    counts = next(one for one in reversed(made) if one.write is committed.write)
    decision = counts.decision
    if delivery.redelivered and counts.unsent:
        # A crash may have kept back what the first report had led to. Where a copy of this message brought that one,
        # whoever had the copy has seen to it.
        send_again(app, service, counts.unsent)
    if decision.outcome is Outcome.NOTHING:
        for at, what in decision.wake:
            app.store.add_due(service, Due(at=at, what=what))
    log_decision(
        DecisionLog(
            event=event,
            decision=decision,
            changed=counts.changed,
            measures=counts.measures or [],
            sequence=committed.sequence,
            own=own,
            began=began,
            first=not delivery.correlation,
        )
    )
    return _handled(decision, committed.sequence)


def _guarded(event: ServiceEvent, loaded: Loaded, guard: Guard | None) -> _Made | None:
    if guard is None:
        return None
    state = view_of(event.service, loaded).state
    against = guard(state, loaded.outbox)
    if against is None:
        return None
    nothing = Decision(state, Outcome.NOTHING, code=against.code, reason=against.reason, about=against.effect)
    return _Made(nothing, None, unsent=loaded.outbox)


def _handled(decision: Decision, sequence: int) -> Handled:
    return Handled(
        outcome=decision.outcome,
        code=decision.code,
        reason=decision.reason,
        about=decision.about,
        notes=decision.notes,
        sequence=sequence,
        wake=decision.wake,
    )


def _decide(app: App, event: ServiceEvent, loaded: Loaded, delivery: Delivery, correlation: str) -> _Made:
    now = app.now()
    view = view_of(event.service, loaded)
    state, estate = view.state, view.estate
    try:
        decision = decide(state, event, estate=estate, now=now, correlation=correlation, sequence=loaded.sequence + 1)
    except ReleaseNotLoaded as missing:
        raise NeedsRows([ended_release_row(missing.version_key)]) from missing
    done = done_by(event, delivery, loaded.outbox)
    if reported_before(decision.outcome, delivery, done):
        return _Made(decision._replace(outcome=Outcome.NOTHING, wake=()), None, unsent=loaded.outbox)
    if decision.outcome is Outcome.NOTHING:
        return _Made(decision, None)
    changed = changed_releases(state, decision.state)
    puts, deletes = encode_changes(state, decision.state, loaded.sequence + 1)
    first = first_number(loaded.sequence + 1)

    def ledger(sequence: int, _previous: str) -> bytes:
        return ENTRIES.encode(_entry(event, decision, correlation_of(correlation, changed), estate, now, sequence))

    write = Write(
        puts=puts,
        deletes=deletes,
        ledger=ledger,
        outbox=tuple(
            Message(
                queue=queue_of(one.kind, worker_of(one, decision.state, app.production)),
                body=encode_effect(
                    one,
                    Delivery(
                        correlation=effect_correlation(one, correlation, changed, decision.state),
                        effect_number=first + number,
                    ),
                    at=now,
                ),
                looks=one.looks,
            )
            for number, one in enumerate(decision.effects)
        ),
        done=done | overtaken(decision.statuses, loaded.outbox),
        mark=needs_mark(event, done),
        decoded=_read_again(decision.state),
        due=tuple(Due(at=at, what=what) for at, what in decision.wake),
    )
    return _Made(decision, write, changed, measures(state, decision.state, changed, now) if changed else None)


def _read_again(state: ServiceState) -> ServiceState:
    # What a decision read of ended releases and made of builds lies outside the range that is read again.
    return replace(state, ended={}, builds={}) if state.ended or state.builds else state


def _entry(
    event: ServiceEvent, decision: Decision, correlation: str, estate: Estate, now: datetime, sequence: int
) -> LedgerEntry:
    detail = {"code": decision.code, "about": decision.about}
    if isinstance(event, ChangeFound):
        # Every push is found again, also one that led to nothing.
        detail |= {"ref": event.ref, "commit": event.commit}
    if isinstance(event, FactsGathered) and event.facts.authors.evidence:
        read = event.facts.authors
        names = ", ".join(one.name for one in read.first)
        detail |= {"authors": read.evidence, "authors-count": str(read.count), "authors-first": names}
    return LedgerEntry(
        sequence=sequence,
        at=now,
        service=str(event.service),
        event_type=type_name(event),
        event_id=event.id,
        person=person_of(event),
        outcome=decision.outcome,
        reason=decision.reason,
        notes=decision.notes,
        effects=tuple(effect.id for effect in decision.effects),
        correlation=correlation,
        estate=estate.revision,
        detail=tuple((name, text) for name, text in sorted(detail.items()) if text),
        statuses=decision.statuses,
    )


def person_of(event: ServiceEvent) -> Person | None:
    """Who is behind an event, where somebody is."""
    return getattr(event, "person", None) or getattr(event, "pushed_by", None)


def _first_time(app: App, service: str, committed: Committed) -> Handled:
    """Answer a duplicate with what the first delivery led to."""
    [row] = app.store.ledger(service, after=committed.sequence - 1, most=1)
    entry = ENTRIES.decode(row.body)
    return Handled(
        outcome=entry.outcome,
        code=entry.detail_of("code"),
        reason=entry.reason,
        about=entry.detail_of("about"),
        notes=entry.notes,
        sequence=committed.sequence,
        duplicate=True,
    )
