"""Names of files, read while git prints them, so that a commit of endless files ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.adapters.git_disk.git import Git, text_of
from shared.adapters.git_disk.objects import TREE
from shared.adapters.git_disk.streams import piped, records
from shared.adapters.git_disk.walk import GitTree
from shared.ports.errors import Permanent

_LINK = b"120000 "
_USUAL = 200  # bytes of a path, on average


def records_of(git: Git, *command: str, most: int, seconds: float) -> list[bytes]:
    """Return what a command prints with -z; raise Permanent for more than `most`, or as many of great length."""
    found: list[bytes] = []
    left = most * _USUAL
    with piped(git, command, seconds=seconds) as out:
        for record in records(out, b"\0"):
            found.append(record)
            left -= len(record)
            if len(found) > most or left < 0:
                break
    if len(found) > most:
        raise Permanent(f"git {command[0]} names more than {most} files; use less of the repository")
    if left < 0:
        raise Permanent(f"git {command[0]} names files in more than {most * _USUAL} bytes; use shorter paths")
    return found


def named(lines: Sequence[bytes], tree: GitTree) -> Iterator[str]:
    """Return the names in what ls-tree printed; that of a link which leads to a folder ends in `/`."""
    for line in lines:
        head, _, name = line.partition(b"\t")
        if head.startswith(_LINK):
            entry = tree.walk(tuple(name.split(b"/"))).entry
            yield text_of(name) + ("/" if entry is not None and entry.mode == TREE else "")
        else:
            yield text_of(name)
