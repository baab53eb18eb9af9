"""Used paths: what decides the content of some folders and files, in the words of the port."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final

from shared.adapters.git_disk.batch import BROKEN, WrongKind
from shared.adapters.git_disk.git import Git, text_of
from shared.adapters.git_disk.objects import Entry, Objects
from shared.adapters.git_disk.reach import Reach
from shared.adapters.git_disk.streams import piped, records
from shared.adapters.git_disk.walk import Parts, shown
from shared.ports.errors import Transient
from shared.ports.source import UsedPaths

ATTRIBUTES: Final = b".gitattributes"
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer is smaller than 1,024 bytes. Git LFS still takes
# the names that it had before (v1Aliases in lfs/pointer.go), and space before them.
_POINTERS: Final = (
    b"version https://git-lfs.github.com/spec/v1",
    b"version https://hawser.github.com/spec/v1",
    b"version http://git-media.io/v/2",
)
_MOST_POINTER = 1023


def parts_of(path: str) -> Parts:
    """Split a path that stays inside the repository."""
    return tuple(part.encode("utf-8", "replace") for part in path.split("/") if part not in ("", "."))


def is_pointer(content: bytes) -> bool:
    """Whether a blob is Git LFS's word for a file that lies elsewhere."""
    return len(content) <= _MOST_POINTER and content.lstrip().startswith(_POINTERS)


def used_paths(reach: Reach, pointers: Iterable[Parts]) -> UsedPaths:
    """Say what was reached."""
    named = reach.named | {(*folder, ATTRIBUTES) for folder in reach.around}
    return UsedPaths(
        paths=tuple(sorted(map(_exact, _outermost(named)))),
        folders=tuple(sorted(_exact(path) for path in reach.folders if _decodable(path) == path)),
        outside=_shown(reach.outside),
        submodules=_shown(reach.submodules),
        pointers=_shown(pointers),
        unwritable=_shown(reach.odd),
    )


def pointers_in(git: Git, objects: Objects, files: Mapping[Parts, Entry], *, seconds: float) -> list[Parts]:
    """Find pointers of Git LFS among files; only those of their size are read."""
    small = set(_small(git, sorted({entry.id for entry in files.values()}), seconds=seconds))
    found = {id for id in small if is_pointer(objects.need(id, "blob", most=_MOST_POINTER))}
    return [path for path, entry in files.items() if entry.id in found]


def _small(git: Git, ids: Collection[str], *, seconds: float) -> Iterator[str]:
    if not ids:
        return
    with ids_file(ids) as asked:
        check = ("cat-file", "--batch-check=%(objecttype) %(objectsize) %(objectname)", "--buffer")
        with piped(git, check, input=asked, seconds=seconds) as answers:
            for line in records(answers, b"\n"):
                kind, *found = text_of(line).split(" ")
                if found == ["missing"]:
                    raise Transient(f"object {kind} is missing; {BROKEN}")
                size, id = found
                if kind != "blob":
                    raise WrongKind(id, "blob", kind)
                if int(size) <= _MOST_POINTER:
                    yield id


@contextmanager
def ids_file(ids: Iterable[str]) -> Iterator[IO[bytes]]:
    """Write ids where a process can read them, one a line: a pipe would have to be filled and emptied at once."""
    with tempfile.TemporaryFile() as file:
        file.writelines(id.encode() + b"\n" for id in ids)
        file.seek(0)
        yield file


def _outermost(paths: Collection[Parts]) -> set[Parts]:
    """Leave out what lies below another one, and represent names that are no UTF-8 by the folder around them."""
    named = {_decodable(path) for path in paths}
    return {path for path in named if not any(path[:end] in named for end in range(len(path)))}


def _decodable(path: Parts) -> Parts:
    for number, name in enumerate(path):
        try:
            name.decode()
        except UnicodeDecodeError:
            return path[:number]
    return path


def _exact(path: Parts) -> str:
    return "/".join(name.decode() for name in path)


def _shown(paths: Iterable[Parts]) -> tuple[str, ...]:
    return tuple(sorted(set(map(shown, paths))))
