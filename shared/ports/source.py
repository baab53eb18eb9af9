"""Where code comes from. Commits are full hexadecimal ids, refs are full names (`refs/heads/main`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit as far as decisions need it. Mails as written by git; `message` whole."""

    id: str
    author_name: str
    author_mail: str
    committer_name: str
    committer_mail: str
    message: str


class Source(Protocol):
    """Reads a repository by its name. Raise NotFound for an unknown repository or commit, Transient when out of reach."""

    def repositories(self) -> Sequence[str]:
        """Names of the repositories this source serves."""
        ...

    def default_ref(self, repository: str) -> str:
        """The full name of the default branch."""
        ...

    def tip(self, repository: str, ref: str) -> str | None:
        """What the branch points at now; None where it does not exist."""
        ...

    def tips(self, repository: str) -> Mapping[str, str]:
        """Every branch with its tip."""
        ...

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        """The common ancestor of two commits, if they have one."""
        ...

    def contains(self, repository: str, ancestor: str, commit: str) -> bool:
        """Whether `ancestor` is `commit` or an ancestor of it; False too where it is gone (a forced push)."""
        ...

    def changed_paths(self, repository: str, base: str | None, commit: str) -> Sequence[str]:
        """Paths of files that differ between two commits, a rename on both sides; base None means every file."""
        ...

    def commits(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = (), most: int = 2000
    ) -> Sequence[Commit]:
        """Commits reachable from `commit` and not from `base` that touch the paths, newest first."""
        ...

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        """A file's content at a commit, None where absent."""
        ...

    def files(self, repository: str, commit: str, under: str = "") -> Sequence[str]:
        """Paths of all files at a commit below a folder."""
        ...

    def export(self, repository: str, commit: str, paths: Sequence[str], into: Path) -> None:
        """Write the named folders and files (all when empty) of a commit below `into`."""
        ...
