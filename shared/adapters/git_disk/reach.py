"""What paths of a commit lead to: folders, files and links, and what lies below them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from shared.adapters.git_disk.objects import LINK, SUBMODULE, TREE, Entry
from shared.adapters.git_disk.walk import End, GitTree, Parts, Way, fits, shortened
from shared.ports.errors import Permanent

_USUAL_DEPTH: Final = 20  # of all that is used, on average: every name on the way to a file is kept with it


class Reach:
    """Everything that some paths lead to: what is named by it, the folders `around` that, and what lies there."""

    def __init__(self, tree: GitTree, *, most: int) -> None:
        self._tree, self._most = tree, most
        self._seen: set[Parts] = set()
        self._walked: set[Parts] = set()
        self._pending: list[Parts] = []
        self._count = self._names = 0
        self.named: set[Parts] = set()
        self.around: set[Parts] = set()
        self.folders: set[Parts] = set()
        self.files: dict[Parts, Entry] = {}
        self.links: dict[Parts, bytes] = {}
        self.outside: set[Parts] = set()
        self.submodules: set[Parts] = set()
        self.odd: set[Parts] = set()

    def add(self, path: Parts) -> Way:
        """Add a path, what it leads to, and what everything below that leads to."""
        way = self._one(path)
        while self._pending:
            self._one(self._pending.pop())
        return way

    def _one(self, path: Parts) -> Way:
        path = shortened(path)
        way = self._tree.walk(path)
        self._name((path, *way.links, *way.passed))
        for link in way.links:
            self._link(link)
        if way.end is End.OUTSIDE:
            # Which of the links leads out is found where each is walked alone.
            self.outside |= {path} & set(way.links)
            return way
        self._name((way.at,))
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
        for number, name in enumerate(path):
            entry = self._tree.look(path[:number], entry.id, name)[0] if entry is not None else None
        return entry

    def _name(self, paths: Iterable[Parts]) -> None:
        for path in paths:
            if path not in self.named:
                self.named.add(path)
                self._count_in(0, names=len(path))
            end = len(path) - 1
            while end >= 0 and path[:end] not in self.around:
                self.around.add(path[:end])
                self._count_in(0, names=end)
                end -= 1

    def _take(self, path: Parts, entry: Entry) -> None:
        """Take in what lies at a path without links."""
        if entry.mode == SUBMODULE:
            self.submodules.add(path)
        elif entry.mode == LINK:
            self._later(path)
        elif entry.mode == TREE:
            self._folder(path, entry.id)
        else:
            self.files[path] = entry

    def _folder(self, path: Parts, id: str) -> None:
        if path in self._seen:
            return
        self._seen.add(path)
        if not fits(path):
            self.odd.add(path)
            return
        folder = self._tree.folder(path, id)
        more = len(folder.entries) + len(folder.odd) + 1
        self._count_in(more, names=more * (len(path) + 1))
        self.odd |= {(*path, name) for name in folder.odd}
        for name, entry in folder.entries.items():
            self._take((*path, name), entry)

    def _count_in(self, entries: int, *, names: int) -> None:
        self._count += entries
        self._names += names
        if self._count > self._most:
            what = "files and folders"
        elif self._names > self._most * _USUAL_DEPTH:
            what = f"files and links in folders {_USUAL_DEPTH} deep"
        else:
            return
        raise Permanent(
            f"the commit has more than {self._most} {what} in what is used of it; use less of the repository"
        )
