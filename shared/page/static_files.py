"""The pages' script, style sheet and icon, under addresses that change with their content."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from shared.domain.values.errors import Refused

_FOLDER = Path(__file__).parent / "static"
_TYPES = {"page.js": "text/javascript", "page.css": "text/css", "icon.svg": "image/svg+xml"}
FILES = tuple(_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file's text and what it is."""

    content: str
    media_type: str


@functools.cache
def read_file(name: str) -> StaticFile:
    """Return a file; raise Refused for any other name."""
    if name not in _TYPES:
        raise Refused("unknown-file", "there is no such file")
    return StaticFile(content=(_FOLDER / name).read_text(encoding="utf-8"), media_type=_TYPES[name])


@functools.cache
def address(name: str) -> str:
    """Return where pages load a file from."""
    digest = hashlib.sha256(read_file(name).content.encode()).hexdigest()
    return f"/static/{name}?{digest[:12]}"
