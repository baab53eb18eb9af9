"""What every store says of evidence that was changed."""

from __future__ import annotations


def changed(sha256: str) -> str:
    """Say that the bytes under a hash have another one."""
    return (
        f"no evidence {sha256} is kept: the bytes under that name have another hash, so they were changed, or never "
        "stored whole; restore them from a backup, or have them made anew"
    )
