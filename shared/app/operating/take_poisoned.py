"""What lies in poison queues, taken by the tick: a trigger for each would be looked at for ever, for messages that hardly ever come.

A message is deleted after it is kept, so that a crash in between brings it again; taken twice it is kept once. One that
kills whoever looks into it has killed five processes at most, a tick each: then it is kept without a look.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from shared.app.operating.poison import take_poison
from shared.app.parts import App
from shared.domain.messages.queues import POISON
from shared.ports.queues import QueueReceiver, Received
from shared.telemetry import log_fault

_MOST = 200
_AT_ONCE = 32
_LEASE = timedelta(minutes=2)
# No repository's name holds a "~": none has this partition.
_BEGUN = "poison~begun"
_MOST_DEATHS = 5


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
    queue, body = message.queue.removesuffix(POISON), message.body.encode(errors="surrogatepass")
    note = hashlib.sha256(f"{message.queue}\n{message.id}".encode()).hexdigest()
    try:
        deaths, etag = _begin(app, note)
        try:
            take_poison(app, queue, body, message.id, why=message.reason, unread=deaths >= _MOST_DEATHS)
            receiver.delete(message)
        except Exception as error:
            log_fault("sweep.poison_failed", error, queue=queue, message=message.id)
        app.rows.delete(_BEGUN, note, etag=etag)
    except Exception as error:
        log_fault("sweep.poison_failed", error, queue=queue, message=message.id)


def _begin(app: App, note: str) -> tuple[int, str]:
    """Note that a message is looked into; return how many have died of it, as they have left their note."""
    before = app.rows.get(_BEGUN, note)
    deaths = int(before.value) if before else 0
    return deaths, app.rows.put(_BEGUN, note, str(deaths + 1).encode(), etag=before.etag if before else None)
