"""Folders of a chart copied file by file: links are followed as far as they stay inside, and named where they don't."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from shared.ports.errors import Permanent

MOST_FILES, MOST_BYTES = 10_000, 100 * 1024 * 1024  # Helm itself takes no more bytes of a chart


class Copying:
    """Copies what belongs to one chart; `root` is how far links may lead, without one the folder above."""

    def __init__(self, chart: str, root: Path | None) -> None:
        self._chart, self._root = chart, root.resolve() if root else None
        self._inside = self._root or Path()
        self._files = self._bytes = 0

    def copy(self, folder: Path, to: Path) -> None:
        """Copy a folder; raise Permanent for what cannot go along."""
        self._inside = self._root or folder.parent.resolve()
        self._folder(self._followed(folder, folder), to, folder, ())

    def _folder(self, real: Path, to: Path, shown: Path, above: tuple[Path, ...]) -> None:
        if real in above:
            raise self._no(shown, "is a link to a folder that holds it")
        to.mkdir(parents=True, exist_ok=True)
        for entry in sorted(os.scandir(real), key=lambda one: one.name):
            place, target = shown / entry.name, to / entry.name
            found = self._followed(Path(entry.path), place)
            kind = found.stat().st_mode
            if stat.S_ISDIR(kind):
                self._folder(found, target, place, (*above, real))
            elif stat.S_ISREG(kind):
                self._count(found, place)
                shutil.copyfile(found, target)
            else:
                raise self._no(place, "is neither a file nor a folder")

    def _followed(self, path: Path, shown: Path) -> Path:
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise self._no(shown, "is a symbolic link to nothing, or to itself") from error
        if not real.is_relative_to(self._inside):
            link = "is a symbolic link that leads" if shown.is_symlink() else "is"
            raise self._no(shown, f"{link} out of the repository; put the file itself there")
        return real

    def _count(self, path: Path, shown: Path) -> None:
        self._files, self._bytes = self._files + 1, self._bytes + path.stat().st_size
        if self._files > MOST_FILES or self._bytes > MOST_BYTES:
            raise self._no(
                shown, f"is one too many: a chart has {MOST_FILES} files and {MOST_BYTES >> 20} MiB at the most"
            )

    def _no(self, shown: Path, problem: str) -> Permanent:
        return Permanent(f"chart {self._chart}: {os.path.relpath(shown, self._inside)} {problem}")
