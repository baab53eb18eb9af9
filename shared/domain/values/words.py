"""Words for people."""

from __future__ import annotations

from datetime import UTC, datetime


def counted(number: int, what: str) -> str:
    """Return how many there are: `1 byte`, `2 bytes`, `200,000 bytes`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def time_text(at: datetime) -> str:
    """Return a time as it is written for people and programs: `2026-11-23T13:40:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
