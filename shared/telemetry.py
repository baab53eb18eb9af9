"""What is said about the work: facts for the log, spans and measures. Never a token, a body or a card.

A log line is one JSON object. Spans and measures cost nothing until somebody installs an exporter.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from types import MappingProxyType
from typing import Protocol

_LOG = logging.getLogger("slipway")
# Azure's SDKs tell of every request and answer at INFO, which is what the Functions worker hands on.
_TALKATIVE = ("azure.core", "azure.identity", "azure.monitor", "msal")
_json = json.JSONEncoder(default=str).encode
_NOTHING: Mapping[str, object] = MappingProxyType({})
_about: ContextVar[Mapping[str, object]] = ContextVar("about", default=_NOTHING)


class Exporter(Protocol):
    """Takes spans and measures to whoever watches. None of it may raise, or wait for anybody.

    A trace is named by a correlation: all that belongs to one release has one, whichever process says it and when.
    """

    def span(self, name: str, correlation: str, attributes: Mapping[str, object]) -> AbstractContextManager[None]:
        """Time what is done within, as a part of the correlation's trace."""
        ...

    def record(
        self,
        name: str,
        correlation: str,
        began: int,
        attributes: Mapping[str, object],
        links: tuple[str, ...],
        first: bool,
    ) -> None:
        """Add what began then (nanoseconds since 1970) and is over now; `links` are correlations of other traces.

        `first` is what all else of its trace is below. Within a span of the same trace it is a part of that one, which then has its attributes too.
        """
        ...

    def measure(self, name: str, value: float, attributes: Mapping[str, object]) -> None:
        """Add to a measure, by its name in shared/domain/drafts/measures.py."""
        ...


class _Installed:
    """Who takes spans and measures in this process."""

    exporter: Exporter | None = None


def install(exporter: Exporter | None) -> None:
    """Give spans and measures to an exporter from now on; None takes it out."""
    _Installed.exporter = exporter


def exporting() -> bool:
    """Whether anybody takes spans and measures, for what would cost something to find out."""
    return _Installed.exporter is not None


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Have every line that is logged within say these too, adapters' lines as well."""
    token = _about.set({**_about.get(), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def log_event(name: str, **fields: object) -> None:
    """Log a fact at INFO; values are written as JSON, anything else as its text."""
    if _LOG.isEnabledFor(logging.INFO):
        # Who called need not be looked for: it would be this module.
        _LOG.handle(_LOG.makeRecord(_LOG.name, logging.INFO, __file__, 0, _line(name, fields), (), None))


def log_warning(name: str, **fields: object) -> None:
    """Log something that somebody should look at, though nothing is broken."""
    _LOG.warning(_line(name, fields))


def log_fault(name: str, error: BaseException, **fields: object) -> None:
    """Log something that should not have happened, with its trace."""
    _LOG.error(_line(name, {**fields, "error": f"{type(error).__name__}: {error}"}), exc_info=error)


def quiet_others() -> None:
    """Have the SDKs say what somebody should look at, and not each of their requests; what somebody has set stays."""
    for one in map(logging.getLogger, _TALKATIVE):
        if one.level == logging.NOTSET:
            one.setLevel(logging.WARNING)


def _line(name: str, fields: Mapping[str, object]) -> str:
    return _json({"event": name, **_about.get(), **fields})


def span(name: str, correlation: str, **attributes: object) -> AbstractContextManager[None]:
    """See Exporter."""
    exporter = _Installed.exporter
    return exporter.span(name, correlation, attributes) if exporter is not None else nullcontext()


def started() -> int:
    """Say when something begins that `record` may be told of; 0 where nobody listens."""
    return time.time_ns() if _Installed.exporter is not None else 0


def record(
    name: str,
    correlation: str,
    began: int,
    attributes: Mapping[str, object] = _NOTHING,
    *,
    links: tuple[str, ...] = (),
    first: bool = False,
) -> None:
    """See Exporter."""
    if _Installed.exporter is not None and began:
        _Installed.exporter.record(name, correlation, began, attributes, links, first)


def measure(name: str, value: float, **attributes: object) -> None:
    """See Exporter."""
    if _Installed.exporter is not None:
        _Installed.exporter.measure(name, value, attributes)
