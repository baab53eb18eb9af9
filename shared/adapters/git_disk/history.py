"""What is an ancestor of what. A shallow clone knows only a part of it, and says so where the rest would be needed."""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.git_disk.contributors import reached
from shared.adapters.git_disk.git import Git, GitFailed, text_of
from shared.adapters.processes import Completed
from shared.ports.errors import Permanent


def shallow(git: Git) -> frozenset[str]:
    """Commits whose parents the repository does not have; none in a whole one."""
    inner = git.directory()
    plain = inner.is_dir() and not (inner / "commondir").exists()
    place = inner / "shallow"
    if not plain:
        # A linked work tree: only git knows where the repository lies.
        place = git.repository / text_of(git("rev-parse", "--git-path", "shallow").stdout).rstrip("\n")
    try:
        return frozenset(place.read_text(encoding="ascii", errors="replace").split())
    except FileNotFoundError:
        return frozenset()


def merge_base(git: Git, one: str, other: str, *, seconds: float) -> str | None:
    """The common ancestor of two commits; None where they have none."""
    found = text_of(_asked(git, "merge-base", one, other).stdout).strip() or None
    _need_history(git, [one, other, *([f"^{found}"] if found else [])], seconds=seconds)
    return found


def contains(git: Git, ancestor: str, commit: str, *, seconds: float) -> bool:
    """Whether one commit is the other, or an ancestor of it."""
    found = _asked(git, "merge-base", "--is-ancestor", ancestor, commit).code == 0
    if not found:
        _need_history(git, [commit], seconds=seconds)
    return found


def _asked(git: Git, *command: str) -> Completed:
    """Run git, which says no by 1; versions before 2.45 say so too of history that they cannot read."""
    done = git(*command, expect=(0, 1))
    if done.code and b"error: " in done.stderr:
        raise GitFailed(f"git {command[0]} in {git.repository.name}: {git.said(done)}", done)
    return done


def _need_history(git: Git, wanted: Sequence[str], *, seconds: float) -> None:
    cut = shallow(git)
    if cut and reached(git, wanted, cut, seconds=seconds):
        raise Permanent(
            f"{git.repository.name} is a shallow clone, and its history ends before what is asked for; run git fetch --unshallow there",
            ours=True,
        )
