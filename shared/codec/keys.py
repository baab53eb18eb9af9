"""Parts of row and partition keys: any text as something that every store takes.

Table storage refuses `/ \\ # ?` and control characters in keys, `%` is decoded twice by some of what lies between, and
`~` separates our own parts. The escape is `=` and two hexadecimal digits for each UTF-8 byte.
"""

from __future__ import annotations

import re

from shared.domain.values.errors import InvalidValue

_ESCAPED = re.compile(r"[/\\#?~%=\x00-\x1f\x7f-\x9f]")
# A row's key has 512 characters, and what stands before a part in it is short.
MOST_PART = 480
_ESCAPE = re.compile(r"(?:=[0-9A-F]{2})+")


def encode_part(text: str) -> str:
    """Return the text as one part of a key; letters, digits and most punctuation stay as they are."""
    return _ESCAPED.sub(_escape, text)


def decode_part(part: str) -> str:
    """Return what `encode_part` was given; raise InvalidValue for what it cannot have returned."""
    try:
        text = _ESCAPE.sub(_unescape, part)
    except UnicodeDecodeError as error:
        raise InvalidValue("key", f"{part!r} is not an encoded part: {error.reason}") from error
    if encode_part(text) != part:
        raise InvalidValue("key", f"{part!r} is not an encoded part")
    return text


def fits(text: str) -> bool:
    """Whether the text can be a part of a key: no longer, once encoded, than `MOST_PART`."""
    return len(encode_part(text).encode("utf-16-le", "replace")) <= 2 * MOST_PART


def _escape(found: re.Match[str]) -> str:
    return "".join(f"={byte:02X}" for byte in found.group().encode())


def _unescape(found: re.Match[str]) -> str:
    return bytes.fromhex(found.group().replace("=", "")).decode()
