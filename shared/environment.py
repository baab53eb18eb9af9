"""How single variables of the environment are read; InvalidValue names the one that is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shared.domain.errors import InvalidValue


def whole(name: str, text: str) -> int:
    """Read a whole number."""
    if not text.isdecimal():
        raise InvalidValue(name, f"{text!r} is not a whole number")
    return int(text)


def names(text: str) -> frozenset[str]:
    """Read words between commas."""
    return frozenset(one.strip() for one in text.split(",") if one.strip())


def texts(name: str, text: str) -> Mapping[str, str]:
    """Read a JSON object of texts."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidValue(name, f"is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise InvalidValue(name, "is not an object of names and texts")
    return found
