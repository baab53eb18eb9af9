"""Commits without a work tree: one process writes blobs, trees and the commit, however large the repository is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.adapters.git_disk.git import Git, text_of

_NOT_IN_IDENTITY = re.compile(r"[<>\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who wrote a commit, as git keeps it."""

    name: str
    mail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """A commit to write: what `files` says on top of the first parent's tree; None deletes a file or a folder."""

    parents: Sequence[str] = ()
    files: Mapping[str, bytes | None]
    author: Identity
    committer: Identity
    at: datetime
    message: str


def write_commit(git: Git, ref: str, commit: NewCommit) -> str:
    """Write a commit, point `ref` at it whatever it pointed at before, and return the commit's id."""
    stamp = f"{int(commit.at.timestamp())} +0000"
    lines = [
        f"commit {ref}".encode(),
        b"mark :1",
        f"author {_identity(commit.author)} {stamp}".encode(),
        f"committer {_identity(commit.committer)} {stamp}".encode(),
        _data(commit.message.encode("utf-8", "replace")),
    ]
    for word, parent in zip(("from", *["merge"] * len(commit.parents)), commit.parents, strict=False):
        lines.append(f"{word} {parent}".encode())
    for path, content in commit.files.items():
        lines += [b"D " + _quoted(path)] if content is None else [b"M 100644 inline " + _quoted(path), _data(content)]
    stream = b"\n".join([*lines, b"", b"get-mark :1", b""])
    return text_of(git("fast-import", "--quiet", "--force", "--date-format=raw", input=stream).stdout).strip()


def _identity(who: Identity) -> str:
    name, mail = (" ".join(_NOT_IN_IDENTITY.sub(" ", text).split()) for text in (who.name, who.mail))
    return f"{name} <{mail}>" if name else f"<{mail}>"


def _data(content: bytes) -> bytes:
    return b"data %d\n%s" % (len(content), content)


def _quoted(path: str) -> bytes:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return b'"' + escaped.encode("utf-8", "replace") + b'"'
