"""Words for people."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """Return how many there are: `1 byte`, `2 bytes`, `200,000 bytes`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
