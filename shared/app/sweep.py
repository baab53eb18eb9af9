"""The minute tick: look at what has come due, send again what a crash left behind, make up for pushes that nobody told."""

from __future__ import annotations

from datetime import timedelta

from shared.app.handle_event import handle, send_again
from shared.app.parts import App
from shared.app.take_message import INSPECT
from shared.codec.envelope import encode_event
from shared.codec.keys import decode_part
from shared.codec.primitives import parse_service
from shared.codec.repository import TIP, decode_tip
from shared.domain.effects import queue_of
from shared.domain.events import PushReceived, TimePassed
from shared.ports.store import Due, DueRow
from shared.telemetry import log_fault

_MOST = 200
_RETRY = timedelta(minutes=5)


def sweep(app: App) -> None:
    """Do all of it; one service's trouble does not keep the others waiting."""
    look_at_due(app)
    for repository in app.source.repositories():
        try:
            compare_tips(app, repository)
        except Exception as error:
            log_fault("sweep.repository_failed", error, repository=repository)


def look_at_due(app: App) -> None:
    """Read one range of what is due, never all services."""
    while rows := app.store.due(app.now(), most=_MOST):
        for row in rows:
            _look(app, row)
        app.store.remove_due([row.key for row in rows])
        if len(rows) < _MOST:
            return


def _look(app: App, row: DueRow) -> None:
    try:
        service = parse_service(row.service)
        handle(app, TimePassed(id=f"due:{row.key}:{app.now():%Y%m%dT%H%M}", service=service))
        app.store.prune(row.service, most=_MOST)
        send_again(app, row.service, app.store.read(row.service).outbox)
    except Exception as error:
        log_fault("sweep.service_failed", error, service=row.service)
        app.store.add_due(row.service, Due(at=app.now() + _RETRY, what=row.what))


def compare_tips(app: App, repository: str) -> None:
    """Tell of every branch that is not where it was last seen, e.g. pushed while nobody listened."""
    seen = {
        decode_part(row.key.removeprefix(TIP)): decode_tip(row.value) for row in app.rows.list(repository, prefix=TIP)
    }
    actual = app.source.tips(repository)
    for ref in sorted(actual.keys() | seen.keys()):
        known = seen.get(ref)
        if known is None or not known.sent or known.commit != actual.get(ref):
            event = PushReceived(id=app.new_id(), repository=repository, ref=ref)
            app.queues.send(queue_of(INSPECT), encode_event(event, correlation=event.id, at=app.now()))
