"""The engine without a host: the use cases on the real store and queues, fed by a few threads."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from shared.app.parts import App
from shared.app.take_message import take_message
from shared.domain.queues import QUEUES
from shared.ports.queues import CrewReceiver

_LEASE = timedelta(minutes=30)
_AT_ONCE = 24
_THREADS = 20
_LOOK = 0.005


class BareEngine:
    """Takes messages as the local host does, without functions around the use cases."""

    def __init__(self, app: App, receiver: CrewReceiver) -> None:
        self._app, self._receiver = app, receiver
        self._stopping = False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def settle(self) -> None:
        """Wait until every message is dealt with."""
        while any(self._receiver.count(queue) for queue in QUEUES):
            time.sleep(_LOOK)

    def stop(self) -> None:
        """Let every thread end what it has."""
        self._stopping = True
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        at_once = dict.fromkeys(QUEUES, _AT_ONCE)
        while not self._stopping:
            message = self._receiver.receive_any(at_once, visibility=_LEASE)
            if message is None:
                continue
            take_message(self._app, message.queue, message.body)
            self._receiver.delete(message)
