"""Facts for the log: one line each, as fields. Never a token, a body or a card."""

from __future__ import annotations

import json
import logging

_LOG = logging.getLogger("slipway")
_json = json.JSONEncoder(default=str, sort_keys=True).encode


def log_event(name: str, **fields: object) -> None:
    """Log a fact at INFO; values are written as JSON, anything else as its text."""
    if _LOG.isEnabledFor(logging.INFO):
        _LOG.info(f"{name} {_json(fields)}")


def log_warning(name: str, **fields: object) -> None:
    """Log something that somebody should look at, though nothing is broken."""
    _LOG.warning(f"{name} {_json(fields)}")


def log_fault(name: str, error: BaseException, **fields: object) -> None:
    """Log something that should not have happened, with its trace."""
    _LOG.error(f"{name} {_json(fields)}", exc_info=error)
