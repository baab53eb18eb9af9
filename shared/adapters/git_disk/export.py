"""Writes what a commit's tree holds: blobs byte for byte, without attributes and filters, and links that stay inside."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from shared.adapters.git_disk.batch import copy_object
from shared.adapters.git_disk.git import Git
from shared.adapters.git_disk.objects import PROGRAM, Entry
from shared.adapters.git_disk.reach import Reach
from shared.adapters.git_disk.streams import piped, records
from shared.adapters.git_disk.used import ids_file
from shared.adapters.git_disk.walk import Parts
from shared.ports.errors import Permanent

_BLOCK = 4096


def write(git: Git, reach: Reach, into: Path, *, whose: str, most_bytes: int, seconds: float) -> None:
    """Write what was reached below `into`; raise Permanent where `whose` commit takes more of the disk, before anything is written."""
    # Each file, link and folder takes a block at the least.
    blocks = _folders((*reach.files, *reach.links)) + len(reach.links)
    blocks += sum(max(1, -(-each // _BLOCK)) for each in _sizes(git, reach.files, seconds=seconds))
    size = blocks * _BLOCK
    if size > most_bytes:
        raise Permanent(
            f"{whose} takes {size >> 20} MiB of the disk with its {len(reach.files)} files, and a build has "
            f"{most_bytes >> 20} MiB; take out of the repository what it does not need, or raise SLIPWAY_BUILD_DISK_MIB"
        )
    into.mkdir(parents=True, exist_ok=True)
    folder = os.fsencode(into.resolve())
    made = {folder}
    _write_files(git, reach.files, folder, made, seconds=seconds)
    # Only after all files, so that none is written through a link.
    left_out = reach.outside | reach.odd
    for link, text in sorted(reach.links.items()):
        if link not in left_out:
            path = _place(folder, link, made)
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink(text, path)


def _folders(paths: Iterable[Parts]) -> int:
    """Count the folders around paths, each once."""
    known: set[Parts] = set()
    for path in paths:
        while (path := path[:-1]) and path not in known:
            known.add(path)
    return len(known)


def _sizes(git: Git, files: Mapping[Parts, Entry], *, seconds: float) -> Iterator[int]:
    """Say how many bytes each file has; what is missing is named by whoever writes it."""
    command = ("cat-file", "--batch-check=%(objectsize)", "--buffer")
    with ids_file(entry.id for entry in files.values()) as asked:
        with piped(git, command, input=asked, seconds=seconds) as answers:
            for line in records(answers, b"\n"):
                yield int(line) if line.isdigit() else 0


def _write_files(git: Git, files: Mapping[Parts, Entry], folder: bytes, made: set[bytes], *, seconds: float) -> None:
    if not files:
        return
    command = ("cat-file", "--batch", "--buffer")
    # In the order of paths, as packs mostly have them.
    with ids_file(entry.id for entry in files.values()) as asked:
        with piped(git, command, input=asked, seconds=seconds) as answers:
            for path, entry in files.items():
                _write_file(answers, _place(folder, path, made), entry)


def _write_file(answers: IO[bytes], path: bytes, entry: Entry) -> None:
    mode = 0o755 if entry.mode == PROGRAM else 0o644
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        copy_object(answers, entry.id, file)
        os.fchmod(file.fileno(), mode)


def _place(folder: bytes, path: Parts, made: set[bytes]) -> bytes:
    around = b"/".join((folder, *path[:-1]))
    if around not in made:
        os.makedirs(around, exist_ok=True)
        made.add(around)
    return around + b"/" + path[-1]
