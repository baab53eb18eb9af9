"""Names of files, read while git prints them, so that a commit of endless files ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from shared.adapters.git_disk.git import Git, text_of
from shared.adapters.git_disk.objects import TREE
from shared.adapters.git_disk.streams import piped, records
from shared.adapters.git_disk.walk import Tree
from shared.ports.errors import Permanent

_LINK = b"120000 "


def records_of(git: Git, *command: str, most: int, seconds: float) -> list[bytes]:
    """Return what a command prints with -z; raise Permanent for more than `most`."""
    with piped(git, command, seconds=seconds) as out:
        found = list(islice(records(out, b"\0"), most + 1))
    if len(found) > most:
        raise Permanent(f"git {command[0]} names more than {most} files; use less of the repository")
    return found


def named(lines: Sequence[bytes], tree: Tree) -> Iterator[str]:
    """Return the names in what ls-tree printed; that of a link which leads to a folder ends in `/`."""
    for line in lines:
        head, _, name = line.partition(b"\t")
        if head.startswith(_LINK):
            entry = tree.walk(tuple(name.split(b"/"))).entry
            yield text_of(name) + ("/" if entry is not None and entry.mode == TREE else "")
        else:
            yield text_of(name)
