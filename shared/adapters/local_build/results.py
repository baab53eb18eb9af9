"""A finished build's result in a file, so that whoever asks again is told the same."""

from __future__ import annotations

import os
from pathlib import Path

from shared.codec.errors import UnreadableRecord
from shared.codec.stored import Stored
from shared.ports.builder import BuildResult

RESULTS = Stored[BuildResult]("build result", BuildResult)


def keep(file: Path, result: BuildResult) -> None:
    """Write a result, whole or not at all."""
    new = file.with_suffix(".new")
    with new.open("wb") as stream:
        stream.write(RESULTS.encode(result))
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(file)


def kept(file: Path) -> BuildResult | None:
    """Read a result; None where there is none that this code can read, and then the build is done again."""
    try:
        return RESULTS.decode(file.read_bytes())
    except (FileNotFoundError, UnreadableRecord):
        return None
