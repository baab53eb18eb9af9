"""What package managers fetched for builds, by service: kept for the next build, within a bound for all of them.

A build holds its cache's lock, shared with others of the same service. The lock file lies beside the cache, where no
build can write; it says how much of the disk the cache took when it was last used, and its time says when that was.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.local_build.disk import MOST_FILES, Taken, remove, taken
from shared.telemetry import log_event

_LOCK = ".lock"
_GONE = ".gone-"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A cache as its lock file tells of it."""

    name: str
    used: float
    taken: Taken


class Caches:
    """The caches below a folder. Together they take `most_bytes` of the disk and `most_files`, but for those in use."""

    def __init__(self, root: Path, *, most_bytes: int, most_files: int = MOST_FILES) -> None:
        self._root, self._most = root, Taken(most_bytes, most_files)

    @contextmanager
    def used(self, service: str, *, version: str | None = None) -> Iterator[Path]:
        """Give a service's cache, or that of one of its versions.

        A release's tests never read what those of another branch left there, whom nobody had approved.

        Afterwards those that were used longest ago are thrown away while all together take too much, this one as well.
        """
        name = f"{_short(service)}-{_short(version) if version else 'validation'}"
        self._root.mkdir(parents=True, exist_ok=True)
        with self._locked(name, fcntl.LOCK_SH) as lock:
            try:
                yield self._root / name
            finally:
                # What cannot be written down now is counted after the next use.
                with suppress(OSError):
                    self._note(lock, taken([self._root / name], most=self._most))
        self._trim()

    def _note(self, lock: int, found: Taken) -> None:
        # Whatever is hidden, its owner made it so: it goes.
        size = self._most.bytes + 1 if found.hidden else found.bytes
        os.pwrite(lock, f"{size:020d} {found.files:020d}".encode(), 0)
        os.utime(lock)

    def _trim(self) -> None:
        for left in self._root.glob(f"*{_GONE}*"):
            remove(left)
        kept = sorted(self._kept(), key=lambda one: one.used)
        for number, one in enumerate(kept):
            rest = [each.taken for each in kept[number:]]
            if not Taken(sum(each.bytes for each in rest), sum(each.files for each in rest)).beyond(self._most):
                return
            self._evict(one)

    def _kept(self) -> Iterator[_Kept]:
        for file in self._root.glob(f"*{_LOCK}"):
            with suppress(OSError, ValueError):
                size, files = map(int, file.read_text().split())
                yield _Kept(file.name.removesuffix(_LOCK), file.stat().st_mtime, Taken(size, files))

    def _evict(self, one: _Kept) -> None:
        folder = self._root / one.name
        # Whole or not at all: half a cache is one that package managers stumble over.
        gone = folder.with_name(f"{one.name}{_GONE}{uuid.uuid4().hex[:8]}")
        with suppress(BlockingIOError), self._locked(one.name, fcntl.LOCK_EX | fcntl.LOCK_NB) as lock:
            with suppress(FileNotFoundError):
                folder.rename(gone)
            os.ftruncate(lock, 0)
            log_event("build.cache_thrown_away", cache=one.name, bytes=one.taken.bytes, files=one.taken.files)
        remove(gone)

    @contextmanager
    def _locked(self, name: str, how: int) -> Iterator[int]:
        lock = os.open(self._root / f"{name}{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, how)
            yield lock
        finally:
            os.close(lock)
