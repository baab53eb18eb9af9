"""Values that are written once and seldom read, deflated. What all of them say alike is said once, in a dictionary.

A packed value begins with the byte of its dictionary. A value that begins with any other byte is not packed. A dictionary
never changes once it is released: values packed by it could not be read any more. A better one gets its own number.
"""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path
from typing import Final

LEDGER: Final = b"\x01"
RECORD: Final = b"\x02"
_AS_IT_IS = b"\x00"
_FILES = {LEDGER: "ledger-1.txt", RECORD: "record-1.txt"}
_WINDOW, _MEMORY, _LEVEL = -13, 6, 6  # 8 KiB, no header: most values are a few hundred bytes long


class DamagedValue(ValueError):
    """A packed value cannot be unpacked."""


def pack(kind: bytes, data: bytes) -> bytes:
    """Return the value as it is stored."""
    # A copy of a compressor that has read its dictionary is much cheaper than a new one.
    compressor = _primed(kind).copy()
    packed = compressor.compress(data) + compressor.flush()
    if len(packed) < len(data):
        return kind + packed
    return _AS_IT_IS + data if data[:1] in (_AS_IT_IS, *_FILES) else data


def unpack(value: bytes) -> bytes:
    """Return what was packed, to the byte; raise DamagedValue."""
    kind = value[:1]
    if kind == _AS_IT_IS:
        return value[1:]
    if kind not in _FILES:
        return value
    inflater = zlib.decompressobj(_WINDOW, zdict=_dictionary(kind))
    try:
        data = inflater.decompress(value[1:]) + inflater.flush()
    except zlib.error as error:
        raise DamagedValue(f"a value is damaged: {error}; restore the file from its backup") from error
    if not inflater.eof:
        raise DamagedValue("a value is cut short; restore the file from its backup")
    return data


@cache
def _dictionary(kind: bytes) -> bytes:
    return Path(__file__).with_name(_FILES[kind]).read_bytes()


@cache
def _primed(kind: bytes) -> zlib._Compress:
    return zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _dictionary(kind))
