"""Where code comes from. Commits are full hexadecimal ids, refs are full names (`refs/heads/main`).

Paths are written from the root with `/`; the empty path is the root itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

# Of a file that is read alone: whatever is larger is read by nobody who decides.
MOST_FILE: Final = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit as far as decisions need it. Mails as written by git; `message` whole."""

    id: str
    author_name: str
    author_mail: str
    committer_name: str
    committer_mail: str
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Contributor:
    """Somebody whom a commit names. What is no UTF-8 and in no encoding that the commit states is U+FFFD; the mail may be empty."""

    name: str
    mail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributors:
    """Who wrote some commits, distinct and sorted. `unknown` says why somebody may be missing, and is empty where nobody is."""

    people: tuple[Contributor, ...] = ()
    unknown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedPaths:
    """What decides the content of some folders and files at a commit.

    `paths` are the folders and files themselves, every link on the way to them and below them, what these links lead to,
    and `.gitattributes` of every folder above, which need not be there. They are sorted, and none lies below another. A
    name that is no UTF-8 is represented by the folder around it. `folders` are all that the paths and the links lead to,
    those below others too.

    The others are what in them nobody can use: links that lead `outside` the repository, `submodules`, `pointers` of Git
    LFS in place of a file, and what no checkout can have on disk (`unwritable`). An export leaves out all of them but
    the pointers.
    """

    paths: tuple[str, ...]
    folders: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    submodules: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()
    unwritable: tuple[str, ...] = ()

    def refusal(self) -> str:
        """Say what is used and cannot be, and what to do; empty where all can. Whoever uses the paths fails by it."""
        for found, words in (
            (self.outside, "a link that leads out of the repository; commit the file itself"),
            (self.submodules, "a submodule, whose files this repository does not have; commit the files themselves"),
            (self.pointers, "a pointer of Git LFS, not the file; commit the file itself (git lfs migrate export)"),
            (self.unwritable, "no name that a checkout can have on disk; rename it"),
        ):
            if found:
                more = f" ({len(found) - 1} more are like it)" if len(found) > 1 else ""
                return f"{found[0]} is {words}{more}"
        return ""


def is_below(path: str, folder: str) -> bool:
    """Whether a path is the folder or lies in it; everything lies in the root."""
    return not folder or path == folder or path.startswith(f"{folder}/")


class Source(Protocol):
    """Reads a repository by its name. Raise NotFound for an unknown repository or commit, Transient when out of reach.

    A shallow clone answers only where its history reaches as far as the answer needs; else Permanent(ours) says what to do.
    """

    @property
    def reconcile_every(self) -> timedelta:
        """How long a push that nobody tells of may stay unseen: what asking costs decides, a minute for a disk, ten for a network."""
        ...

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
        """Every branch with its tip. A name that is no UTF-8 is left out, and logged."""
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
        """Commits reachable from `commit` and not from `base` that touch the paths, newest first.

        For what messages ask for: it is bounded, so it never tells who took part.
        """
        ...

    def contributors(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = ()
    ) -> Contributors:
        """Author, committer and every `Co-authored-by: name <mail>` of the commits that wrote the paths (all where none is named).

        These are the commits that are reachable from `commit` and not from `base` and differ in a path from any of their
        parents, or from nothing where they have none. Reading has a time limit; one that is met is told in `unknown`, and so is what is
        not as git writes it: its author may be hidden.
        """
        ...

    def used_paths(self, repository: str, commit: str, paths: Sequence[str]) -> UsedPaths:
        """What decides the content of folders and files at a commit; one that is not there stays in the answer.

        Raise Permanent where there is more of it than can be looked at.
        """
        ...

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        """A file's content at a commit, by way of links inside the repository; None where there is no file.

        Raise Permanent, naming the path, for a link that leads out of the repository, for what lies in a submodule, for a
        pointer of Git LFS, and for a file that is too large.
        """
        ...

    def files(self, repository: str, commit: str, under: str = "") -> Sequence[str]:
        """Paths of all files at a commit below a folder, links too; that of a link which leads to a folder ends in `/`."""
        ...

    def export(self, repository: str, commit: str, paths: Sequence[str], into: Path) -> None:
        """Write the named folders and files (all when empty) of a commit below `into`: the tree's blobs byte for byte.

        Links that lead to other places of the repository are written with what they lead to. Left out without a word is
        what `used_paths` names as outside, submodules and unwritable: whoever uses some of the paths asks that first. Raise
        NotFound for a path that is not there, Permanent for more than can be written.
        """
        ...
