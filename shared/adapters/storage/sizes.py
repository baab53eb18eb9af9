"""Sizes of batches and messages as a service receives them, estimated before they are sent and never too small."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Headers and frame of one operation; our own rows' short keys are in it.
_OPERATION = 832
# A key is sent once in the URL and once in the body, with what neither can hold as it is in an escape.
_CHARACTER, _CHARACTER_BEYOND_ASCII = 4, 24
# What no XML can hold, and queues take messages in XML. Ours are JSON, which says the same in an escape.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def message_text(body: str) -> str:
    """Write a message so that a queue can hold it."""
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", body)


def sent_size(values: Iterable[int], keys: Iterable[str], service: str, rows: int) -> int:
    """Estimate a batch of so many rows: values travel as base64, and every row names its partition."""
    named = sum(map(_key_size, keys)) + rows * _key_size(service)
    return sum((size + 2) // 3 * 4 for size in values) + rows * _OPERATION + named


def _key_size(key: str) -> int:
    return len(key) * (_CHARACTER if key.isascii() else _CHARACTER_BEYOND_ASCII)
