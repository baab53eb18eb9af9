"""How often each message failed, and what was in hand, in a file that outlives the process that writes it.

A message has a slot of a few bytes, written by a plain write without a flush: that survives the death of the process,
and need not survive the machine's. A slot that is torn, or a file that is not there, is a message of which nothing is known.
"""

from __future__ import annotations

import os
import struct
import zlib
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from infra.local.host.log import log_event

# More than can be in hand at once; the rest are messages that failed, of which the longest unheard of is forgotten first.
_SLOTS = 4096
_NUMBERS, _CHECK = struct.Struct("<16s4B"), struct.Struct("<I")
_SIZE = _NUMBERS.size + _CHECK.size
_FREE = bytes(_SIZE)
# As far as counting goes: what a byte holds.
MOST = 255


class Held(IntEnum):
    """Whether a message is in hand."""

    NO = 0
    WITH_OTHERS = 1
    ALONE = 2


class Counts(NamedTuple):
    """What is known of a message: how often its function raised, and how often a host died that had it in hand.

    `alone` are the deaths at which nothing else was in hand.
    """

    held: Held = Held.NO
    failures: int = 0
    deaths: int = 0
    alone: int = 0


NOTHING = Counts()


class CountsFile:
    """Counts by a message's key of 16 bytes. `path` None keeps them for as long as the process lives.

    Who changes the counts of a message has it in hand: no two threads change those of one at a time.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = _opened(path)
        self._known: dict[bytes, tuple[int, Counts]] = {}
        self._read()
        taken = {index for index, _ in self._known.values()}
        self._free = [index for index in reversed(range(_SLOTS)) if index not in taken]

    def get(self, key: bytes) -> Counts:
        """What is known of a message."""
        found = self._known.get(key)
        return found[1] if found is not None else NOTHING

    def put(self, key: bytes, counts: Counts) -> None:
        """Keep what is known of a message now; nothing gives its slot to another one."""
        found = self._known.pop(key, None)
        index = found[0] if found is not None else self._take()
        if counts == NOTHING:
            if index is not None:
                self._write(index, _FREE)
                self._free.append(index)
        elif index is not None:
            self._known[key] = index, counts
            self._write(index, _packed(key, counts))

    def close(self) -> None:
        """Write no more."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _read(self) -> None:
        """Take over what an earlier process left: what was in hand then, it died with."""
        if self._file is None:
            return
        content = os.pread(self._file, _SLOTS * _SIZE, 0)
        for index in range(len(content) // _SIZE):
            start = index * _SIZE
            packed, check = content[start : start + _NUMBERS.size], content[start + _NUMBERS.size : start + _SIZE]
            key, held, failures, deaths, alone = _NUMBERS.unpack(packed)
            if check != _CHECK.pack(zlib.crc32(packed)) or held not in tuple(Held):
                continue
            counts = Counts(Held(held), failures, deaths, alone)
            if counts.held is not Held.NO:
                counts = _died(counts)
                self._write(index, _packed(key, counts))
            self._known[key] = index, counts

    def _take(self) -> int | None:
        if self._free:
            return self._free.pop()
        for key, (index, counts) in self._known.items():
            if counts.held is Held.NO:
                del self._known[key]
                return index
        return None

    def _write(self, index: int, slot: bytes) -> None:
        if self._file is not None:
            try:
                os.pwrite(self._file, slot, index * _SIZE)
            except OSError:  # then it is known for as long as the process lives
                return


def _opened(path: Path | None) -> int | None:
    if path is None:
        return None
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        log_event("host.counts_not_kept", error=error, file=path)
        return None


def _died(counts: Counts) -> Counts:
    alone = counts.alone + (counts.held is Held.ALONE)
    return Counts(failures=counts.failures, deaths=min(counts.deaths + 1, MOST), alone=min(alone, MOST))


def _packed(key: bytes, counts: Counts) -> bytes:
    packed = _NUMBERS.pack(key, *counts)
    return packed + _CHECK.pack(zlib.crc32(packed))
