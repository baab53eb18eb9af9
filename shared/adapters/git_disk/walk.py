"""Walks paths of a commit as a file system would follow them, by way of links, inside the repository.

Names are bytes here, as git keeps them; a path is a tuple of them, and the root has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

from shared.adapters.git_disk.batch import ObjectTooLarge
from shared.adapters.git_disk.commits import MOST_COMMIT, RawCommit
from shared.adapters.git_disk.git import text_of
from shared.adapters.git_disk.objects import LINK, SUBMODULE, TREE, Entry, GitFolder, Objects, TooManyObjects
from shared.ports.errors import Permanent

Parts = tuple[bytes, ...]

_UP: Final = b".."
_NOTHING: Final = (b"", b".")
_MOST_HOPS = 40  # as Linux follows, path_resolution(7)
_MOST_LINK = 4095  # bytes of a link's text, the most that Linux takes
_MOST_SHOWN = 1000
_MOST_STEPS: Final = 4_000_000  # of all walks in a commit: links may lead round and round through others
_DEEPEST: Final = 200
_LONGEST = 2000  # bytes; as deep as it may be, a path has to fit 4096 of them with a folder of ours before it


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


class GitTree:
    """The folders of one commit; `whose` names it. Raise Permanent where a folder is larger than what is read."""

    def __init__(self, objects: Objects, root: str, *, whose: str, most_steps: int = _MOST_STEPS) -> None:
        self.objects, self.root, self._whose = objects, Entry(TREE, root), whose
        self._steps, self._most_steps = 0, most_steps

    def walk(self, path: Parts) -> Way:
        """Follow a path and every link on it, the last part too."""
        return _Walk(self).go(path)

    def step(self) -> None:
        """Count a step of a walk; raise Permanent where there are too many."""
        self._steps += 1
        if self._steps > self._most_steps:
            raise Permanent(
                f"the links of {self._whose} lead through more than {self._most_steps} folders; use fewer links"
            )

    def text(self, link: Entry) -> bytes | None:
        """Where a link leads, as it is written; None for what no link on disk can hold."""
        try:
            text = self.objects.need(link.id, "blob", most=_MOST_LINK)
        except ObjectTooLarge:
            return None
        return None if b"\0" in text else text

    def folder(self, at: Parts, id: str) -> GitFolder:
        """Read the folder that lies at a path."""
        with self._named(at):
            return self.objects.tree(id)

    def look(self, at: Parts, id: str, name: bytes) -> tuple[Entry | None, bool]:
        """Look a name up in the folder that lies at a path, and say whether no checkout can have it."""
        with self._named(at):
            return self.objects.look(id, name)

    @contextmanager
    def _named(self, at: Parts) -> Iterator[None]:
        try:
            yield
        except TooManyObjects as error:
            where = f"the folder {shown(at)}" if at else "the root"
            raise Permanent(f"{where} of {self._whose} {error}; have fewer files in one folder") from error


def tree_of(objects: Objects, commit: str, whose: str) -> GitTree | None:
    """The folders of a commit; None where there is none. Raise Permanent for one that is not as git writes it."""
    try:
        found = objects.read(commit, most=MOST_COMMIT)
    except ObjectTooLarge as large:
        raise Permanent(f"{whose} has {large.size} bytes, and {MOST_COMMIT} are read; commit it anew") from large
    if found is None or found.kind != "commit":
        return None
    root = RawCommit(found.content).tree
    if not root:
        raise Permanent(f"{whose} names no tree; commit anew with git itself")
    return GitTree(objects, root, whose=whose)


def shown(path: Parts) -> str:
    """A path as it is shown to people."""
    return text_of(b"/".join(path)[:_MOST_SHOWN])


def fits(path: Parts) -> bool:
    """Whether a folder at a path can be on disk."""
    return len(path) <= _DEEPEST and sum(map(len, path)) + len(path) <= _LONGEST


def shortened(path: Parts) -> Parts:
    """Return a path as far as it can be on disk and a little further, so that it is seen that it cannot be there."""
    size = 0
    for number, name in enumerate(path):
        size += len(name) + 1
        if number >= _DEEPEST or size > _LONGEST:
            return path[: number + 2]
    return path


class _Walk:
    """One walk: `_stack` is where it is, each folder with whether a link's text named it; `_todo` is still to go."""

    def __init__(self, tree: GitTree) -> None:
        self._tree = tree
        self._stack: list[tuple[bytes, Entry | None, bool]] = []
        self._todo: list[tuple[bytes, bool]] = []
        self._way = Way(links=[], passed=[], at=(), entry=None, end=End.THERE)

    def go(self, path: Parts) -> Way:
        self._todo = [(name, False) for name in reversed(path)]
        way = self._way
        while self._todo and way.end is not End.OUTSIDE:
            if not fits(self._at()):
                self._lost(End.ODD)
                break
            self._tree.step()
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
        entry, odd = self._tree.look(self._at(), here.id, name)
        if entry is None:
            self._lost(End.ODD if odd else End.MISSING)
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
