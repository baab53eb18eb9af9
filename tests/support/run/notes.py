"""Where test processes note what they are at. Whoever only looks there needs no pytest: it may not be installed yet."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[3] / ".cache" / "dumps"


def pid_of(note: Path) -> int:
    """The process that wrote a note."""
    return int(note.name.rpartition("-")[2])
