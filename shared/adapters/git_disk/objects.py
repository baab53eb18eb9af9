"""Objects as they are stored: read one by one from one process, and what they say without git's help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final, NamedTuple

from shared.adapters.git_disk.git import Git, GitObject
from shared.adapters.git_disk.streams import talking
from shared.ports.errors import Permanent, Transient

_FOUND = re.compile(rb"[0-9a-f]{40,64} (blob|tree|commit|tag) ([0-9]+)\n")
_ENTRY = re.compile(rb"([0-7]{5,6}) ([^\0]+)\0")

TREE: Final = 0o040000
LINK: Final = 0o120000
SUBMODULE: Final = 0o160000
PROGRAM: Final = 0o100755
FILE: Final = 0o100644
_BLOCK: Final = 1 << 16
_BROKEN: Final = "the repository is broken, or a partial clone: run git fetch --refetch there"
_KIND: Final = 0o170000
_EXECUTABLE: Final = 0o100


class Entry(NamedTuple):
    """A line of a tree: its mode, one of those named here, and the id of what it names."""

    mode: int
    id: str


class TooLarge(Permanent):
    """An object has more bytes than somebody wants to read; `size` says how many."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__(f"object {name} has {size} bytes")
        self.size = size


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

    def need(self, id: str, *, most: int) -> bytes:
        """Read an object that another one names; raise Transient where the repository lacks it."""
        found = self.read(id, most=most)
        if found is None:
            raise Transient(f"object {id} is missing; {_BROKEN}")
        return found.content

    def tree(self, id: str) -> dict[bytes, Entry]:
        """Read a tree: what each name in it stands for. What git would not make is left out, see `odd`."""
        if id not in self._trees:
            self._trees[id], self._odd[id] = parse_tree(self.need(id, most=_MOST_TREE), len(id) // 2)
        return self._trees[id]

    def odd(self, id: str) -> tuple[bytes, ...]:
        """Names in a tree that no checkout can have: `..`, `.git`, what comes twice or is too long."""
        self.tree(id)
        return self._odd[id]


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
            odd[content[at : at + _MOST_NAME]] = None
            break
        mode, name, end = int(found[1], 8), found[2], found.end()
        at = end + width
        order = name + b"/" if mode & _KIND == TREE else name
        # Git looks names up by their order: what is out of order is there for some commands and not for others.
        if _NEVER.fullmatch(name) or len(name) > _MOST_NAME or name in entries or order <= last:
            odd[name] = None
            continue
        last = order
        entries[name] = Entry(_canonical(mode), content[end:at].hex())
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


def next_object(answer: IO[bytes], name: str, *, most: int) -> GitObject | None:
    """Read what cat-file --batch answers next."""
    header = answer.readline()
    if not header:
        raise EOFError
    there = _FOUND.fullmatch(header)
    if there is None:
        return None
    size = int(there[2])
    if size > most:
        skip(answer, size + 1)
        raise TooLarge(name, size)
    content = answer.read(size)
    if len(content) != size or answer.read(1) != b"\n":
        raise EOFError
    return GitObject(there[1].decode(), content)


def copy_object(answer: IO[bytes], name: str, into: IO[bytes], *, most: int) -> int:
    """Write what cat-file --batch answers next into a file and return its size; raise TooLarge, Transient where it is missing."""
    header = answer.readline()
    if not header:
        raise EOFError
    there = _FOUND.fullmatch(header)
    if there is None:
        raise Transient(f"object {name} is missing; {_BROKEN}")
    size = left = int(there[2])
    if size > most:
        raise TooLarge(name, size)
    while left > 0:
        block = answer.read(min(left, _BLOCK)) or _end()
        into.write(block)
        left -= len(block)
    skip(answer, 1)
    return size


def skip(answer: IO[bytes], size: int) -> None:
    """Read over what nobody wants."""
    while size > 0:
        size -= len(answer.read(min(size, _BLOCK)) or _end())


def _end() -> bytes:
    raise EOFError


@contextmanager
def objects_of(git: Git, *, seconds: float) -> Iterator[Objects]:
    """Have a process of git read objects for the block."""
    with talking(git, "cat-file", "--batch", seconds=seconds) as (ask, answer):
        yield Objects(ask, answer)
