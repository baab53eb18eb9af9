"""One log line for each thing that happened, as fields."""

from __future__ import annotations

import json
import logging

_LOGGER = logging.getLogger("slipway.host")


def log_event(event: str, *, error: BaseException | None = None, **fields: object) -> None:
    """Log a fact; with an error it is one for an operator to look at, and its traceback goes along."""
    level = logging.INFO if error is None else logging.ERROR
    text = json.dumps({"event": event, **fields}, default=str)
    _LOGGER.log(level, text, extra={"event": event, "fields": fields}, exc_info=error)
