"""What paths of a commit lead to: folders, files and links as a file system would follow them, inside the repository.

Names are bytes here, as git keeps them; a path is a tuple of them, and the root has none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final

from shared.adapters.git_disk.batch import TooLarge
from shared.adapters.git_disk.objects import LINK, SUBMODULE, TREE, Entry, Objects
from shared.ports.errors import Permanent

Parts = tuple[bytes, ...]

_UP: Final = b".."
_NOTHING: Final = (b"", b".")
_MOST_HOPS = 40  # as Linux follows, path_resolution(7)
_MOST_LINK = 4095  # bytes of a link's text, the most that Linux takes
_DEEPEST, _LONGEST = 200, 2000  # a path in folders and bytes: with a folder of ours before it, it has to fit 4096


class End(Enum):
    """How a walk ended."""

    THERE = "there"
    MISSING = "missing"
    OUTSIDE = "outside"
    SUBMODULE = "submodule"
    ODD = "odd"


@dataclass(slots=True)
class Way:
    """How a path was walked: the links met, folders that links went through and left again, where it ended.

    `at` is a path without links, as far as it is there. `submodule` is the one that the rest of the way lies in.
    """

    links: list[Parts]
    passed: list[Parts]
    at: Parts
    entry: Entry | None
    end: End
    submodule: Parts = ()


class Tree:
    """The folders of one commit."""

    def __init__(self, objects: Objects, root: str) -> None:
        self.objects, self.root = objects, Entry(TREE, root)

    def walk(self, path: Parts) -> Way:
        """Follow a path and every link on it, the last part too."""
        return _Walk(self).go(path)

    def text(self, link: Entry) -> bytes | None:
        """Where a link leads, as it is written; None for what no link on disk can hold."""
        try:
            text = self.objects.need(link.id, "blob", most=_MOST_LINK)
        except TooLarge:
            return None
        return None if b"\0" in text else text


class _Walk:
    """One walk: `_stack` is where it is, each folder with whether a link's text named it; `_todo` is still to go."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._stack: list[tuple[bytes, Entry | None, bool]] = []
        self._todo: list[tuple[bytes, bool]] = []
        self._way = Way(links=[], passed=[], at=(), entry=None, end=End.THERE)

    def go(self, path: Parts) -> Way:
        self._todo = [(name, False) for name in reversed(path)]
        way = self._way
        while self._todo and way.end is not End.OUTSIDE:
            name, by_link = self._todo.pop()
            here = self._here()
            if name in (_UP, *_NOTHING) and (here is None or here.mode != TREE):
                self._lost_at(here)  # a file is no folder, whatever is asked of it
            if name == _UP:
                self._up()
            elif name not in _NOTHING:
                self._down(name, by_link)
        way.at = self._at()
        way.entry = self._here() if way.end is End.THERE else None
        return way

    def _at(self) -> Parts:
        return tuple(name for name, _, _ in self._stack)

    def _here(self) -> Entry | None:
        return self._stack[-1][1] if self._stack else self._tree.root

    def _up(self) -> None:
        if not self._stack:
            self._way.end = End.OUTSIDE
            return
        if self._stack[-1][2]:
            # What a folder is decides where its `..` leads: a link in its place would lead elsewhere.
            self._way.passed.append(self._at())
        self._stack.pop()

    def _down(self, name: bytes, by_link: bool) -> None:
        here = self._here()
        if self._way.end is not End.THERE or here is None or here.mode != TREE:
            self._lost_at(here)
            self._stack.append((name, None, by_link))
            return
        entry = self._tree.objects.tree(here.id).get(name)
        if entry is None:
            self._lost(End.ODD if self._tree.objects.is_odd(here.id, name) else End.MISSING)
        if entry is None or entry.mode != LINK:
            self._stack.append((name, entry, by_link))
            return
        self._follow((*self._at(), name), entry)

    def _follow(self, link: Parts, entry: Entry) -> None:
        way = self._way
        way.links.append(link)
        text = self._tree.text(entry)
        if text is None or text.startswith(b"/"):
            way.end = End.OUTSIDE
        elif not text or len(way.links) > _MOST_HOPS:
            # Links that go round in circles lead nowhere.
            self._lost(End.MISSING)
            self._stack.append((link[-1], None, False))
        else:
            self._todo += [(part, True) for part in reversed(text.split(b"/"))]

    def _lost_at(self, here: Entry | None) -> None:
        if self._way.end is End.THERE and here is not None and here.mode == SUBMODULE:
            self._way.submodule = self._at()
            self._lost(End.SUBMODULE)
        self._lost(End.MISSING)

    def _lost(self, end: End) -> None:
        # The first reason stays; the rest of the way is walked by its names alone, for it may lead out still.
        if self._way.end is End.THERE:
            self._way.end = end


class Reach:
    """Everything that some paths lead to: what is named by it, and what lies there.

    `plain` are trees known to hold nothing but files to any depth; they are not read again unless files are wanted.
    """

    def __init__(self, tree: Tree, *, most: int, plain: Collection[str] = (), files: bool = True) -> None:
        self._tree, self._most, self._known, self._want_files = tree, most, plain, files
        self._seen: set[Parts] = set()
        self._walked: set[Parts] = set()
        self._pending: list[Parts] = []
        self._count = 0
        self.named: set[Parts] = set()
        self.folders: set[Parts] = set()
        self.files: dict[Parts, Entry] = {}
        self.links: dict[Parts, bytes] = {}
        self.outside: set[Parts] = set()
        self.submodules: set[Parts] = set()
        self.odd: set[Parts] = set()
        self.plain: set[str] = set()

    def add(self, path: Parts) -> Way:
        """Add a path, what it leads to, and what everything below that leads to."""
        way = self._one(path)
        while self._pending:
            self._one(self._pending.pop())
        return way

    def _one(self, path: Parts) -> Way:
        way = self._tree.walk(path)
        self.named |= {path, *way.links, *way.passed}
        for link in way.links:
            self._link(link)
        if way.end is End.OUTSIDE:
            # Which of the links leads out is found where each is walked alone.
            self.outside |= {path} & set(way.links)
            return way
        self.named.add(way.at)
        if way.end is End.SUBMODULE:
            self.submodules.add(way.submodule)
        elif way.end is End.ODD:
            self.odd.add(way.at)
        elif way.entry is not None:
            self.folders |= {way.at} if way.entry.mode == TREE else set()
            self._take(way.at, way.entry)
        return way

    def _link(self, link: Parts) -> None:
        self._later(link)
        if link not in self.links:
            entry = self._entry(link)
            text = self._tree.text(entry) if entry is not None else None
            self.links[link] = text or b""
            if text == b"":
                self.odd.add(link)

    def _later(self, link: Parts) -> None:
        if link not in self._walked:
            self._walked.add(link)
            self._pending.append(link)

    def _entry(self, path: Parts) -> Entry | None:
        entry: Entry | None = self._tree.root
        for name in path:
            entry = self._tree.objects.tree(entry.id).get(name) if entry is not None else None
        return entry

    def _take(self, path: Parts, entry: Entry) -> bool:
        """Take in what lies at a path without links; say whether there is nothing but files."""
        if entry.mode == SUBMODULE:
            self.submodules.add(path)
            return False
        if entry.mode == LINK:
            self._later(path)
            return False
        if entry.mode != TREE:
            self.files[path] = entry
            return True
        return self._folder(path, entry.id)

    def _folder(self, path: Parts, id: str) -> bool:
        if path in self._seen:
            return False
        self._seen.add(path)
        if len(path) > _DEEPEST or sum(map(len, path)) + len(path) > _LONGEST:
            self.odd.add(path)
            return False
        if not self._want_files and id in self._known:
            return True
        entries, odd = self._tree.objects.tree(id), self._tree.objects.odd(id)
        self._count += len(entries) + 1
        if self._count > self._most:
            raise Permanent(
                f"the commit has more than {self._most} files and folders in what is used of it; use less of the repository"
            )
        self.odd |= {(*path, name) for name in odd}
        plain = not odd
        for name, entry in entries.items():
            plain = self._take((*path, name), entry) and plain
        if plain:
            self.plain.add(id)
        return plain
