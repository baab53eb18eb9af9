"""What is right about a history, worked out from its objects alone: read with `git cat-file`, judged without git.

It is slow and simple on purpose: each commit's files lie in one flat mapping, and every question is asked of all of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

Path_ = tuple[bytes, ...]
_ENVIRONMENT = {
    "PATH": os.defpath,
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_NO_REPLACE_OBJECTS": "1",
}
_MAX_HOPS = 40


class _Outside(Exception):
    """A path leads out of the repository."""


@dataclass(frozen=True)
class Node:
    """What lies at a path: `file`, `program`, `link`, `folder` or `submodule`, and its bytes or id."""

    kind: str
    content: bytes


@dataclass(frozen=True)
class Used:
    """What is used by some paths, as the port names it."""

    paths: tuple[str, ...]
    folders: tuple[str, ...]
    outside: tuple[str, ...]
    submodules: tuple[str, ...]
    pointers: tuple[str, ...]
    unwritable: tuple[str, ...]


@dataclass(frozen=True)
class _Commit:
    tree: str
    parents: tuple[str, ...]
    people: frozenset[tuple[str, str]]


class Oracle:
    """Answers about one repository."""

    def __init__(self, repository: Path) -> None:
        self._objects = _read_all(repository)
        self._commits = {id: _commit(data) for id, (kind, data) in self._objects.items() if kind == b"commit"}
        self._flat: dict[str, Mapping[Path_, Node]] = {}

    def contributors(self, base: str | None, commit: str, paths: Iterable[str]) -> list[tuple[str, str]]:
        """Everybody whom a commit names that differs from any parent in a path, sorted."""
        new = self._reachable(commit) - (self._reachable(base) if base else set())
        wanted = [_split(path) for path in paths]
        found: set[tuple[str, str]] = set()
        for id in new:
            parents = self._commits[id].parents
            before = [self._below(self._files(parent), wanted) for parent in parents] or [{}]
            if any(self._below(self._files(id), wanted) != one for one in before):
                found |= self._commits[id].people
        return sorted(found)

    def used(self, commit: str, paths: Iterable[str]) -> Used:
        """Close the paths under links, and add the attributes above."""
        flat = self._files(commit)
        links = {path for path, node in flat.items() if node.kind == "link"}
        used, passed, folder = {_split(path) for path in paths}, set[Path_](), Node("folder", b"")
        while True:
            more = set(used)
            for path in used:
                way = _walk(flat, path)
                more |= way.named
                passed |= way.passed
            # A link below what is used is used.
            more |= {link for link in links if any(link[: len(path)] == path for path in more)}
            if more == used:
                break
            used = more
        there = {path: node for path, node in flat.items() if any(path[: len(one)] == one for one in used)}
        around = used | passed
        named = around | {(*path[:end], b".gitattributes") for path in around for end in range(len(path))}
        return Used(
            paths=tuple(sorted(_text(path) for path in _outermost(named))),
            folders=_shown(one for one in used if flat.get(one) == folder and one in _outermost({one})),
            outside=_shown(path for path in used & links if _walk(flat, path).end is None),
            submodules=_shown(
                {path for path, node in there.items() if node.kind == "submodule"}
                | {way.submodule for path in used if (way := _walk(flat, path)).end and way.submodule}
            ),
            pointers=_shown(path for path, node in there.items() if _is_pointer(node)),
            unwritable=_shown(path for path in used & links if not flat[path].content),
        )

    def file(self, commit: str, path: str) -> bytes | None:
        """A file's content by way of links; None where there is none, or nobody can read it."""
        flat = self._files(commit)
        way = _walk(flat, _split(path))
        node = flat[way.end] if way.end is not None and way.there else None
        return node.content if node is not None and node.kind in ("file", "program") else None

    def refuses(self, commit: str, path: str) -> bool:
        """Whether there is something that nobody can read: outside, in a submodule, or a pointer of Git LFS."""
        flat = self._files(commit)
        way = _walk(flat, _split(path))
        return way.end is None or way.submodule != () or (way.there and _is_pointer(flat[way.end]))

    def files(self, commit: str) -> Mapping[Path_, Node]:
        """Everything at a commit by its path, folders too."""
        return self._files(commit)

    def leads_out(self, commit: str, path: Path_) -> bool:
        """Whether following a path leads out of the repository."""
        return _walk(self._files(commit), path).end is None

    def _reachable(self, commit: str) -> set[str]:
        found: set[str] = set()
        pending = [commit]
        while pending:
            id = pending.pop()
            if id not in found:
                found.add(id)
                pending += self._commits[id].parents
        return found

    def _files(self, commit: str) -> Mapping[Path_, Node]:
        tree = self._commits[commit].tree
        if tree not in self._flat:
            self._flat[tree] = {(): Node("folder", b""), **dict(self._walk_tree(tree, ()))}
        return self._flat[tree]

    def _walk_tree(self, id: str, at: Path_) -> Iterator[tuple[Path_, Node]]:
        rest = self._objects[id][1]
        while rest:
            mode, rest = rest.split(b" ", 1)
            name, rest = rest.split(b"\0", 1)
            child, rest = rest[:20].hex(), rest[20:]
            path = (*at, name)
            number = int(mode, 8)
            if number >> 12 == 0o04:
                yield path, Node("folder", b"")
                yield from self._walk_tree(child, path)
            elif number >> 12 == 0o16:
                yield path, Node("submodule", child.encode())
            else:
                kind = "link" if number >> 12 == 0o12 else "program" if number & 0o100 else "file"
                yield path, Node(kind, self._objects[child][1])

    @staticmethod
    def _below(flat: Mapping[Path_, Node], wanted: list[Path_]) -> dict[Path_, Node]:
        leaves = ((path, node) for path, node in flat.items() if node.kind != "folder")
        return {path: node for path, node in leaves if any(path[: len(one)] == one for one in wanted)}


@dataclass
class _Way:
    """What a path names, what it only passed through, its end (None: outside), and the submodule that it is lost in.

    A way that is lost goes on by its names alone, so that its end may be something that it does not lead to.
    """

    named: set[Path_]
    passed: set[Path_]
    end: Path_ | None = None
    there: bool = True
    submodule: Path_ = ()


def _walk(flat: Mapping[Path_, Node], path: Path_) -> _Way:
    way = _Way(set(), set())
    with contextlib.suppress(_Outside):
        way.end = _go(path, flat, way)
        (way.named if way.there else way.passed).add(way.end)
    return way


def _go(path: Path_, flat: Mapping[Path_, Node], way: _Way) -> Path_:
    at: Path_ = ()
    by_link: tuple[bool, ...] = ()
    todo = [(part, False) for part in path]
    hops = 0
    while todo:
        part, linked = todo.pop(0)
        if way.there and flat[at].kind != "folder":
            # Even `.` of it.
            way.there = False
            way.submodule = at if flat[at].kind == "submodule" else ()
        if part in (b"", b"."):
            continue
        if part == b"..":
            if not at:
                raise _Outside
            if by_link[-1]:
                way.passed.add(at)
            at, by_link = at[:-1], by_link[:-1]
            continue
        here = (*at, part)
        node = flat.get(here) if way.there else None
        way.there = node is not None
        if node is None or node.kind != "link":
            at, by_link = here, (*by_link, linked)
            continue
        way.named.add(here)
        to, hops = node.content, hops + 1
        if to.startswith(b"/") or b"\0" in to or len(to) > 4095:
            raise _Outside
        way.there = bool(to) and hops <= _MAX_HOPS
        if way.there:
            todo = [(part, True) for part in to.split(b"/")] + todo
        else:
            at, by_link = here, (*by_link, False)
    return at


def _is_pointer(node: Node) -> bool:
    pointer = re.match(
        rb"\s*version (https://(git-lfs|hawser)\.github\.com/spec/v1|http://git-media\.io/v/2)", node.content
    )
    return node.kind in ("file", "program") and pointer is not None and len(node.content) < 1024


def _split(path: str) -> Path_:
    return tuple(part for part in os.fsencode(path).split(b"/") if part not in (b"", b"."))


def _outermost(paths: set[Path_]) -> set[Path_]:
    texts: set[Path_] = set()
    for path in paths:
        good = list(path)
        while any(part.decode(errors="replace").encode() != part for part in good):
            good.pop()
        texts.add(tuple(good))
    return {path for path in texts if not any(path != one and path[: len(one)] == one for one in texts)}


def _text(path: Path_) -> str:
    return b"/".join(path).decode()


def _shown(paths: Iterable[Path_]) -> tuple[str, ...]:
    return tuple(sorted({b"/".join(path).decode(errors="replace") for path in paths}))


def _read_all(repository: Path) -> dict[str, tuple[bytes, bytes]]:
    command = ["git", f"--git-dir={repository}", "cat-file", "--batch", "--batch-all-objects", "--unordered"]
    out = subprocess.run(command, capture_output=True, check=True, env=_ENVIRONMENT).stdout
    found: dict[str, tuple[bytes, bytes]] = {}
    while out:
        header, out = out.split(b"\n", 1)
        id, kind, size = header.split(b" ")
        found[id.decode()] = (kind, out[: int(size)])
        out = out[int(size) + 1 :]
    return found


def _commit(data: bytes) -> _Commit:
    head, _, message = data.partition(b"\n\n")
    lines = head.split(b"\n")
    people: list[bytes] = []
    for line in lines:
        if line.startswith((b"author ", b"committer ")):
            people.append(line.split(b" ", 1)[1].rsplit(b" ", 2)[0])
    for line in message.replace(b"\r", b"\n").replace(b"\0", b"\n").split(b"\n"):
        key, colon, value = line.partition(b":")
        if colon and key.strip(b" \t").lower() == b"co-authored-by":
            # One line may name several.
            people += [one + b">" for one in value.split(b">") if b"<" in one] or [value]
    encoding = next((line[9:].decode() for line in lines if line.startswith(b"encoding ")), "utf-8")
    return _Commit(
        tree=next(line[5:].decode() for line in lines if line.startswith(b"tree ")),
        parents=tuple(line[7:].decode() for line in lines if line.startswith(b"parent ")),
        people=frozenset(_person(one, encoding) for one in people),
    )


def _person(text: bytes, encoding: str) -> tuple[str, str]:
    name, _, rest = text.partition(b"<")
    mail = rest.partition(b">")[0]
    return _decoded(name.strip(b" \t\r\n\0,;"), encoding), _decoded(mail.strip(b" \t\r\n\0,;"), encoding)


def _decoded(text: bytes, encoding: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode(encoding, "replace")
