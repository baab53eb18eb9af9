"""How much of the disk folders of a change's own take, and how they are removed, whatever lies in them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from shared.adapters.local_build.leftovers import NOTE, noted
from shared.adapters.local_build.open_files import Nameless

# Of files and folders: an inode each, of which a disk has no end of neither.
MOST_FILES: Final = 1_000_000
# Folders whose others are still to be looked at: no tree that people made branches so deep.
_MOST_OPEN = 200
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK = 512  # what st_blocks counts, stat(2)
_LOOK = 1.0  # seconds
_COUNT = 20.0


class Taken(NamedTuple):
    """What is taken of a disk, or may be. `hidden`: something in it could not be looked at."""

    bytes: int
    files: int
    hidden: bool = False

    def beyond(self, most: Taken) -> bool:
        """Whether it is more than that."""
        return self.bytes > most.bytes or self.files > most.files


def taken(folders: Iterable[Path], *, most: Taken) -> Taken:
    """Count, until it is more than `most`; a file with several names counts once."""
    count = _Count(most)
    for one in folders:
        if not count.beyond():
            count.below(one)
    return Taken(count.bytes, count.files, count.hidden)


class _Count:
    """Goes from folder to folder, not by their paths, which may be longer than the kernel takes."""

    def __init__(self, most: Taken) -> None:
        self._most, self._linked = most, set[tuple[int, int]]()
        self.bytes = self.files = 0
        self.hidden = False

    def beyond(self) -> bool:
        return Taken(self.bytes, self.files).beyond(self._most)

    def below(self, folder: Path) -> None:
        """Add what lies in a folder, and in those in it."""
        open_: list[tuple[int, list[str]]] = []
        left = self._inside(os.fspath(folder), None)
        try:
            while left or open_:
                if left:
                    open_.append(left)
                here, names = open_[-1]
                left = self._inside(names.pop(), here) if names and not self.beyond() else None
                if left and names and len(open_) >= _MOST_OPEN:
                    self.hidden = True
                    os.close(left[0])
                    left = None
                # At once, so that folders in folders hold one open, however deep they go.
                if self.beyond() or not names:
                    os.close(open_.pop()[0])
        finally:
            for opened, _ in (*open_, *filter(None, [left])):
                os.close(opened)

    def _inside(self, name: str, parent: int | None) -> tuple[int, list[str]] | None:
        """Open a folder and add what it holds, folders in it as well, whose names are returned."""
        opened = None
        try:
            opened = os.open(name, _FOLDER, dir_fd=parent)
            with os.scandir(opened) as entries:
                return opened, [entry.name for entry in entries if self._is_folder(entry)]
        except (FileNotFoundError, NotADirectoryError):
            pass  # somebody works there
        except OSError:
            self.hidden = True
        if opened is not None:
            os.close(opened)
        return None

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return False
        is_folder = stat.S_ISDIR(found.st_mode)
        if not is_folder and found.st_nlink > 1:
            if (found.st_dev, found.st_ino) in self._linked:
                return False
            self._linked.add((found.st_dev, found.st_ino))
        self.files += 1
        self.bytes += found.st_blocks * _BLOCK
        return is_folder


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it: what may not be written (Go's modules) or is too deep for a path as well."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    if not folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(folder)], check=False, capture_output=True)


class DiskWatch:
    """Says when folders have come to take more than they may, looking now and then, and at once where a disk fills fast.

    The first folder is where the process is noted that works in them: files that it and those below it hold open count when
    they have no name any more. What cannot be looked at is taken for whatever a disk has lost since the watch began.
    """

    def __init__(self, folders: Sequence[Path], *, most: Taken, clock: Callable[[], float] = time.monotonic) -> None:
        self._folders, self._most, self._clock = folders, most, clock
        self._looked = self._counted = clock()
        self._began = self._free = self._free_now()
        self.exceeded = False

    def look(self) -> bool:
        """Whether they take too much, as far as was seen."""
        now = self._clock()
        if self.exceeded or now - self._looked < _LOOK:
            return self.exceeded
        self._looked = now
        half = Taken(self._most.bytes // 2, self._most.files // 2)
        if now - self._counted >= _COUNT or self._lost_since(self._free, more_than=half):
            found = self._found()
            self._counted, self._free = self._clock(), self._free_now()
            lost = found.hidden and self._lost_since(self._began, more_than=self._most)
            self.exceeded = lost or found.beyond(self._most)
        return self.exceeded

    def _found(self) -> Taken:
        named = taken(self._folders, most=self._most)
        note = self._folders[0] / NOTE
        process = noted(note)
        if process is None or named.beyond(self._most):
            return named
        nameless = Nameless(process)
        devices = set[int]()
        # Of a file as well, which not all file systems give the number of its folder.
        for one in (*self._folders, note):
            with suppress(OSError):
                devices.add(one.stat().st_dev)
        held = nameless.on(devices)
        size = sum(found.st_blocks for found in held) * _BLOCK
        return Taken(named.bytes + size, named.files + len(held), named.hidden or nameless.hidden)

    def _lost_since(self, before: Mapping[Path, Taken], *, more_than: Taken) -> bool:
        return any(
            Taken(before[folder].bytes - now.bytes, before[folder].files - now.files).beyond(more_than)
            for folder, now in self._free_now().items()
            if folder in before
        )

    def _free_now(self) -> Mapping[Path, Taken]:
        free: dict[Path, Taken] = {}
        for folder in self._folders:
            with suppress(OSError):
                found = os.statvfs(folder)
                free[folder] = Taken(found.f_bavail * found.f_frsize, found.f_favail)
        return free
