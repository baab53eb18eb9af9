"""A message that no queue can hold: its content is evidence, and a small one that names it lies in the queue."""

from __future__ import annotations

import re

from shared.app.parts import App
from shared.codec.envelope import referred_to
from shared.ports.errors import NotFound

_HASH = re.compile(r"[0-9a-f]{64}")


def whole(app: App, body: str) -> str:
    """Return what a message says, wherever it is kept.

    Raise NotFound where that is gone, or named by no hash, UnreadableRecord for what only looks like a reference.
    """
    sha256 = referred_to(body)
    if sha256 is None:
        return body
    if not _HASH.fullmatch(sha256):
        raise NotFound(f"a message stands for {sha256[:100]!r}, which is no SHA-256; find out who sent it")
    return app.evidence.get(sha256).decode()
