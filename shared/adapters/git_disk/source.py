"""Git repositories on disk as the source of code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from shared.adapters.git_disk import export, history, refs
from shared.adapters.git_disk.batch import ObjectTooLarge
from shared.adapters.git_disk.contributors import commits as read_commits
from shared.adapters.git_disk.contributors import contributors
from shared.adapters.git_disk.git import Git, GitFailed, is_commit_id, text_of
from shared.adapters.git_disk.listing import named, records_of
from shared.adapters.git_disk.objects import FILE, MOST_TREES, PROGRAM, objects_of
from shared.adapters.git_disk.reach import Reach
from shared.adapters.git_disk.settings import reading
from shared.adapters.git_disk.used import is_pointer, parts_of, pointers_in, used_paths
from shared.adapters.git_disk.walk import End, GitTree, shortened, tree_of
from shared.ports.errors import NotFound, Permanent
from shared.ports.source import MOST_FILE, Commit, Contributors, UsedPaths

_TREES_OF_A_PATH: Final = 1 << 24  # bytes: the folders on the way to one file


class UnknownCommit(NotFound):
    """The repository has no such commit, or the text is no full commit id."""

    def __init__(self, repository: str, commit: str) -> None:
        super().__init__(f"repository {repository} has no commit {commit!r}; it may have been removed by a forced push")


class GitSource:
    """Reads repositories by their names, with git; bare ones as well as somebody's own clone. It never writes to them.

    `timeout` in seconds is for one run of git, `authors_timeout` for reading who wrote something, `export_timeout` for
    writing a tree. `most_file` bounds the bytes of a file that is read, `most_entries` files and folders of a commit,
    `most_bytes` what an export takes of the disk, `most_refs` the branches of a repository.
    """

    reconcile_every: Final = timedelta(minutes=1)

    def __init__(
        self,
        repositories: Mapping[str, Path],
        *,
        timeout: float = 60,
        authors_timeout: float = 120,
        export_timeout: float = 600,
        most_file: int = MOST_FILE,
        most_entries: int = 1_000_000,
        most_bytes: int = 8 << 30,
        most_refs: int = 200_000,
    ) -> None:
        self._repositories = {
            name: Git(path, timeout=timeout, environment=reading(path.absolute()))
            for name, path in repositories.items()
        }
        self._timeout, self._authors_timeout, self._export_timeout = timeout, authors_timeout, export_timeout
        self._most_file, self._most_entries, self._most_bytes = most_file, most_entries, most_bytes
        self._most_refs = most_refs

    def repositories(self) -> Sequence[str]:
        """Names of the repositories this source serves."""
        return sorted(self._repositories)

    def default_ref(self, repository: str) -> str:
        """The branch that HEAD names; raise NotFound where HEAD is a commit (a detached clone)."""
        named = self._git(repository).head()
        if named is not None:
            return named
        done = self._git(repository)("symbolic-ref", "--quiet", "HEAD", expect=(0, 1))
        if done.code:
            raise NotFound(
                f"HEAD of repository {repository} is detached, so it has no default branch; set it with git symbolic-ref HEAD refs/heads/main"
            )
        return text_of(done.stdout).rstrip("\n")

    def tip(self, repository: str, ref: str) -> str | None:
        """What the branch points at now; None where it does not exist."""
        return refs.tip(self._git(repository), ref, seconds=self._timeout)

    def tips(self, repository: str) -> Mapping[str, str]:
        """Every branch with its tip."""
        return refs.tips(self._git(repository), repository, most=self._most_refs, seconds=self._timeout)

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        """The common ancestor of two commits, if they have one."""
        with self._of(repository, one, other) as git:
            return history.merge_base(git, one, other, seconds=self._timeout)

    def contains(self, repository: str, ancestor: str, commit: str) -> bool:
        """Whether `ancestor` is `commit` or an ancestor of it; False too where either is gone (a forced push)."""
        try:
            with self._of(repository, ancestor, commit) as git:
                return history.contains(git, ancestor, commit, seconds=self._timeout)
        except UnknownCommit:
            return False

    def changed_paths(self, repository: str, base: str | None, commit: str) -> Sequence[str]:
        """Paths of files that differ between two commits, a rename on both sides; base None means every file."""
        if base is None:
            return [path.rstrip("/") for path in self.files(repository, commit)]
        options = ("-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none")
        with self._of(repository, base, commit) as git:
            command = ("diff-tree", *options, base, commit, "--")
            return [text_of(one) for one in records_of(git, *command, most=self._most_entries, seconds=self._timeout)]

    def commits(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = (), most: int = 2000
    ) -> Sequence[Commit]:
        """Commits reachable from `commit` and not from `base` that touch the paths, newest first; for their messages."""
        options = ("--full-history", f"--max-count={most}")
        with self._of(repository, *_named(base, commit)) as git:
            ids = git("rev-list", *options, *_wanted(base, commit), "--", *_pathspecs(paths)).stdout.split()
            return read_commits(git, [text_of(id) for id in ids], seconds=self._timeout)

    def contributors(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = ()
    ) -> Contributors:
        """See Source: whoever wrote the paths between two commits, read within `authors_timeout`."""
        inside = _pathspecs(paths)
        with self._of(repository, *_named(base, commit)) as git:
            if git.kinds(commit) != ["commit"]:
                raise UnknownCommit(repository, commit)
            return contributors(
                git, _wanted(base, commit), inside, shallow=history.shallow(git), seconds=self._authors_timeout
            )

    def used_paths(self, repository: str, commit: str, paths: Sequence[str]) -> UsedPaths:
        """See Source: the paths, links and what they lead to, and attributes above."""
        inside = [_inside(path) for path in paths]
        with self._tree(repository, commit) as tree:
            reach = Reach(tree, most=self._most_entries)
            for path in inside:
                reach.add(parts_of(path))
            git = self._git(repository)
            pointers = pointers_in(git, tree.objects, reach.files, seconds=self._timeout)
        return used_paths(reach, pointers)

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        """See Source: a file's content, by way of links, at most `most_file` bytes."""
        wanted = parts_of(_inside(path))
        if "\n" in path:
            raise Permanent(f"{path!r} has a line break, which no path that Slipway reads may have")
        with self._tree(repository, commit, most_trees=_TREES_OF_A_PATH) as tree:
            way = tree.walk(wanted)
            _refuse(path, way.end)
            if way.entry is None or way.entry.mode not in (FILE, PROGRAM):
                return None
            try:
                content = tree.objects.need(way.entry.id, "blob", most=self._most_file)
            except ObjectTooLarge as large:
                raise Permanent(f"{path} has {large.size} bytes; {self._most_file} are read at most") from large
        if is_pointer(content):
            raise Permanent(UsedPaths(paths=(), pointers=(path,)).refusal())
        return content

    def files(self, repository: str, commit: str, under: str = "") -> Sequence[str]:
        """See Source: read at once, and links walked where there are any."""
        command = ("ls-tree", "-r", "-z", "--full-tree", commit, "--", *_pathspecs([under]))
        with self._of(repository, commit) as git, self._tree(repository, commit) as tree:
            return list(named(records_of(git, *command, most=self._most_entries, seconds=self._timeout), tree))

    def export(self, repository: str, commit: str, paths: Sequence[str], into: Path) -> None:
        """See Source: write blobs as they are. Raise Permanent for more than `most_entries` or `most_bytes`."""
        inside = [_inside(path) for path in paths]
        with self._tree(repository, commit) as tree:
            reach = Reach(tree, most=self._most_entries)
            gone = [path for path in inside or [""] if reach.add(parts_of(path)).end is End.MISSING]
        if gone:
            raise NotFound(f"commit {commit[:12]} of repository {repository} has no {', '.join(gone)}")
        whose, seconds = f"commit {commit[:12]} of repository {repository}", self._export_timeout
        export.write(self._git(repository), reach, into, whose=whose, most_bytes=self._most_bytes, seconds=seconds)

    def _git(self, repository: str) -> Git:
        git = self._repositories.get(repository)
        if git is None:
            raise NotFound(
                f"repository {repository!r} is not served; known are {', '.join(self.repositories()) or 'none'}"
            )
        return git

    @contextmanager
    def _of(self, repository: str, *commits: str) -> Iterator[Git]:
        """Give git for commits that a caller named; raise UnknownCommit where one of them is the reason of a failure.

        Raise Permanent where the reason is an object that is not as git writes it.
        """
        git = self._git(repository)
        for commit in commits:
            if not is_commit_id(commit):
                raise UnknownCommit(repository, commit)
        try:
            yield git
        except GitFailed as error:
            # Asked only now: the commits are nearly always there, and a process more would double the time.
            for commit, kind in zip(commits, git.kinds(*commits), strict=True):
                if kind != "commit":
                    raise UnknownCommit(repository, commit) from None
            if git.is_malformed(error):
                raise Permanent(f"{error}; commit it anew with git itself") from error
            raise

    @contextmanager
    def _tree(self, repository: str, commit: str, *, most_trees: int = MOST_TREES) -> Iterator[GitTree]:
        """Give the folders of a commit, as long as the block lasts."""
        git = self._git(repository)
        if not is_commit_id(commit):
            raise UnknownCommit(repository, commit)
        whose = f"commit {commit} of repository {repository}"
        with objects_of(git, seconds=self._timeout, most_trees=most_trees) as objects:
            tree = tree_of(objects, commit, whose)
            if tree is None:
                raise UnknownCommit(repository, commit)
            yield tree


def _named(base: str | None, commit: str) -> tuple[str, ...]:
    return (commit, base) if base else (commit,)


def _wanted(base: str | None, commit: str) -> tuple[str, ...]:
    return (commit, f"^{base}") if base else (commit,)


def _refuse(path: str, end: End) -> None:
    """Raise Permanent for a path that nobody can use."""
    found = {End.OUTSIDE: "outside", End.SUBMODULE: "submodules", End.ODD: "unwritable"}.get(end)
    if found:
        raise Permanent(UsedPaths(paths=(), **{found: (path,)}).refusal())


def _pathspecs(paths: Sequence[str]) -> list[str]:
    """Return paths as git takes them; none, which means all, where the root is among them."""
    inside = [_inside(path) for path in paths]
    for path in inside:
        if shortened(parts_of(path)) != parts_of(path):
            raise Permanent(f"{path[:200]}... is longer than a path on disk can be")
    return inside if all(inside) else []


def _inside(path: str) -> str:
    """Return a path inside the repository as git names it; raise Permanent for one that leads out of it."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts:
        raise Permanent(f"{path!r} leads out of the repository; name files from its root")
    return "/".join(parts)
