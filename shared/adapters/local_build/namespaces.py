"""Bubblewrap (https://github.com/containers/bubblewrap), which gives a command a disk and processes of its own.

Landlock keeps a command from reading, writing and signalling. By name it still changes modes, times and owners of its user's files,
and learns that they are there; to a process of its user it still gives other limits and another priority. In namespaces of its own
there are neither. Chosen over calls of our own: it knows which flags of a mount may not be lost, and what containers forbid.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

BUBBLEWRAP = "bubblewrap"
_APART = ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--cap-drop", "ALL", "--die-with-parent")
_KERNEL = ("--proc", "/proc", "--dev", "/dev")
_OWN = (Path("/proc"), Path("/dev"))
_TRIED_SECONDS = 10
# A path with more links than that leads nowhere, as for the kernel.
_MOST_LINKS = 40


@cache
def program() -> str:
    """Where bubblewrap lies, or nothing where there is none, or where this system lets nobody have namespaces of their own."""
    found = shutil.which("bwrap") or ""
    try:
        tried = subprocess.run(
            [found, *_APART, "--ro-bind", "/", "/", *_KERNEL, "true"],
            capture_output=True,
            timeout=_TRIED_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found if tried.returncode == 0 else ""


def before(reads: Sequence[Path], writes: Sequence[Path]) -> list[str]:
    """What stands before a command line, so that nothing but these files and folders is there."""
    links: dict[str, str] = {}
    bound: list[str] = []
    for option, paths in (("--ro-bind-try", reads), ("--bind-try", writes)):
        for path in _real(paths, links):
            bound += [option, str(path), str(path)]
    made = [part for place, target in links.items() for part in ("--symlink", target, place)]
    # Links first: those that lie in a folder that is bound are there with it. The root is of its own; nobody needs to write there.
    return [program(), *_APART, *made, *bound, *_KERNEL, "--remount-ro", "/", "--"]


def _real(paths: Iterable[Path], links: dict[str, str]) -> Iterator[Path]:
    """Where the paths lead, without links; add those on the way to `links`."""
    for path in paths:
        if any(path.is_relative_to(own) for own in _OWN):
            continue
        real = _followed(path, links)
        if real is not None:
            yield real


def _followed(path: Path, links: dict[str, str]) -> Path | None:
    left, reached, seen = list(reversed(path.parts[1:])), Path("/"), 0
    while left:
        part = left.pop()
        if part == "..":
            reached = reached.parent
            continue
        place = reached / part
        if not place.is_symlink():
            reached = place
            continue
        seen += 1
        if seen > _MOST_LINKS:
            return None
        target = os.readlink(place)
        links[str(place)] = target
        if target.startswith("/"):
            reached = Path("/")
        left += [one for one in reversed(target.split("/")) if one not in ("", ".")]
    return reached if reached.exists() else None
