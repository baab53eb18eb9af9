"""File locks beside the database: one around each write, and one for as long as a host lives.

The kernel drops a lock with its process, however that ends, so nobody ever has to guess whether a holder is alive.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TOKEN = 16


class WriteLock:
    """Makes processes take turns at writing. They wait in the kernel's queue, where SQLite would sleep and try again.

    The file holds the token of the process that began to write last. It is shared memory: reading it costs nothing.
    """

    def __init__(self, database: Path) -> None:
        self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, _TOKEN)
        self._shared = mmap.mmap(self._file, _TOKEN)
        self._token = os.urandom(_TOKEN)

    @property
    def ours(self) -> bool:
        """Whether no other process has begun to write since `sign`."""
        return self._shared[:] == self._token

    def sign(self) -> None:
        """Leave this process's token; the lock must be held."""
        self._shared[:] = self._token

    def acquire(self) -> None:
        """Wait for the lock, and take it."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def release(self) -> None:
        """Release the lock; any thread may."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock, and hold it for a block."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def close(self) -> None:
        """Close the file; the lock must not be held."""
        self._shared.close()
        os.close(self._file)


class HostLock:
    """Shows that this host lives, and finds out which others do not. A lease in the database names such a host."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self.id = ""
        self._file = -1
        while self._file < 0:
            self.id = uuid.uuid4().hex[:12]
            self._file = self._acquire(self._path(self.id))

    def dead(self, host: str) -> bool:
        """Whether nobody holds a host's lock."""
        if host == self.id:
            return False
        try:
            file = os.open(self._path(host), os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(file)
        return True

    def others(self) -> list[str]:
        """Name the other hosts that left a lock file, alive or not."""
        start = f"{self._database.name}.host-"
        names = (path.name for path in self._database.parent.iterdir())
        hosts = (name.removeprefix(start).removesuffix(".lock") for name in names if name.startswith(start))
        return [host for host in hosts if host != self.id]

    def bury(self, host: str) -> None:
        """Remove the lock file of a dead host."""
        with suppress(FileNotFoundError):
            self._path(host).unlink()

    def close(self) -> None:
        """Stop being a host."""
        self.bury(self.id)
        os.close(self._file)

    def _path(self, host: str) -> Path:
        return self._database.with_name(f"{self._database.name}.host-{host}.lock")

    def _acquire(self, path: Path) -> int:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        # Another host may have found the file before it was locked, taken us for dead and removed it.
        with suppress(FileNotFoundError):
            if os.stat(path).st_ino == os.fstat(file).st_ino:
                return file
        os.close(file)
        return -1
