"""Real git repositories for tests: bare, small, written in a few milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from shared.adapters.git_disk.git import Git, text_of
from shared.adapters.git_disk.writing import Identity, NewCommit, write_commit

ANN = Identity("Ann Author", "ann@example.com")
BEN = Identity("Ben Builder", "ben@example.com")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class GitRepository:
    """A bare repository whose default branch is main."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._git = Git(path, protocols=("file",))

    def git(self, *args: str) -> str:
        """Run git here and return what it printed."""
        return text_of(self._git(*args).stdout).strip()

    def commit(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str = "main",
        on: str | None = None,
        merge: str | None = None,
        message: str = "Change something",
        author: Identity = ANN,
        committer: Identity | None = None,
    ) -> str:
        """Write a commit on the branch without a push (no hook runs) and return its id.

        `on` is the parent, by default the branch's tip; `merge` a second one. None as content deletes.
        """
        parent = on or self.tip(branch)
        parents = [commit for commit in (parent, merge) if commit]
        return write_commit(
            self._git,
            f"refs/heads/{branch}",
            NewCommit(
                parents=parents,
                files={path: text.encode() if isinstance(text, str) else text for path, text in files.items()},
                author=author,
                committer=committer or author,
                at=NOON,
                message=message,
            ),
        )

    def push(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str = "main",
        on: str | None = None,
        message: str = "Change something",
        author: Identity = ANN,
    ) -> str:
        """Write a commit elsewhere and push it, so that the repository's hooks run; return its id.

        A new branch starts at `on`, by default at main's tip.
        """
        elsewhere = self.path.with_suffix(".elsewhere")
        other = GitRepository(elsewhere) if elsewhere.exists() else _init(elsewhere)
        other._git("fetch", "--quiet", "--prune", "--", str(self.path), "+refs/heads/*:refs/heads/*")
        commit = other.commit(
            files,
            branch=branch,
            on=on or self.tip(branch) or self.tip("main"),
            message=message,
            author=author,
        )
        other._git("push", "--quiet", "--force", "--", str(self.path), f"refs/heads/{branch}:refs/heads/{branch}")
        return commit

    def delete_branch(self, branch: str) -> None:
        """Delete a branch without a push."""
        self._git("update-ref", "-d", f"refs/heads/{branch}")

    def tip(self, branch: str = "main") -> str | None:
        """The branch's commit, None where there is no such branch."""
        done = self._git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", expect=(0, 1))
        return text_of(done.stdout).strip() or None

    def file(self, path: str, *, branch: str = "main") -> bytes | None:
        """A file's content at the branch's tip, None where absent."""
        (found,) = self._git.objects(f"refs/heads/{branch}:{path}")
        return found.content if found else None


def a_repository(path: Path, files: Mapping[str, str | bytes | None] | None = None) -> GitRepository:
    """A bare repository at the path, with one commit on main where files are given, and empty otherwise."""
    repository = _init(path)
    if files is not None:
        repository.commit(files, message="Begin")
    return repository


def _init(path: Path) -> GitRepository:
    path.mkdir(parents=True)
    repository = GitRepository(path)
    repository.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
    return repository
