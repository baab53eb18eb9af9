"""A repository whose objects are written byte by byte, without git: what git would never make, and fast what it would."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVE = b"Eve <eve@example.com>"
_DATE = b"1772452800 +0000"
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"

FILE, PROGRAM, LINK, SUBMODULE, TREE = b"100644", b"100755", b"120000", b"160000", b"40000"


@dataclass(frozen=True)
class Leaf:
    """What a tree's entry names: a blob's content, or the id of a submodule's commit."""

    content: bytes
    mode: bytes = FILE


def link(to: str | bytes) -> Leaf:
    """A symbolic link."""
    return Leaf(to.encode() if isinstance(to, str) else to, LINK)


def submodule(commit: str = "5" * 40) -> Leaf:
    """A submodule at a commit of another repository."""
    return Leaf(bytes.fromhex(commit), SUBMODULE)


Node = Leaf | bytes | str | Mapping[str, "Node"]


class RawGit:
    """A bare repository made of files; each object lies loose."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for folder in ("objects", "refs/heads"):
            (path / folder).mkdir(parents=True, exist_ok=True)
        (path / "HEAD").write_text("ref: refs/heads/main\n")
        (path / "config").write_text(_CONFIG)

    def put(self, kind: str, content: bytes) -> str:
        """Write an object, whatever it says, and return its id."""
        whole = f"{kind} {len(content)}\0".encode() + content
        id = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        place = self.path / "objects" / id[:2] / id[2:]
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(zlib.compress(whole, 1))
        return id

    def tree(self, entries: Sequence[tuple[bytes, bytes, str]]) -> str:
        """Write a tree of (mode, name, id) in the order given."""
        return self.put("tree", b"".join(mode + b" " + name + b"\0" + bytes.fromhex(id) for mode, name, id in entries))

    def folder(self, content: Mapping[str, Node]) -> str:
        """Write a folder as git would; names are decoded with surrogateescape."""
        entries: list[tuple[bytes, bytes, str]] = []
        for name, node in content.items():
            raw = os.fsencode(name)
            match node:
                case Mapping():
                    entries.append((TREE, raw, self.folder(node)))
                case Leaf(found, mode) if mode == SUBMODULE:
                    entries.append((mode, raw, found.hex()))
                case Leaf(found, mode):
                    entries.append((mode, raw, self.put("blob", found)))
                case _:
                    found = node.encode() if isinstance(node, str) else node
                    entries.append((FILE, raw, self.put("blob", found)))
        return self.tree(sorted(entries, key=lambda one: one[1] + (b"/" if one[0] == TREE else b"")))

    def commit(
        self,
        tree: str | Mapping[str, Node],
        *parents: str,
        author: bytes = EVE,
        committer: bytes | None = None,
        message: bytes = b"Change\n",
        headers: bytes = b"",
        branch: str | None = None,
    ) -> str:
        """Write a commit and return its id; `branch` is pointed at it."""
        root = tree if isinstance(tree, str) else self.folder(tree)
        lines = [b"tree " + root.encode(), *(b"parent " + one.encode() for one in parents)]
        lines += [b"author " + author + b" " + _DATE, b"committer " + (committer or author) + b" " + _DATE]
        id = self.put("commit", b"\n".join(lines) + b"\n" + headers + b"\n" + message)
        if branch is not None:
            self.point(f"refs/heads/{branch}", id)
        return id

    def point(self, ref: str | bytes, commit: str) -> None:
        """Have a ref, whatever its name, point at a commit."""
        place = os.path.join(os.fsencode(self.path), ref if isinstance(ref, bytes) else ref.encode())
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w") as file:
            file.write(f"{commit}\n")
