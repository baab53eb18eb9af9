"""The log as a reader has it: one JSON object a line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def log_lines() -> Iterator[list[dict[str, Any]]]:
    """Read what is logged within, at INFO and above."""
    found: list[dict[str, Any]] = []

    class Reader(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(record.getMessage()))

    log, reader = logging.getLogger("slipway"), Reader()
    level = log.level
    log.addHandler(reader)
    log.setLevel(logging.INFO)
    try:
        yield found
    finally:
        log.removeHandler(reader)
        log.setLevel(level)
