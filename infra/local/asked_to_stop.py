"""Ctrl-C and `kill`, waited for by a program with many threads."""

from __future__ import annotations

import contextlib
import signal
import socket
from types import TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class AskedToStop:
    """SIGINT and SIGTERM within a `with` block of the main thread: they end a wait, and nothing else.

    The kernel may give a signal to any thread, and one that arrives elsewhere does not wake a main thread that waits for a
    lock. Python's own part of the handler writes to a descriptor, whichever thread runs it, and a read of that is woken.
    """

    def __init__(self) -> None:
        self._asked = False
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def __enter__(self) -> AskedToStop:
        self._woken = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._handlers = {one: signal.signal(one, lambda *_: None) for one in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one, handler in self._handlers.items():
            signal.signal(one, handler)
        signal.set_wakeup_fd(self._woken)
        self._reader.close()
        self._writer.close()

    def ask(self) -> None:
        """Ask to stop as a signal does, from any thread."""
        with contextlib.suppress(BlockingIOError):  # it was asked often enough
            self._writer.send(b"\0")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is asked, at most so many seconds, and say whether it was."""
        self._reader.settimeout(seconds)
        try:
            self._asked = self._asked or bool(self._reader.recv(1))
        except (TimeoutError, BlockingIOError):
            return False
        return True
