"""Git repositories on disk as the source of code."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from shared.adapters.git_disk.git import Git, GitFailed, is_commit_id, is_full_ref, split, text_of
from shared.adapters.git_disk.unpack import unpack
from shared.adapters.processes import Completed
from shared.ports.errors import NotFound, Permanent
from shared.ports.source import Commit

_HEADS: Final = "refs/heads/"
_FIELDS: Final = ("%H", "%an", "%ae", "%cn", "%ce", "%B")


class UnknownCommit(NotFound):
    """The repository has no such commit, or the text is no full commit id."""

    def __init__(self, repository: str, commit: str) -> None:
        super().__init__(f"repository {repository} has no commit {commit!r}; it may have been removed by a forced push")


class GitSource:
    """Reads repositories by their names, with git; bare ones as well as somebody's own clone. It never writes to them.

    `timeout` in seconds is for one run of git.
    """

    def __init__(self, repositories: Mapping[str, Path], *, timeout: float = 60) -> None:
        self._repositories = {name: Git(path, timeout=timeout) for name, path in repositories.items()}

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
        return text_of(done.stdout).strip()

    def tip(self, repository: str, ref: str) -> str | None:
        """What the branch points at now; None where it does not exist."""
        return self._tips(repository, ref).get(ref) if is_full_ref(ref) else None

    def tips(self, repository: str) -> Mapping[str, str]:
        """Every branch with its tip."""
        return self._tips(repository, _HEADS)

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        """The common ancestor of two commits, if they have one."""
        found = self._read(repository, (one, other), "merge-base", one, other, expect=(0, 1))
        return text_of(found.stdout).strip() or None

    def contains(self, repository: str, ancestor: str, commit: str) -> bool:
        """Whether `ancestor` is `commit` or an ancestor of it; False too where either is gone (a forced push)."""
        try:
            answer = self._read(
                repository, (ancestor, commit), "merge-base", "--is-ancestor", ancestor, commit, expect=(0, 1)
            )
        except UnknownCommit:
            return False
        return answer.code == 0

    def changed_paths(self, repository: str, base: str | None, commit: str) -> Sequence[str]:
        """Paths of files that differ between two commits, a rename on both sides; base None means every file."""
        if base is None:
            return self.files(repository, commit)
        options = ("-r", "-z", "--name-only", "--no-renames")
        return split(self._read(repository, (base, commit), "diff-tree", *options, base, commit))

    def commits(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = (), most: int = 2000
    ) -> Sequence[Commit]:
        """Commits reachable from `commit` and not from `base` that touch the paths, newest first.

        Both sides of a merge are followed, also where one was dropped: who wrote it took part.
        """
        named = (commit, base) if base else (commit,)
        options = (
            "-z",
            "--full-history",
            "--no-mailmap",
            f"--max-count={most}",
            f"--format={'%x00'.join(_FIELDS)}",
        )
        wanted = (commit, f"^{base}") if base else (commit,)
        fields = split(self._read(repository, named, "log", *options, *wanted, "--", *_pathspecs(paths)))
        records = zip(*[iter(fields)] * len(_FIELDS), strict=True)
        return [
            Commit(id=i, author_name=an, author_mail=am, committer_name=cn, committer_mail=cm, message=message)
            for i, an, am, cn, cm, message in records
        ]

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        """A file's content at a commit, None where absent."""
        git = self._git(repository)
        if not is_commit_id(commit):
            raise UnknownCommit(repository, commit)
        found, content = git.objects(f"{commit}^{{commit}}", f"{commit}:{_inside(path)}")
        if found is None:
            raise UnknownCommit(repository, commit)
        return content.content if content is not None and content.kind == "blob" else None

    def files(self, repository: str, commit: str, under: str = "") -> Sequence[str]:
        """Paths of all files at a commit below a folder."""
        options = ("-r", "-z", "--name-only", "--full-tree")
        return split(self._read(repository, (commit,), "ls-tree", *options, commit, "--", *_pathspecs([under])))

    def export(self, repository: str, commit: str, paths: Sequence[str], into: Path) -> None:
        """Write the named folders and files (all when empty) of a commit below `into`, as `git archive` gives them.

        Raise NotFound for a path that is not there, Permanent for content that points out of the folder.
        """
        inside = _pathspecs(paths)
        with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
            try:
                self._read(
                    repository,
                    (commit,),
                    "archive",
                    "--format=tar",
                    f"--output={archive.name}",
                    commit,
                    "--",
                    *inside,
                )
            except GitFailed:
                self._need_paths(repository, commit, inside)
                raise
            unpack(Path(archive.name), into)

    def _git(self, repository: str) -> Git:
        git = self._repositories.get(repository)
        if git is None:
            raise NotFound(
                f"repository {repository!r} is not served; known are {', '.join(self.repositories()) or 'none'}"
            )
        return git

    def _tips(self, repository: str, pattern: str) -> dict[str, str]:
        listed = self._git(repository)("for-each-ref", "--format=%(refname) %(objectname)", pattern).stdout
        return dict(line.split(" ", 1) for line in text_of(listed).splitlines())

    def _read(self, repository: str, commits: Sequence[str], *args: str, expect: Sequence[int] = (0,)) -> Completed:
        """Run git with commits that a caller named; raise UnknownCommit where one of them is the reason of a failure."""
        git = self._git(repository)
        for commit in commits:
            if not is_commit_id(commit):
                raise UnknownCommit(repository, commit)
        try:
            return git(*args, expect=expect)
        except GitFailed:
            # Asked only now: the commits are nearly always there, and a process more would double the time.
            for commit, found in zip(commits, git.objects(*commits), strict=True):
                if found is None or found.kind != "commit":
                    raise UnknownCommit(repository, commit) from None
            raise

    def _need_paths(self, repository: str, commit: str, paths: Sequence[str]) -> None:
        there = self._git(repository).objects(*(f"{commit}:{path}" for path in paths))
        gone = [path for path, found in zip(paths, there, strict=True) if found is None]
        if gone:
            raise NotFound(f"commit {commit[:12]} of repository {repository} has no {', '.join(gone)}")


def _pathspecs(paths: Sequence[str]) -> list[str]:
    """Return paths as git takes them; none, which means all, where the root is among them."""
    inside = [_inside(path) for path in paths]
    return inside if all(inside) else []


def _inside(path: str) -> str:
    """Return a path inside the repository as git names it; raise Permanent for one that leads out of it."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts:
        raise Permanent(f"{path!r} leads out of the repository; name files from its root")
    return "/".join(parts)
