"""The minute tick: what has come due, what a crash left behind, pushes that nobody told of, messages in poison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from shared.app.handling.at_least_once import perhaps_unsent
from shared.app.handling.handle_event import Handled, handle, send_again
from shared.app.hook_events.compare_branches import compare_branches
from shared.app.operating.measure_queues import measure_queues
from shared.app.operating.take_poisoned import take_poisoned
from shared.app.parts import App
from shared.codec import clock
from shared.domain.deciding.waiting import CLOCKS_APART
from shared.domain.drafts.decision import Outcome
from shared.domain.messages.events import TimePassed
from shared.domain.values.names import ServiceKey
from shared.ports.store import Due, DueRow, Message
from shared.telemetry import log_event, log_fault

_MOST = 200
_RETRY = timedelta(minutes=5)
_FAILED = "failed"


def sweep(app: App) -> None:
    """Do all of it; one service's trouble does not keep the others waiting."""
    try:
        notice_set_back(app)
    except Exception as error:
        log_fault("sweep.clock_failed", error)
    look_at_due(app)
    try:
        measure_queues(app)
    except Exception as error:
        log_fault("sweep.measuring_failed", error)
    try:
        compare_branches(app)
    finally:
        # The last: where a message kills whoever takes it, all the rest of a tick is done by then.
        take_poisoned(app)


def notice_set_back(app: App) -> None:
    """When the clock was set back, have every service looked at once.

    Hints lie where the clock stood, and windows that it is in or out of now are others than those they were made by.
    """
    kept = app.rows.get(clock.PARTITION, clock.ROW)
    latest, now = clock.SHOWN.decode(kept.value).at if kept else app.now(), app.now()
    set_back = now < latest - CLOCKS_APART
    if set_back:
        log_event("clock.set_back", latest=latest, now=now)
        for service in _every_service(app):
            app.store.add_due(service, Due(at=now, what="clock"))
    if set_back or now > latest or kept is None:
        app.rows.overwrite(clock.PARTITION, clock.ROW, clock.SHOWN.encode(clock.Shown(at=now)))


def _every_service(app: App) -> Iterator[str]:
    after = ""
    while names := app.store.services(after=after, most=_MOST):
        yield from names
        after = names[-1]


def look_at_due(app: App) -> None:
    """Read one range of what is due, never all services; a service is looked at once for all that is due of it."""
    while rows := app.store.due(app.now(), most=_MOST):
        of: dict[str, list[DueRow]] = {}
        for row in rows:
            of.setdefault(row.service, []).append(row)
        for service, hints in of.items():
            _look(app, service, hints)
        if len(rows) < _MOST:
            return


def _look(app: App, name: str, hints: Sequence[DueRow]) -> None:
    """Let the service's time pass, then remove the hints that led here, unless they are asked for again.

    The clock may have been set back since the hints were read, and another host's may be behind: whoever decided after
    us may have asked for these very hints, so that the service is looked at once more when they are removed.
    """
    try:
        service = ServiceKey.parse(name)
        handled = handle(app, TimePassed(id=f"due:{app.new_id()}", service=service))
        asked = {at for at, _ in handled.wake}
        app.store.remove_due([row.key for row in hints if row.at not in asked])
        app.store.prune(name, most=_MOST)
        loaded = app.store.read(name, exact=False)
        if loaded.sequence != handled.sequence:
            handle(app, TimePassed(id=f"due:{app.new_id()}", service=service))
        send_again(app, name, _unsent(loaded.outbox, hints, handled))
    except Exception as error:
        log_fault("sweep.service_failed", error, service=name)
        app.store.add_due(name, Due(at=app.now() + _RETRY, what=_FAILED))
        app.store.remove_due([row.key for row in hints])


def _unsent(outbox: Mapping[str, Message], hints: Sequence[DueRow], handled: Handled) -> Mapping[str, Message]:
    if any(row.what == _FAILED for row in hints):
        return outbox
    since = min(row.at for row in hints) - CLOCKS_APART
    return perhaps_unsent(
        outbox, since=since, sequence=handled.sequence if handled.outcome is not Outcome.NOTHING else 0
    )
