"""Says when something may have changed. Several lists are followed at once by one thread, and nothing of them is kept.

A bell is a watch whose events nobody reads: that there is one is enough, since whoever hears it reads everything again. So
nothing is missed if a bell is hung before that reading: what changed earlier is read, what changes later rings.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TypeAlias

from shared.adapters.kubernetes.api import Api, Query
from shared.adapters.kubernetes.faults import TooOld

Followed: TypeAlias = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
_PIECE, _END = 65536, b"0\r\n\r\n"  # the last chunk of an answer in chunks
_AFTER_A_BELL, _HALF = 0.25, 1.0  # seconds: what changes together is waited for


class Bells:
    """The watches of one look, each for so many seconds at most."""

    def __init__(self, api: Api, *, seconds: float) -> None:
        self._api, self._seconds = api, seconds
        self._hung: dict[Followed, tuple[Any, Any]] = {}
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> Bells:
        """Use them for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take all down."""
        for followed in list(self._hung):
            self._take_down(followed)
        self._selector.close()

    def hang(self, wanted: Mapping[Followed, str]) -> bool:
        """Follow these from these versions on; return whether any had to be hung, so that all has to be read again."""
        missing = [followed for followed in wanted if followed not in self._hung]
        for path, query in missing:
            asked: Query = [*query, ("resourceVersion", wanted[path, query]), ("allowWatchBookmarks", "false")]
            try:
                self._hang((path, query), self._api.follow(path, asked, seconds=self._seconds))
            except TooOld:
                # It is read again, and followed from there; but not as fast as this can be said again.
                time.sleep(_AFTER_A_BELL)
        return bool(missing)

    def _hang(self, followed: Followed, answer: Any) -> None:
        socket = answer.connection.sock
        self._hung[followed] = answer, socket
        self._selector.register(socket, selectors.EVENT_READ, followed)

    def wait(self, seconds: float) -> None:
        """Wait for the first bell, and shortly after it for those that follow."""
        end = time.monotonic() + max(0.0, seconds)
        rung = self._selector.select(max(0.0, seconds))
        if rung:
            time.sleep(min(_AFTER_A_BELL, max(0.0, end - time.monotonic())))
            rung = self._selector.select(0)
        for key, _ in rung:
            if not _read(key.fileobj):
                self._take_down(key.data)

    def _take_down(self, followed: Followed) -> None:
        answer, socket = self._hung.pop(followed)
        self._selector.unregister(socket)
        answer.close()


def _read(socket: Any) -> bool:
    """Take what was sent; False where nothing will follow."""
    # Half a record of TLS may have come, which is no end.
    socket.settimeout(_HALF)
    try:
        found = socket.recv(_PIECE)
        return bool(found) and not found.endswith(_END)
    except TimeoutError:
        return True
    except OSError:
        return False
