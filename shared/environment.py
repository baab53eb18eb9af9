"""How single variables of the environment are read; InvalidValue names the one that is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shared.domain.values.errors import InvalidValue


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


def credentials(name: str, text: str) -> Mapping[str, str]:
    """Read what is shown at which https address; what is wrong is named without what is shown."""
    found = texts(name, text)
    for number, (address, shown) in enumerate(found.items(), start=1):
        host = address.removeprefix("https://").partition("/")[0]
        if not address.startswith("https://") or not host or "@" in address or "?" in address:
            raise InvalidValue(name, f"has as address {number} none such as https://git.example.com/team")
        if ":" not in shown or not shown.isprintable():
            raise InvalidValue(name, f"has for {address} no text such as user:password")
    return found


def address(name: str, text: str) -> str:
    """Read where something is reached by people, without a slash at its end; empty where nobody said so."""
    found = text.rstrip("/")
    host = found.partition("://")[2].partition("/")[0]
    if found and (not found.startswith(("https://", "http://")) or not host or any(one in found for one in "@?# \\")):
        raise InvalidValue(name, f"{text!r} is no address such as https://slipway.example.com")
    return found
