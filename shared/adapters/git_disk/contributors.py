"""Who wrote given paths: git finds the commits, and their bytes say whom they name."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence

from shared.adapters.git_disk.batch import ObjectTooLarge, next_object, skip
from shared.adapters.git_disk.commits import MOST_COMMIT, RawCommit
from shared.adapters.git_disk.git import Git, GitFailed
from shared.adapters.git_disk.streams import piped, records
from shared.adapters.git_disk.used import ids_file
from shared.adapters.processes import TimedOut
from shared.ports.errors import Transient
from shared.ports.source import Commit, Contributor, Contributors

_MOST_NAMED = 1 << 17  # bytes of paths in one command; Linux takes 128 KiB in one argument and 2 MiB in all
_LAST_NAME = os.fsdecode(b"\xff" * 4)  # sorts after every other name that may lie in a folder
_MOST_SAID = 200
_MOST_PEOPLE = 200_000
_MOST_TOGETHER = 1 << 24  # bytes of commits that are kept at once
_DIFFERING = ("diff-tree", "--stdin", "-m", "-r", "--root", "--no-renames", "--ignore-submodules=none", "-s")


def contributors(
    git: Git, wanted: Sequence[str], paths: Sequence[str], *, shallow: frozenset[str], seconds: float
) -> Contributors:
    """Read who wrote the paths in what `wanted` (`<commit> ^<base>`) reaches; `shallow` are commits without their history."""
    ends = time.monotonic() + seconds
    people: set[Contributor] = set()
    unknown, odd = "", list[str]()
    try:
        if shallow and reached(git, wanted, shallow, seconds=seconds):
            unknown = "the repository is a shallow clone, and history ends before what is asked for; run git fetch --unshallow"
        ids = {id for part in _parts(paths) for id in differing(git, wanted, part, seconds=ends - time.monotonic())}
        for id, found in raw_commits(git, sorted(ids), seconds=ends - time.monotonic()):
            if found is None:
                unknown = unknown or f"commit {id} has more than {MOST_COMMIT} bytes and is not read"
                continue
            people.update(found.people())
            if len(people) > _MOST_PEOPLE:
                unknown = f"its commits name more than {_MOST_PEOPLE} people"
                break
            odd += [] if found.is_plain else [id]
    except TimedOut:
        unknown = f"reading who wrote it took longer than {seconds:g} s"
    except GitFailed as error:
        if not git.is_malformed(error):
            raise
        unknown = f"part of the history cannot be read: {str(error)[:_MOST_SAID]}"
    if odd and not unknown:
        more = f" ({len(odd) - 1} more are like it)" if len(odd) > 1 else ""
        unknown = f"commit {odd[0]} is not written as git writes commits, and may hide who wrote it{more}"
    return Contributors(people=tuple(sorted(people)), unknown=unknown)


def reached(git: Git, wanted: Sequence[str], some: frozenset[str], *, seconds: float) -> bool:
    """Whether what `wanted` reaches has one of these commits."""
    with piped(git, ("rev-list", *wanted, "--"), seconds=seconds) as ids:
        return any(id.decode() in some for id in records(ids, b"\n"))


def differing(git: Git, wanted: Sequence[str], paths: Sequence[str], *, seconds: float) -> set[str]:
    """Commits that differ from any of their parents in one of the paths, or from nothing where they have no parent.

    Every commit is compared: git's own ways to follow a path's history leave out sides of merges.
    """
    with piped(git, ("rev-list", *wanted, "--"), (*_DIFFERING, "--", *_to_the_end(paths)), seconds=seconds) as ids:
        return {id.decode() for id in records(ids, b"\n")}


def raw_commits(git: Git, ids: Sequence[str], *, seconds: float) -> Iterator[tuple[str, RawCommit | None]]:
    """Read commits in one process; None for one that is too large."""
    if not ids:
        return
    with (
        ids_file(ids) as asked,
        piped(git, ("cat-file", "--batch", "--buffer"), input=asked, seconds=seconds) as answers,
    ):
        for id in ids:
            try:
                found = next_object(answers, id, most=MOST_COMMIT)
            except ObjectTooLarge as large:
                skip(answers, large.size + 1)
                yield id, None
                continue
            if found is None:
                raise Transient(f"commit {id} is missing in {git.repository.name}; the repository is broken")
            yield id, RawCommit(found.content)


def commits(git: Git, ids: Sequence[str], *, seconds: float) -> list[Commit]:
    """Read commits whole, in their order; those too large are left out, and all from where they are together."""
    found: list[Commit] = []
    left = _MOST_TOGETHER
    for id, raw in raw_commits(git, ids, seconds=seconds):
        if raw is not None:
            left -= raw.size
            if left < 0:
                break
            found.append(raw.commit(id))
    return found


def _to_the_end(paths: Sequence[str]) -> list[str]:
    """Have every folder on the way read to its end.

    Git stops at the first name that sorts after all that it looks for: in a folder that somebody wrote in another order,
    what comes then would be hidden from it, and who changes that.
    """
    around = {folder for path in paths for folder in _folders(path)}
    return [*paths, *(f"{folder}{_LAST_NAME}" for folder in sorted(around))]


def _folders(path: str) -> list[str]:
    """Every folder on the way to a path, from the root on, as its names begin."""
    return ["", *(path[: number + 1] for number, sign in enumerate(path) if sign == "/")]


def _parts(paths: Sequence[str]) -> Iterable[list[str]]:
    """Split paths so that a command can name them; no paths are one part, which means everything."""
    parts: list[list[str]] = [[]]
    size = 0
    for path in paths:
        more = sum(len(one.encode()) + len(_LAST_NAME) + 1 for one in (path, *_folders(path)))
        size += more
        if size > _MOST_NAMED and parts[-1]:
            parts.append([])
            size = more
        parts[-1].append(path)
    return parts
