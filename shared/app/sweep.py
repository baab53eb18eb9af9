"""The minute tick: look at what has come due, send again what a crash left behind, make up for pushes that nobody told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from shared.app.handle_event import handle, send_again
from shared.app.inspect_push import set_aside
from shared.app.parts import App
from shared.codec import clock
from shared.codec.envelope import encode_event
from shared.codec.keys import decode_part
from shared.codec.primitives import parse_service
from shared.codec.repository import TIP, decode_tip
from shared.domain.effects import INSPECT, queue_of
from shared.domain.events import PushReceived, TimePassed
from shared.domain.waiting import CLOCKS_APART
from shared.ports.rows import Row
from shared.ports.store import Due, DueRow
from shared.telemetry import log_event, log_fault

_MOST = 200
_RETRY = timedelta(minutes=5)


def sweep(app: App) -> None:
    """Do all of it; one service's trouble does not keep the others waiting."""
    try:
        notice_set_back(app)
    except Exception as error:
        log_fault("sweep.clock_failed", error)
    look_at_due(app)
    for repository, kept in app.rows.list_each(app.source.repositories(), prefix=TIP).items():
        try:
            compare_tips(app, repository, kept)
        except Exception as error:
            log_fault("sweep.repository_failed", error, repository=repository)


def notice_set_back(app: App) -> None:
    """When the clock was set back, have every service looked at once.

    Hints lie where the clock stood, and windows that it is in or out of now are others than those they were made by.
    """
    kept = app.rows.get(clock.PARTITION, clock.ROW)
    latest, now = clock.decode_shown(kept.value) if kept else app.now(), app.now()
    set_back = now < latest - CLOCKS_APART
    if set_back:
        log_event("clock.set_back", latest=latest, now=now)
        for service in _every_service(app):
            app.store.add_due(service, Due(at=now, what="clock"))
    if set_back or now > latest or kept is None:
        app.rows.overwrite(clock.PARTITION, clock.ROW, clock.encode_shown(now))


def _every_service(app: App) -> Iterator[str]:
    after = ""
    while names := app.store.services(after=after, most=_MOST):
        yield from names
        after = names[-1]


def look_at_due(app: App) -> None:
    """Read one range of what is due, never all services."""
    while rows := app.store.due(app.now(), most=_MOST):
        for row in rows:
            _look(app, row)
        if len(rows) < _MOST:
            return


def _look(app: App, row: DueRow) -> None:
    """Let the service's time pass, then remove the hint that led here, unless it is asked for again.

    The clock may have been set back since the hint was read, and another host's may be behind: whoever decided after
    us may have asked for this very hint, so that the service is looked at once more when it is removed.
    """
    try:
        service = parse_service(row.service)
        handled = handle(app, TimePassed(id=f"due:{app.new_id()}", service=service))
        if row.at not in {at for at, _ in handled.wake}:
            app.store.remove_due([row.key])
        app.store.prune(row.service, most=_MOST)
        loaded = app.store.read(row.service)
        if loaded.sequence != handled.sequence:
            handle(app, TimePassed(id=f"due:{app.new_id()}", service=service))
        send_again(app, row.service, loaded.outbox)
    except Exception as error:
        log_fault("sweep.service_failed", error, service=row.service)
        app.store.add_due(row.service, Due(at=app.now() + _RETRY, what=row.what))
        app.store.remove_due([row.key])


def compare_tips(app: App, repository: str, kept: Sequence[Row]) -> None:
    """Tell of every branch that is not where it was last seen, e.g. pushed while nobody listened.

    There is a row for each branch that there is, and one for each that was deleted since the last time.
    """
    rows = {decode_part(row.key.removeprefix(TIP)): row for row in kept}
    seen = {ref: decode_tip(row.value) for ref, row in rows.items()}
    actual = app.source.tips(repository)
    for ref in sorted(actual.keys() | seen.keys()):
        known = seen.get(ref)
        if known is None or not known.sent or known.commit != actual.get(ref):
            event = PushReceived(id=app.new_id(), repository=repository, ref=ref)
            app.queues.send(queue_of(INSPECT), encode_event(event, correlation=event.id, at=app.now()))
        elif known.commit is None:
            set_aside(app, repository, ref, rows[ref])
