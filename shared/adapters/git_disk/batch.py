"""What `git cat-file --batch` answers, read as it comes. Raise EOFError where it ends too early."""

from __future__ import annotations

import re
from typing import IO, Final, NamedTuple

from shared.ports.errors import Permanent, Transient

BROKEN: Final = "the repository is broken, or a partial clone: run git fetch --refetch there"
# What is not there is answered with its name and one word, never with a size.
_FOUND = re.compile(rb"[0-9a-f]{40,64} (blob|tree|commit|tag) ([0-9]+)\n")
_BLOCK: Final = 1 << 16


class GitObject(NamedTuple):
    """What git keeps under a name: `blob`, `tree`, `commit` or `tag`, and its bytes."""

    kind: str
    content: bytes


class ObjectTooLarge(Permanent):
    """An object has more bytes than somebody wants to read: nothing of its `size` bytes and the line's end was read."""

    def __init__(self, name: str, kind: str, size: int) -> None:
        super().__init__(f"object {name} has {size} bytes")
        self.kind, self.size = kind, size


class WrongKind(Permanent):
    """An object is not of the kind that another one says, which git would not write: its history has to be written anew."""

    def __init__(self, name: str, wanted: str, found: str) -> None:
        super().__init__(f"object {name} is a {found}, and is named as a {wanted}; commit it anew with git itself")


def next_object(answer: IO[bytes], name: str, *, most: int) -> GitObject | None:
    """Read what cat-file --batch answers next; of what is TooLarge its header alone, the rest is still to be skipped."""
    kind, size = _header(answer)
    if not kind:
        return None
    if size > most:
        raise ObjectTooLarge(name, kind, size)
    content = answer.read(size)
    if len(content) != size or answer.read(1) != b"\n":
        raise EOFError
    return GitObject(kind, content)


def copy_object(answer: IO[bytes], name: str, into: IO[bytes]) -> None:
    """Write the blob that cat-file --batch answers next into a file; raise WrongKind for what is no blob, Transient where it is missing."""
    kind, left = _header(answer)
    if not kind:
        raise Transient(f"object {name} is missing; {BROKEN}")
    if kind != "blob":
        raise WrongKind(name, "blob", kind)
    while left > 0:
        block = answer.read(min(left, _BLOCK)) or _end()
        into.write(block)
        left -= len(block)
    skip(answer, 1)


def skip(answer: IO[bytes], size: int) -> None:
    """Read over what nobody wants."""
    while size > 0:
        size -= len(answer.read(min(size, _BLOCK)) or _end())


def _end() -> bytes:
    raise EOFError


def _header(answer: IO[bytes]) -> tuple[str, int]:
    """Read the kind and size of what comes next; no kind where it is not there."""
    header = answer.readline()
    if not header:
        raise EOFError
    there = _FOUND.fullmatch(header)
    return (there[1].decode(), int(there[2])) if there is not None else ("", 0)
