"""Files that have no name any more and take room as long as a process holds them: what no look into folders finds."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress

from shared.adapters.local_build.supervise import below

_DELETED = " (deleted)"
# What is mapped under such names is memory, not a disk.
_MEMORY = ("/dev/zero", "/dev/shm/", "/memfd:", "/SYSV")
_IO_URING = "anon_inode:[io_uring]"
_GONE = (FileNotFoundError, ProcessLookupError)


class Nameless:
    """Files without a name, of all disks and of memory, each once. `hidden`: something may hold more than can be seen."""

    def __init__(self, root: int) -> None:
        self._files: dict[tuple[int, int], os.stat_result] = {}
        self.hidden = False
        for pid in below(root):
            self._of_process(f"/proc/{pid}")

    def on(self, devices: set[int]) -> list[os.stat_result]:
        """Those that lie on these disks."""
        return [found for (device, _), found in self._files.items() if device in devices]

    def _of_process(self, process: str) -> None:
        mapped: list[str] = []
        # A thread may have files of its own, and outlive the first one.
        for task in self._names(f"{process}/task"):
            place = f"{process}/task/{task}"
            for number in self._names(f"{place}/fd"):
                self._descriptor(place, number)
            mapped = mapped or self._lines(f"{place}/maps")
        for area, file in _nameless_areas(mapped):
            # Who is not root is not let look there.
            if file not in self._files:
                self._add(f"{process}/map_files/{area}")

    def _descriptor(self, place: str, number: str) -> None:
        found = self._add(f"{place}/fd/{number}")
        if found is None:
            return
        if stat.S_ISSOCK(found.st_mode):
            # What was sent to it and not yet received is in no process's hands.
            waiting = [
                line.split()[1] for line in self._lines(f"{place}/fdinfo/{number}") if line.startswith("scm_fds:")
            ]
            self.hidden |= waiting not in ([], ["0"])
        elif not stat.S_IFMT(found.st_mode):
            with suppress(*_GONE):
                # It may keep files that were closed.
                self.hidden |= os.readlink(f"{place}/fd/{number}") == _IO_URING

    def _add(self, link: str) -> os.stat_result | None:
        try:
            found = os.stat(link)
        except _GONE:
            return None
        except OSError:
            self.hidden = True
            return None
        if stat.S_ISREG(found.st_mode) and not found.st_nlink:
            self._files[found.st_dev, found.st_ino] = found
        return found

    def _names(self, folder: str) -> list[str]:
        try:
            return os.listdir(folder)
        except _GONE:
            return []
        except OSError:
            self.hidden = True
            return []

    def _lines(self, file: str) -> list[str]:
        try:
            with open(file, errors="surrogateescape") as opened:
                return opened.read().splitlines()
        except _GONE:
            return []
        except OSError:
            self.hidden = True
            return []


def _nameless_areas(mapped: list[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Which parts of memory show files without a name, by disk and number."""
    for line in mapped:
        # proc(5): area, rights, offset, device, inode, name.
        parts = line.split(maxsplit=5)
        if line.endswith(_DELETED) and len(parts) == 6 and not parts[5].startswith(_MEMORY):
            start, end = (f"{int(one, 16):x}" for one in parts[0].split("-"))
            major, minor = (int(one, 16) for one in parts[3].split(":"))
            yield f"{start}-{end}", (os.makedev(major, minor), int(parts[4]))
