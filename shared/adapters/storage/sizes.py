"""How large a batch is as the service receives it, reckoned before it is made and never too small."""

from __future__ import annotations

from collections.abc import Iterable

# Headers and frame of one operation; our own rows' short keys are in it.
_OPERATION = 832
# A key is sent once in the URL and once in the body, with what neither can hold as it is in an escape.
_CHARACTER, _CHARACTER_BEYOND_ASCII = 4, 24


def sent_size(values: Iterable[int], keys: Iterable[str], service: str, rows: int) -> int:
    """Reckon a batch of so many rows: values travel as base64, and every row names its partition."""
    named = sum(map(_key_size, keys)) + rows * _key_size(service)
    return sum((size + 2) // 3 * 4 for size in values) + rows * _OPERATION + named


def _key_size(key: str) -> int:
    return len(key) * (_CHARACTER if key.isascii() else _CHARACTER_BEYOND_ASCII)
