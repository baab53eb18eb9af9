"""Anchors as files that are read-only: against accidents, and whoever has only the database in hand.

Nobody is kept out who owns the folder; what that takes is another machine (azure_storage/anchors.py).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.ports.anchors import AnchorTaken
from shared.ports.errors import NotFound
from shared.ports.store import StoreUnavailable

_UNFINISHED = "."


class AnchorFiles:
    """One file for each, in a folder that is made when the first is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        """See Anchors. The file has its name when it is whole and on the disk, and not before."""
        with _failures_named(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, made = tempfile.mkstemp(prefix=_UNFINISHED, dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fchmod(file.fileno(), 0o400)
                    os.fsync(file.fileno())
                os.link(made, self._folder / name)
            except FileExistsError as error:
                raise AnchorTaken(f"anchor {name} is there already") from error
            finally:
                os.unlink(made)

    def newest(self, *, most: int, up_to: str = "") -> Sequence[str]:
        """See Anchors."""
        with _failures_named(self._folder):
            found = os.listdir(self._folder) if self._folder.exists() else []
        names = (one for one in found if not one.startswith(_UNFINISHED) and (not up_to or one <= up_to))
        return sorted(names, reverse=True)[:most]

    def get(self, name: str) -> bytes:
        """See Anchors."""
        with _failures_named(self._folder):
            try:
                return (self._folder / name).read_bytes()
            except FileNotFoundError as error:
                raise NotFound(f"there is no anchor {name} in {self._folder}") from error


@contextmanager
def _failures_named(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"anchors in {folder} cannot be kept or read: {error}; look at the folder") from error
