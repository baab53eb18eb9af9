"""Signing keys, as long as they may be believed, fetched as seldom as can be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from shared.ports.errors import AdapterError, Transient
from shared.telemetry import log_event, log_warning

KEPT = timedelta(hours=24)
# Keys are published days before they are used; who makes up ids of keys makes us fetch no oftener than this.
UNKNOWN = timedelta(minutes=5)
WITHOUT = timedelta(seconds=10)


class SigningKeys:
    """Keys by id. Old ones stay while new ones cannot be fetched, as nobody could sign in otherwise."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]], *, elapsed: Callable[[], timedelta]) -> None:
        self._fetch, self._elapsed = fetch, elapsed
        self._lock = threading.Lock()
        self._keys: Mapping[str, Any] = {}
        self._fetched: timedelta | None = None
        self._tried: timedelta | None = None

    def find(self, kid: str) -> Any | None:
        """Return the key of this id, None where there is none; raise Transient while none is known at all."""
        if self._aged() or kid not in self._keys:
            self._look_again(kid)
        if self._fetched is None:
            raise Transient("the keys of Entra ID cannot be read now", retry_after=WITHOUT)
        return self._keys.get(kid)

    def _look_again(self, kid: str) -> None:
        # Who has a key that is known goes on with it while another thread fetches.
        if not self._lock.acquire(blocking=kid not in self._keys):
            return
        try:
            # Another thread may have fetched them while this one waited.
            if (self._aged() or kid not in self._keys) and self._may_fetch():
                self._refresh()
        finally:
            self._lock.release()

    def _aged(self) -> bool:
        return self._fetched is None or self._elapsed() - self._fetched >= KEPT

    def _may_fetch(self) -> bool:
        pause = WITHOUT if self._fetched is None else UNKNOWN
        return self._tried is None or self._elapsed() - self._tried >= pause

    def _refresh(self) -> None:
        began = self._elapsed()
        try:
            keys = self._fetch()
        except AdapterError as error:
            log_warning("sign_in.keys_unreachable", reason=str(error), kept=sorted(self._keys))
            return
        finally:
            # From its end: of those who waited for a fetch that took long, none begins another one after it.
            self._tried = self._elapsed()
        self._keys, self._fetched = keys, began
        log_event("sign_in.keys_fetched", keys=sorted(keys))
