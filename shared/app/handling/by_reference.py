"""A message that no queue can hold: its content is evidence, and a small one that names it lies in the queue."""

from __future__ import annotations

from shared.app.parts import App
from shared.codec.envelope import referred_to


def whole(app: App, body: str) -> str:
    """Return what a message says, wherever it is kept.

    Raise NotFound where that is gone, UnreadableRecord for what only looks like a reference.
    """
    sha256 = referred_to(body)
    return body if sha256 is None else app.evidence.get(sha256).decode()
