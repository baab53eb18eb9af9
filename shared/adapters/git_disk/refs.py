"""Branches and where they point. A name is any bytes that git takes, so lines are split at their ends alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shared.adapters.git_disk.git import Git, GitFailed, is_commit_id, is_full_ref, text_of
from shared.adapters.git_disk.streams import piped, records
from shared.ports.errors import Permanent
from shared.telemetry import log_event

_HEADS: Final = "refs/heads/"


def tip(git: Git, ref: str, *, seconds: float) -> str | None:
    """What a ref points at; None where it is not there, or cannot be."""
    if not is_full_ref(ref):
        return None
    try:
        name = ref.encode()
    except UnicodeEncodeError:
        return None
    # The ref itself sorts before those in a folder of its name.
    return next((commit for found, commit in _listed(git, ref, most=1, seconds=seconds) if found == name), None)


def tips(git: Git, repository: str, *, most: int, seconds: float) -> dict[str, str]:
    """Every branch with its tip, but those whose names are no text; raise Permanent for more than `most`.

    A part of them is no answer: whoever compares would take the others for deleted.
    """
    found: dict[str, str] = {}
    for name, commit in _listed(git, _HEADS, most=most + 1, seconds=seconds):
        if len(found) == most:
            raise Permanent(f"repository {repository} has more than {most} branches; delete those that nobody uses")
        try:
            found[name.decode()] = commit
        except UnicodeDecodeError:
            log_event("ref.ignored", repository=repository, ref=text_of(name), reason="its name is no UTF-8")
    return found


def _listed(git: Git, pattern: str, *, most: int, seconds: float) -> Iterator[tuple[bytes, str]]:
    for line in _lines(git, pattern, most=most, seconds=seconds):
        commit, kind, name = line.split(b" ", 2)
        if kind not in (b"commit", b""):
            # Git itself lets no branch point there; a file in its folder may.
            reason = f"it points at a {text_of(kind)}, which is no commit"
            log_event("ref.ignored", repository=git.repository.name, ref=text_of(name), reason=reason)
        elif is_commit_id(text_of(commit)):
            yield name, text_of(commit)


def _lines(git: Git, pattern: str, *, most: int, seconds: float) -> list[bytes]:
    """Id, kind and name of each ref; no kinds where git says none of any, for the object of one is missing."""
    command = ("for-each-ref", f"--count={most}")
    try:
        return _printed(git, *command, "--format=%(objectname) %(objecttype) %(refname)", pattern, seconds=seconds)
    except GitFailed:
        return _printed(git, *command, "--format=%(objectname)  %(refname)", pattern, seconds=seconds)


def _printed(git: Git, *command: str, seconds: float) -> list[bytes]:
    with piped(git, command, seconds=seconds) as out:
        return list(filter(None, records(out, b"\n")))
