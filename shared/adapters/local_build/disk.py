"""How much of the disk folders of a change's own take, and how they are removed, whatever lies in them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

# Of files and folders: an inode each, of which a disk has no end of neither.
MOST_FILES: Final = 1_000_000
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
    size = files = 0
    hidden = False
    left = [os.fspath(one) for one in folders if one.is_dir() and not one.is_symlink()]
    seen: set[tuple[int, int]] = set()
    while left and not Taken(size, files).beyond(most):
        try:
            for path, found in _inside(left.pop()):
                if stat.S_ISDIR(found.st_mode):
                    left.append(path)
                elif found.st_nlink > 1:
                    if (found.st_dev, found.st_ino) in seen:
                        continue
                    seen.add((found.st_dev, found.st_ino))
                files += 1
                size += found.st_blocks * _BLOCK
        except FileNotFoundError:
            continue  # somebody works there
        except OSError:
            hidden = True
    return Taken(size, files, hidden)


def _inside(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                yield entry.path, entry.stat(follow_symlinks=False)


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

    What cannot be looked at is taken for whatever the disk has lost since the watch began.
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
        if now - self._counted >= _COUNT or self._free - self._free_now() > self._most.bytes // 2:
            found = taken(self._folders, most=self._most)
            self._counted, self._free = self._clock(), self._free_now()
            lost = found.hidden and self._began - self._free > self._most.bytes
            self.exceeded = lost or found.beyond(self._most)
        return self.exceeded

    def _free_now(self) -> int:
        return shutil.disk_usage(self._folders[0]).free
