"""Short leases of messages, kept up for as long as somebody works on them, so that those of a killed host are soon free."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from infra.local.host.log import log_event
from shared.ports.queues import Received

# Azure's host: 10 minutes, renewed after 5. Here a host that was killed is started again, and nobody else is there.
LENGTH = timedelta(seconds=5)


@dataclass(slots=True, kw_only=True)
class _Lease:
    message: Received
    renewed: float
    renewing: bool = False
    leaving: bool = False


class RenewedLeases:
    """What is leased by which receipt now. A thread renews what is older than a third of the length, while there is any."""

    def __init__(self, renew: Callable[[Received, timedelta], Received | None], *, length: timedelta = LENGTH) -> None:
        self._renew, self.length = renew, length
        self._third = length.total_seconds() / 3
        self._held: dict[tuple[str, str], _Lease] = {}
        self._changed = threading.Condition()
        self._running = False

    def take(self, messages: Iterable[Received]) -> None:
        """Keep these up from now on."""
        now = time.monotonic()
        with self._changed:
            for one in messages:
                self._held[one.id, one.receipt] = _Lease(message=one, renewed=now)
            if self._held and not self._running:
                self._running = True
                threading.Thread(target=self._keep_up, name="leases", daemon=True).start()

    def let_go(self, message: Received) -> Received:
        """Keep a message up no more, and return it with the receipt that counts."""
        key = message.id, message.receipt
        with self._changed:
            lease = self._held.get(key)
            if lease is None:
                return message
            # Once under way it is waited for, and no other is begun: whoever waits here is not overtaken again and again.
            lease.leaving = True
            self._changed.wait_for(lambda: not lease.renewing)
            self._held.pop(key, None)
        return lease.message

    def _keep_up(self) -> None:
        while True:
            # Nobody is kept waiting for this thread: it ends with the last lease, and the next begins another.
            time.sleep(self._third)
            with self._changed:
                if not self._held:
                    self._running = False
                    return
                old = [key for key, one in self._held.items() if time.monotonic() - one.renewed >= self._third]
            for key in old:
                self._keep(key)

    def _keep(self, key: tuple[str, str]) -> None:
        with self._changed:
            lease = self._held.get(key)
            if lease is None or lease.leaving:
                return
            lease.renewing = True
        began, found = time.monotonic(), None
        try:
            found = self._renew(lease.message, self.length)
        except Exception as error:
            log_event("queue.renew_failed", error=error, queue=lease.message.queue, message=lease.message.id)
        with self._changed:
            if found is not None:
                lease.message, lease.renewed = found, began
            lease.renewing = False
            self._changed.notify_all()
