"""What is in hand, so that a message which kills its host does not do so for ever, and no other is taken for it.

What kills a process writes nothing. So a message is noted before its function begins; what a starting host finds noted,
the one before died with, and each has died once more. Whether a message did it shows by and by:

- Whoever completes is gone. After a single death all are worked on as ever: it may have been somebody's kill.
- With two deaths a message is suspect, and suspects are worked on one at a time, so that none is in hand at another's death.
- Whoever has one death left is worked on alone, with nothing else in hand; only a death then ends in poison.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from infra.local.host.counts import MOST, NOTHING, Counts, CountsFile, Held
from infra.local.host.log import log_event
from shared.ports.queues import Received

_SUSPECT = 2
_PATIENCE = 1.0  # seconds
# Whoever is to be alone comes again after a second. One that does not, as nobody wants it any more, keeps none waiting.
_COMES_AGAIN = 5.0


class InHand:
    """The messages that this host works on. `file` outlives it, `most` is how many deaths make poison."""

    def __init__(self, file: Path | None, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._file, self._most, self._clock = CountsFile(file), most, clock
        self._held: dict[bytes, Held] = {}
        self._suspect: bytes | None = None
        self._alone: bytes | None = None
        self._alone_until = 0.0
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)

    def begin(self, message: Received) -> bool:
        """Note a message as in hand; False where it, or whatever is not in hand yet, has to wait."""
        key = _key(message.queue, message.id)
        with self._lock:
            counts = self._file.get(key)
            held = self._place(key, counts)
            if held is Held.NO:
                return False
            self._held[key] = held
            self._file.put(key, counts._replace(held=held))
        if counts.deaths:
            log_event("message.tried_after_death", queue=message.queue, message=message.id, deaths=counts.deaths)
        return True

    def end(self, message: Received) -> None:
        """It is dealt with."""
        self._let_go(message, lambda _: NOTHING)

    def give_back(self, message: Received) -> None:
        """It is not worked on any more, and nothing has come of it."""
        self._let_go(message, lambda counts: counts._replace(held=Held.NO))

    def look_again(self, message: Received) -> None:
        """Its function wants it later; whoever comes as far as that has killed nobody."""
        self._let_go(message, lambda counts: Counts(failures=counts.failures))

    def fail(self, message: Received) -> int:
        """Its function raised; return how often it did."""
        return self._let_go(message, _failed).failures

    def deaths(self, message: Received) -> int:
        """How many hosts died of it, 0 unless that is sure and as often as may be."""
        with self._lock:
            counts = self._file.get(_key(message.queue, message.id))
        return counts.deaths if counts.deaths >= self._most and counts.alone else 0

    def wait(self) -> None:
        """Wait a second at most for whoever is, or wants to be, alone."""
        with self._changed:
            self._changed.wait_for(lambda: not self._reserved(), _PATIENCE)

    def close(self) -> None:
        """Keep nothing more; what is still noted counts as given back."""
        with self._lock:
            for key in self._held:
                self._file.put(key, self._file.get(key)._replace(held=Held.NO))
            self._file.close()

    def _place(self, key: bytes, counts: Counts) -> Held:
        if self._alone != key and self._reserved():
            return Held.NO
        if counts.deaths and counts.deaths >= self._most - 1:
            waits = any(other != key for other in self._held)
            self._alone, self._alone_until = key, self._clock() + _COMES_AGAIN
            return Held.NO if waits else Held.ALONE
        if counts.deaths >= _SUSPECT:
            if self._suspect not in (None, key):
                return Held.NO
            self._suspect = key
        return Held.WITH_OTHERS

    def _reserved(self) -> bool:
        return self._alone is not None and (self._alone in self._held or self._clock() < self._alone_until)

    def _let_go(self, message: Received, change: Callable[[Counts], Counts]) -> Counts:
        key = _key(message.queue, message.id)
        with self._lock:
            counts = change(self._file.get(key))
            self._file.put(key, counts)
            self._held.pop(key, None)
            if self._suspect == key:
                self._suspect = None
            if self._alone == key:
                self._alone = None
                self._changed.notify_all()
        return counts


@lru_cache(maxsize=1024)
def _key(queue: str, id_: str) -> bytes:
    return hashlib.blake2b(f"{queue}\n{id_}".encode(), digest_size=16).digest()


def _failed(counts: Counts) -> Counts:
    return counts._replace(held=Held.NO, failures=min(counts.failures + 1, MOST))
