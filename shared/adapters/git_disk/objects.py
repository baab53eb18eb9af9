"""Objects as they are stored: read one by one from one process, and what they say without git's help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, NamedTuple

from shared.adapters.git_disk.batch import BROKEN, GitObject, WrongKind, next_object
from shared.adapters.git_disk.git import Git
from shared.adapters.git_disk.streams import talking
from shared.ports.errors import Transient

_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0")

TREE: Final = 0o040000
LINK: Final = 0o120000
SUBMODULE: Final = 0o160000
PROGRAM: Final = 0o100755
FILE: Final = 0o100644
_KIND: Final = 0o170000
_EXECUTABLE: Final = 0o100
_MOST_MODE: Final = 0o177777  # of more, versions of git keep different parts
_REST: Final = b"(what cannot be read)"


class Entry(NamedTuple):
    """A line of a tree: its mode, one of those named here, and the id of what it names."""

    mode: int
    id: str


class Objects:
    """Reads objects by id, or by what git finds under a name. Ids and names hold no line break."""

    def __init__(self, ask: IO[bytes], answer: IO[bytes]) -> None:
        self._ask, self._answer = ask, answer
        self._trees: dict[str, dict[bytes, Entry]] = {}
        self._odd: dict[str, tuple[bytes, ...]] = {}

    def read(self, name: str, *, most: int) -> GitObject | None:
        """Read an object, None where there is none; raise TooLarge without reading what has more than `most` bytes."""
        self._ask.write(name.encode() + b"\n")
        self._ask.flush()
        return next_object(self._answer, name, most=most)

    def need(self, id: str, kind: str, *, most: int) -> bytes:
        """Read an object that another one names; raise Transient where the repository lacks it, WrongKind for another kind."""
        found = self.read(id, most=most)
        if found is None:
            raise Transient(f"object {id} is missing; {BROKEN}")
        if found.kind != kind:
            raise WrongKind(id, kind, found.kind)
        return found.content

    def tree(self, id: str) -> dict[bytes, Entry]:
        """Read a tree: what each name in it stands for. What git would not make is left out, see `odd`."""
        if id not in self._trees:
            self._trees[id], self._odd[id] = parse_tree(self.need(id, "tree", most=_MOST_TREE), len(id) // 2)
        return self._trees[id]

    def odd(self, id: str) -> tuple[bytes, ...]:
        """Names in a tree that no checkout can have: `..`, `.git`, what comes twice or is too long, what git cannot read."""
        self.tree(id)
        return self._odd[id]

    def is_odd(self, id: str, name: bytes) -> bool:
        """Whether a name is one of those, or may be."""
        return name in self.odd(id) or _REST in self.odd(id)


_MOST_TREE = 1 << 28
_MOST_NAME = 255  # bytes, of every file system in use
_NEVER = re.compile(rb"\.{1,2}|\.git|git~1|.*/.*", re.IGNORECASE | re.DOTALL)


def parse_tree(content: bytes, width: int) -> tuple[dict[bytes, Entry], tuple[bytes, ...]]:
    """Return the entries of a tree, whose ids have `width` bytes, and the names that cannot be on a disk."""
    entries: dict[bytes, Entry] = {}
    odd: dict[bytes, None] = {}
    at = 0
    last = b""
    while at < len(content):
        found = _ENTRY.match(content, at)
        if found is None or found.end() + width > len(content):
            odd[_REST] = None
            break
        mode, name, end = int(found[1], 8), found[2], found.end()
        at = end + width
        order = name + b"/" if mode & _KIND == TREE else name
        # Git looks names up by their order: what is out of order is there for some commands and not for others.
        usable = mode <= _MOST_MODE and len(name) <= _MOST_NAME and not _NEVER.fullmatch(name)
        if usable and name not in entries and order > last:
            entries[name] = Entry(_canonical(mode), content[end:at].hex())
        else:
            odd[name] = None
        last = max(last, order)
    for name in odd:
        entries.pop(name, None)
    return entries, tuple(odd)


def _canonical(mode: int) -> int:
    kind = mode & _KIND
    if kind in (TREE, LINK, SUBMODULE):
        return kind
    # As git does it: what is neither a file nor any of these is a submodule to it.
    if kind != FILE & _KIND:
        return SUBMODULE
    return PROGRAM if mode & _EXECUTABLE else FILE


@contextmanager
def objects_of(git: Git, *, seconds: float) -> Iterator[Objects]:
    """Have a process of git read objects for the block."""
    with talking(git, "cat-file", "--batch", seconds=seconds) as (ask, answer):
        yield Objects(ask, answer)
