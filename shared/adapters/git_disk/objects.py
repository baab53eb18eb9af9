"""Objects as they are stored: read one by one from one process, and what they say without git's help."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import IO, Final, NamedTuple

from shared.adapters.git_disk.batch import BROKEN, GitObject, ObjectTooLarge, WrongKind, next_object, skip
from shared.adapters.git_disk.git import Git
from shared.adapters.git_disk.streams import talking
from shared.ports.errors import Permanent, Transient

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
MOST_TREE: Final = 4 << 20  # bytes of one: a folder of 80,000 files whose names are of the usual length
MOST_TREES: Final = 1 << 27  # bytes of all together: more than a million files have
_MOST_KEPT: Final = 1 << 23
_MOST_NAME: Final = 255  # bytes, of every file system in use


class Entry(NamedTuple):
    """A line of a tree: its mode, one of those named here, and the id of what it names."""

    mode: int
    id: str


class GitFolder(NamedTuple):
    """What a tree says: what each name in it stands for, and names that no checkout can have, such as `..` or one twice.

    What git would not make is among the odd ones, and in place of what cannot be read stands a word.
    """

    entries: dict[bytes, Entry]
    odd: Collection[bytes]

    def is_odd(self, name: bytes) -> bool:
        """Whether a name is one of the odd ones, or may be."""
        return name[:_SHOWN] in self.odd or _REST in self.odd


class TooManyObjects(Permanent):
    """A tree is larger than what is read, by itself or with those before it; the message says how."""


class Objects:
    """Reads objects by id, or by what git finds under a name. Ids and names hold no line break.

    Whoever may push says how large a tree is and how many there are: one is read up to a bound, all together up to
    `most_trees` bytes, and a few MiB of them are kept.
    """

    def __init__(self, ask: IO[bytes], answer: IO[bytes], *, most_trees: int = MOST_TREES) -> None:
        self._ask, self._answer = ask, answer
        self._left = self._most = most_trees
        self._kept: dict[str, tuple[GitFolder, int]] = {}
        self._kept_bytes = 0
        self._looked: set[str] = set()
        self._unread = 0

    def read(self, name: str, *, most: int) -> GitObject | None:
        """Read an object, None where there is none; raise ObjectTooLarge without reading what has more than `most` bytes."""
        # Only now: nearly always nobody asks again, and what was too large need not come at all.
        skip(self._answer, self._unread)
        self._unread = 0
        self._ask.write(name.encode() + b"\n")
        self._ask.flush()
        try:
            return next_object(self._answer, name, most=most)
        except ObjectTooLarge as error:
            self._unread = error.size + 1
            raise

    def need(self, id: str, kind: str, *, most: int) -> bytes:
        """Read an object that another one names; raise Transient where the repository lacks it, WrongKind for another kind."""
        found = self.read(id, most=most)
        if found is None:
            raise Transient(f"object {id} is missing; {BROKEN}")
        if found.kind != kind:
            raise WrongKind(id, kind, found.kind)
        return found.content

    def tree(self, id: str) -> GitFolder:
        """Read a tree; raise TooManyObjects for one that is not read."""
        if id in self._kept:
            self._kept[id] = self._kept.pop(id)  # the one used last stays longest
            return self._kept[id][0]
        content = self._content(id)
        folder = parse_tree(content, len(id) // 2)
        self._kept[id] = folder, len(content)
        self._kept_bytes += len(content)
        while self._kept_bytes > _MOST_KEPT and len(self._kept) > 1:
            self._kept_bytes -= self._kept.pop(next(iter(self._kept)))[1]
        return folder

    def look(self, id: str, name: bytes) -> tuple[Entry | None, bool]:
        """Look a name up in a tree, and say whether it is odd. A tree that is asked for one name only is not kept."""
        if id in self._kept or id in self._looked:
            folder = self.tree(id)
        else:
            self._looked.add(id)
            folder = parse_tree(self._content(id), len(id) // 2, only=name)
        return folder.entries.get(name), folder.is_odd(name)

    def _content(self, id: str) -> bytes:
        try:
            content = self.need(id, "tree", most=MOST_TREE)
        except ObjectTooLarge as error:
            if error.kind != "tree":
                raise WrongKind(id, "tree", error.kind) from error
            raise TooManyObjects(
                f"has {error.size} bytes in its list of names, and {MOST_TREE} are read at most"
            ) from error
        self._left -= len(content)
        if self._left < 0:
            raise TooManyObjects(f"and those before it have more than {self._most} bytes in their lists of names")
        return content


_SHOWN = _MOST_NAME + 1  # bytes of an odd name that are kept
_NEVER = re.compile(rb"\.{1,2}|\.git|git~1|.*/.*", re.IGNORECASE | re.DOTALL)


def parse_tree(content: bytes, width: int, *, only: bytes | None = None) -> GitFolder:
    """Read a tree, whose ids have `width` bytes; with `only`, nothing is said of other names."""
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
        if only is None or name == only:
            # Git looks names up by their order: what is out of order is there for some commands and not for others.
            usable = mode <= _MOST_MODE and len(name) <= _MOST_NAME and not _NEVER.fullmatch(name)
            if usable and name not in entries and order > last:
                entries[name] = Entry(_canonical(mode), content[end:at].hex())
            else:
                odd[name[:_SHOWN]] = None
        last = max(last, order)
    for name in odd:
        entries.pop(name, None)
    return GitFolder(entries, odd.keys())


def _canonical(mode: int) -> int:
    kind = mode & _KIND
    if kind in (TREE, LINK, SUBMODULE):
        return kind
    # As git does it: what is neither a file nor any of these is a submodule to it.
    if kind != FILE & _KIND:
        return SUBMODULE
    return PROGRAM if mode & _EXECUTABLE else FILE


@contextmanager
def objects_of(git: Git, *, seconds: float, most_trees: int = MOST_TREES) -> Iterator[Objects]:
    """Have a process of git read objects for the block, and `most_trees` bytes of trees."""
    with talking(git, "cat-file", "--batch", seconds=seconds) as (ask, answer):
        yield Objects(ask, answer, most_trees=most_trees)
