"""Unpacks what `git archive` wrote, and nothing outside the folder.

tarfile's own filter="data" would do, but Python 3.11.2 (Debian 12) does not have it yet.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from shared.ports.errors import Permanent


def unpack(archive: Path, into: Path) -> None:
    """Write folders, files and symbolic links of a tar file below `into`; raise Permanent for what leads out of it."""
    into.mkdir(parents=True, exist_ok=True)
    links: list[tuple[Path, str]] = []
    with tarfile.open(archive) as tar:
        for member in tar:
            path = into / _inside(member.name)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
            elif member.issym():
                links.append((path, member.linkname))
            elif (content := tar.extractfile(member)) is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                with content, path.open("wb") as file:
                    shutil.copyfileobj(content, file)
                path.chmod(0o755 if member.mode & 0o100 else 0o644)
    _link(into.resolve(), links)


def _link(into: Path, links: list[tuple[Path, str]]) -> None:
    # Only after all files, so that none is written through a link.
    for link, target in links:
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_dir() and not link.is_symlink():
            raise Permanent(f"{link.name} is a link and a folder at once; git would not make such a commit")
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    for link, target in links:
        # Where it leads is known only when all of them are there: a link may go by way of another.
        if not Path(os.path.realpath(link)).is_relative_to(into):
            for made, _ in links:
                made.unlink(missing_ok=True)
            raise Permanent(f"the link {link.name} to {target} leads out of the repository; remove it from the commit")


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise Permanent(f"{name!r} leads out of the repository; remove it from the commit")
    return path
