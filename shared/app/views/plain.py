"""Records as JSON: a field's name is the member's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any

from shared.codec.primitives import time_text
from shared.domain.names import Digest
from shared.domain.version import Version

# What most members are; a word of an enumeration is a text of another class.
_AS_IT_IS = frozenset((str, int, bool, NoneType))


def members(record: Any) -> dict[str, object]:
    """Return a record as a JSON object."""
    kind: Any = type(record)
    return {name: plain(getattr(record, name)) for name in _names(kind)}


@cache
def _names(record: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(record))


def plain(value: object) -> object:
    """Return what JSON can hold: records as objects, times as text in UTC, durations as seconds."""
    if type(value) in _AS_IT_IS:
        return value
    if is_dataclass(value) and not isinstance(value, type | Digest | Version):
        return members(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Digest | Version) else value
