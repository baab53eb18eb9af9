"""The body of a request that comes in chunks, for the host and the registry.

Werkzeug's own reader says that it has filled the buffer where a chunk is cut short. Until CPython's gh-140607 (3.13.10)
`io.RawIOBase.read` believes that, and takes the rest from whatever lies behind the buffer in memory: the function sees
pieces of the process's memory as a body, or the process ends with a segmentation fault.
"""

from __future__ import annotations

import io
from typing import Any

from werkzeug.exceptions import BadRequest

_LONGEST_LINE = 4096
_MOST_DIGITS = 16
_DIGITS = frozenset(b"0123456789abcdefABCDEF")


class Chunks(io.RawIOBase):
    """What is in the chunks, without their framing. Raise BadRequest where that is broken or ends early."""

    def __init__(self, source: io.BufferedIOBase) -> None:
        self._source, self._left, self._first, self._ended = source, 0, True, False

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer, and say how much of it is the body's: less than all of it only at the end."""
        filled = 0
        while filled < len(buffer) and self._within_a_chunk():
            data = self._source.read(min(len(buffer) - filled, self._left))
            if not data:
                raise _broken()
            # As long as what it takes the place of: a bytearray must not change its size here.
            buffer[filled : filled + len(data)] = data
            filled += len(data)
            self._left -= len(data)
        return filled

    def _within_a_chunk(self) -> bool:
        if self._left or self._ended:
            return bool(self._left)
        if not self._first:
            self._end_of_line()
        self._first = False
        self._left = self._size()
        if not self._left:
            self._end_of_line()
            self._ended = True
        return bool(self._left)

    def _size(self) -> int:
        line = self._source.readline(_LONGEST_LINE)
        digits = line.partition(b";")[0].strip(b" \t\r\n")
        if not line.endswith(b"\n") or not digits or len(digits) > _MOST_DIGITS or not _DIGITS.issuperset(digits):
            raise _broken()
        return int(digits, 16)

    def _end_of_line(self) -> None:
        if self._source.readline(2) not in (b"\r\n", b"\n"):
            raise _broken()


def _broken() -> BadRequest:
    return BadRequest("the body ended early or is badly framed")
