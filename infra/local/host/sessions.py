"""Who is signed in with a browser: the cookie holds a session's random id, and this process knows whose it is."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable

from infra.local.host.people import LocalPerson

_MOST = 1000
_SECONDS = 12 * 60 * 60.0


def cookie_name(port: str) -> str:
    """Return the cookie's name: cookies know no ports, so that every server of 127.0.0.1 is sent those of all others."""
    return f"slipway-session-{port}"


class Sessions:
    """Sessions of this process; they end with it, and when nobody used one for half a day."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, tuple[LocalPerson, float]] = {}

    def begin(self, person: LocalPerson) -> str:
        """Sign a person in; return the session's id."""
        made = secrets.token_urlsafe(32)
        with self._lock:
            while len(self._open) >= _MOST:
                del self._open[next(iter(self._open))]
            self._open[_hash(made)] = (person, self._clock())
        return made

    def person(self, session: str) -> LocalPerson | None:
        """Return whose session it is, None for one that is not or has ended."""
        with self._lock:
            # Looked up by a hash, so that how long it takes tells nothing of ids; taken out and put last, as used last.
            person, used = self._open.pop(_hash(session), (None, 0.0))
            if person is None or self._clock() - used > _SECONDS:
                return None
            self._open[_hash(session)] = (person, self._clock())
            return person


def _hash(session: str) -> str:
    return hashlib.sha256(session.encode("utf-8", "surrogateescape")).hexdigest()
