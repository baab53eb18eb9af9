"""What lies in poison queues, taken by the tick: a trigger for each would be looked at for ever, for messages that hardly ever come.

A message is deleted after it is kept, so that a crash in between brings it again; taken twice it is kept once.
"""

from __future__ import annotations

from datetime import timedelta

from shared.app.parts import App
from shared.app.poison import take_poison
from shared.domain.queues import POISON
from shared.ports.queues import QueueReceiver, Received
from shared.telemetry import log_fault

_MOST = 200
_AT_ONCE = 32
_LEASE = timedelta(minutes=2)


def take_poisoned(app: App) -> None:
    """Take what lies there, some hundred messages at most: the next tick goes on. Raise what storage raises."""
    if app.receiver is None:
        return
    left = _MOST
    for poison in app.receiver.poison_queues():
        while left > 0:
            wanted = min(left, _AT_ONCE)
            found = app.receiver.receive(poison, most=wanted, visibility=_LEASE, wait=timedelta(0))
            left -= len(found)
            for message in found:
                _take(app, app.receiver, message)
            if len(found) < wanted:
                break


def _take(app: App, receiver: QueueReceiver, message: Received) -> None:
    """One message's trouble keeps no other one waiting: it comes again when its lease is over."""
    queue = message.queue.removesuffix(POISON)
    try:
        take_poison(app, queue, message.body.encode(errors="surrogatepass"), message.id, why=message.reason)
        receiver.delete(message)
    except Exception as error:
        log_fault("sweep.poison_failed", error, queue=queue, message=message.id)
