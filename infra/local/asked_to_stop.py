"""Ctrl-C and `kill`, waited for by a program with many threads."""

from __future__ import annotations

import signal
import socket


class AskedToStop:
    """SIGINT and SIGTERM from now on: they end a wait, and nothing else. Made by the main thread.

    The kernel may give a signal to any thread, and one that arrives elsewhere does not wake a main thread that waits for a
    lock. Python's own part of the handler writes to a descriptor, whichever thread runs it, and a read of that is woken.
    """

    def __init__(self) -> None:
        self._asked = False
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: None)

    def ask(self) -> None:
        """Ask to stop as a signal does, from any thread."""
        self._writer.send(b"\0")

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is asked, at most so many seconds, and say whether it was."""
        self._reader.settimeout(seconds)
        try:
            self._asked = self._asked or bool(self._reader.recv(1))
        except (TimeoutError, BlockingIOError):
            return False
        return True
