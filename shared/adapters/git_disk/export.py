"""Writes what a commit's tree holds: blobs byte for byte, without attributes and filters, and links that stay inside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from shared.adapters.git_disk.batch import TooLarge, copy_object
from shared.adapters.git_disk.git import Git
from shared.adapters.git_disk.objects import PROGRAM, Entry
from shared.adapters.git_disk.reach import Parts, Reach
from shared.adapters.git_disk.streams import piped
from shared.adapters.git_disk.used import ids_file
from shared.ports.errors import Permanent


def write(git: Git, reach: Reach, into: Path, *, most_bytes: int, seconds: float) -> None:
    """Write what was reached below `into`; raise Permanent for more bytes than that."""
    into.mkdir(parents=True, exist_ok=True)
    folder = os.fsencode(into.resolve())
    made = {folder}
    _write_files(git, reach.files, folder, made, most_bytes=most_bytes, seconds=seconds)
    # Only after all files, so that none is written through a link.
    left_out = reach.outside | reach.odd
    for link, text in sorted(reach.links.items()):
        if link not in left_out:
            path = _place(folder, link, made)
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink(text, path)


def _write_files(
    git: Git, files: Mapping[Parts, Entry], folder: bytes, made: set[bytes], *, most_bytes: int, seconds: float
) -> None:
    if not files:
        return
    left = most_bytes
    command = ("cat-file", "--batch", "--buffer")
    # In the order of paths, as packs mostly have them.
    with ids_file(entry.id for entry in files.values()) as asked:
        with piped(git, command, input=asked, seconds=seconds) as answers:
            for path, entry in files.items():
                try:
                    left -= _write_file(answers, _place(folder, path, made), entry, left)
                except TooLarge as large:
                    raise Permanent(
                        f"what is used of the commit has more than {most_bytes} bytes; use less of the repository"
                    ) from large


def _write_file(answers: IO[bytes], path: bytes, entry: Entry, left: int) -> int:
    mode = 0o755 if entry.mode == PROGRAM else 0o644
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        size = copy_object(answers, entry.id, file, most=left)
        os.fchmod(file.fileno(), mode)
    return size


def _place(folder: bytes, path: Parts, made: set[bytes]) -> bytes:
    around = b"/".join((folder, *path[:-1]))
    if around not in made:
        os.makedirs(around, exist_ok=True)
        made.add(around)
    return around + b"/" + path[-1]
