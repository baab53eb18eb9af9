"""Requests of people: they become events, and are answered at once by the same decision that queues lead to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from shared.app.handling.handle_event import Handled, handle
from shared.app.hook_events.configuration import policy_in_force
from shared.app.parts import App
from shared.app.people.authorship import with_authorship
from shared.codec.envelope import encode_event
from shared.codec.estate import HOLD, HOLDS, hold_row
from shared.codec.ledger import ENTRIES, LedgerEntry
from shared.domain.drafts.decision import Outcome
from shared.domain.messages.events import ServiceEvent, TimePassed
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.state.estate import EVERYTHING, Hold, checked_scope
from shared.domain.values.errors import InvalidValue, SlipwayError
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.ports.store import Committed, Due, Loaded, Write
from shared.telemetry import about

ESTATE = "estate"
_STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, by which route, and the key under which asking again changes nothing.

    `groups_left_out` says that the person is in more groups than are named here.
    """

    person: Person
    groups: tuple[str, ...]
    route: str
    idempotency_key: str
    groups_left_out: bool = False


def request_id(app: App, caller: Caller) -> str:
    """Name a request by (route, person, Idempotency-Key); without a key it is new each time."""
    key = caller.idempotency_key or app.new_id()
    text = "\n".join((caller.route, caller.person.id, key))
    return "api:" + hashlib.sha256(text.encode()).hexdigest()[:40]


def operate(app: App, event: ServiceEvent) -> Handled:
    """Handle a person's request while they wait.

    No message stands behind it, so a hint is written first: a crash after the commit is made up by the tick.
    """
    with about(request=event.id):
        hint = app.store.add_due(str(event.service), Due(at=app.now(), what="request"))
        handled = handle(app, with_authorship(app, event))
        app.store.remove_due([hint], decided=False)
        return handled


def add_hold(app: App, caller: Caller, *, scope: str, reason: str, until: datetime | None) -> Hold:
    """Hold everything, an environment or a service, and return the hold. Raise InvalidValue; nothing is changed then.

    Everything until it is lifted is the hold `stop`; a second person's stands beside it under a name of its own, and
    each is lifted by itself. Asked again under the same key, it answers as it did the first time.
    """
    if not reason.strip():
        raise InvalidValue("reason", "says why, so that the next person knows")
    if until is not None and until <= app.now():
        raise InvalidValue("until", f"{until.isoformat()} is over already")
    event_id = request_id(app, caller)
    asked = Hold(
        id=f"hold-{event_id[4:16]}",
        scope=checked_scope(scope),
        reason=reason,
        person=caller.person,
        since=app.now(),
        until=until,
    )

    def fn(loaded: Loaded) -> Write:
        stops = scope == EVERYTHING and until is None and hold_row(_STOP) not in loaded.rows
        hold = replace(asked, id=_STOP) if stops else asked
        row = HOLDS.encode(hold)
        note = f"hold {hold.id} on {hold.scope}: {hold.reason}"
        detail = {"hold": row.decode()}
        return estate_write(app, event_id, "hold-added", caller, note, puts={hold_row(hold.id): row}, detail=detail)

    return _hold_of(app, app.store.transact(ESTATE, event_id, fn))


class _NoSuchHold(SlipwayError):
    """Somebody was faster, or there never was one."""


def lift_hold(app: App, caller: Caller, hold_id: str, reason: str) -> Hold | None:
    """Lift a hold by people, and look again at what it kept back; None where there is no such hold.

    Hints are written first: a crash after the hold is gone is made up by the tick. Asked again under the same
    key, it answers as it did the first time.
    """
    event_id = request_id(app, caller)
    found = next((one for one in holds(app) if one.id == hold_id), None)
    concerned = list(_concerned(app, found)) if found else []
    for service in concerned:
        app.store.add_due(str(service), Due(at=app.now(), what="hold"))

    def fn(loaded: Loaded) -> Write:
        row = loaded.rows.get(hold_row(hold_id))
        if row is None:
            raise _NoSuchHold(hold_id)
        note = f"hold {hold_id} lifted: {reason or 'no reason given'}"
        detail = {"hold": row.decode()}
        deletes = frozenset({hold_row(hold_id)})
        return estate_write(app, event_id, "hold-lifted", caller, note, deletes=deletes, detail=detail)

    try:
        committed = app.store.transact(ESTATE, event_id, fn)
    except _NoSuchHold:
        return None
    for service in concerned:
        event = TimePassed(id=app.new_id(), service=service)
        app.queues.send(EVENTS_QUEUE, encode_event(event, correlation=event.id, at=app.now()))
    return _hold_of(app, committed)


def _hold_of(app: App, committed: Committed) -> Hold:
    """Return the hold that a decision added or lifted, now or when it was first asked for."""
    [entry] = app.store.ledger(ESTATE, after=committed.sequence - 1, most=1)
    return HOLDS.decode(ENTRIES.decode(entry.body).detail_of("hold").encode())


def estate_write(
    app: App,
    event_id: str,
    event_type: str,
    caller: Caller | None,
    note: str,
    *,
    puts: dict[str, bytes] | None = None,
    deletes: frozenset[str] = frozenset(),
    detail: Mapping[str, str] = MappingProxyType({}),
) -> Write:
    """Put rows of the estate and delete others, with an entry in its ledger; without a caller it came to pass by itself."""
    now = app.now()
    entry = LedgerEntry(
        sequence=0,
        at=now,
        service=ESTATE,
        event_type=event_type,
        event_id=event_id,
        person=caller.person if caller else None,
        outcome=Outcome.NOTED,
        notes=(note,),
        detail=tuple(sorted(detail.items())),
    )
    return Write(
        puts=puts or {},
        deletes=deletes,
        ledger=lambda sequence, _previous: ENTRIES.encode(replace(entry, sequence=sequence)),
    )


def holds(app: App) -> tuple[Hold, ...]:
    """Read every hold by people."""
    rows = app.store.read(ESTATE).rows
    return tuple(HOLDS.decode(value) for key, value in sorted(rows.items()) if key.startswith(HOLD))


def _concerned(app: App, hold: Hold) -> Iterator[ServiceKey]:
    """Name every service in a hold's scope; one that does not wait for it is looked at in vain."""
    for repository in app.repositories():
        policy = policy_in_force(app, repository)
        for one in policy.services if policy else ():
            scope = f"service:{one.service.repository}/{one.service.service}"
            if not hold.scope.startswith("service:") or hold.scope == scope:
                yield one.service
