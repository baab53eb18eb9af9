"""Writes that are whole or not there, whenever the process or the machine dies."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def publish(written: Path, target: Path) -> None:
    """Move a finished file to its place; it is on the disk before it can be seen."""
    with written.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    written.replace(target)
    _sync_folder(target.parent)


def write_whole(target: Path, content: bytes, scratch: Path) -> None:
    """Write a small file by way of the scratch folder, which lies on the same disk."""
    temporary = scratch / uuid.uuid4().hex
    temporary.write_bytes(content)
    publish(temporary, target)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
