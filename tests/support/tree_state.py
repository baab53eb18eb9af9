"""What lies below a folder, to be compared before and after."""

from __future__ import annotations

from pathlib import Path


def tree_state(folder: Path) -> dict[str, bytes]:
    """Every file with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
