"""SQLite's write-ahead log as bytes: which transactions it holds, and how a crash may leave its end.

https://www.sqlite.org/fileformat2.html#the_write_ahead_log and https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import fcntl
import random
import shutil
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HEADER, _FRAME = 32, 24
_SHM_BACKFILLED = 96


@dataclass(frozen=True, slots=True)
class Log:
    """The bytes of a log. `ends` are where its transactions end, `settled` up to where all of it is in the database already."""

    content: bytes
    ends: Sequence[int]
    settled: int

    @property
    def open(self) -> list[tuple[int, int]]:
        """Begin and end of each transaction of which nothing is in the database yet: those that a crash may tear."""
        begins = (_HEADER, *self.ends)
        return [(begin, end) for begin, end in zip(begins, self.ends, strict=False) if begin >= self.settled]

    def whole_before(self, place: int) -> int:
        """Where the last transaction ends that lies before a place."""
        return max((end for end in self.ends if end <= place), default=_HEADER)


def read_log(database: Path) -> Log:
    """Read the log beside a database, with what the index beside it says of checkpoints."""
    log, index = Path(f"{database}-wal"), Path(f"{database}-shm")
    content = log.read_bytes() if log.exists() else b""
    if len(content) < _HEADER:
        return Log(content, (), 0)
    page = struct.unpack_from(">I", content, 8)[0]
    salts, size = content[16:24], _FRAME + page
    ends, place = [], _HEADER
    # Frames of an earlier round have other salts; they lie behind and mean nothing.
    while place + size <= len(content) and content[place + 8 : place + 16] == salts:
        place += size
        if struct.unpack_from(">I", content, place - size + 4)[0]:
            ends.append(place)
    frames = index.read_bytes()[_SHM_BACKFILLED : _SHM_BACKFILLED + 4] if index.exists() else b""
    backfilled = int.from_bytes(frames, sys.byteorder) if len(frames) == 4 else 0
    return Log(content[: ends[-1] if ends else _HEADER], tuple(ends), _HEADER + backfilled * size)


def cut(content: bytes, place: int, _: random.Random) -> bytes:
    """Leave what was written up to a place."""
    return content[:place]


def flip(content: bytes, place: int, chance: random.Random) -> bytes:
    """Have one byte be another one."""
    return content[:place] + bytes([content[place] ^ chance.randrange(1, 256)]) + content[place + 1 :]


def blank(content: bytes, place: int, _: random.Random) -> bytes:
    """Have zeros where the file had grown and nothing was written yet."""
    return content[:place] + bytes(len(content) - place)


DAMAGES: Mapping[str, Callable[[bytes, int, random.Random], bytes]] = {
    "cut": cut,
    "a byte flipped": flip,
    "zeros at the end": blank,
}


def first_change(before: bytes, after: bytes) -> int:
    """Where two logs begin to differ."""
    pairs = zip(before, after, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(before), len(after)))


def copy_still(database: Path, target: Path) -> Log:
    """Copy a database that is in use, between two of its writes, and return its log; the copy has no index."""
    with Path(f"{database}.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        log = read_log(database)
        shutil.copyfile(database, target)
    Path(f"{target}-wal").write_bytes(log.content)
    return log


def put_in_place(copy: Path, log: bytes, target: Path) -> None:
    """Lay a copied database with that log where a host will find it."""
    shutil.copyfile(copy, target)
    Path(f"{target}-wal").write_bytes(log)
    Path(f"{target}-shm").unlink(missing_ok=True)
