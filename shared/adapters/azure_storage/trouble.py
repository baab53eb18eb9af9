"""A storage account's failures in our words, and what is worth trying again at once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from shared.ports.store import StoreRefused, StoreUnavailable

T = TypeVar("T")

_PAUSES = (0.1, 0.4)  # seconds between tries, jittered; a door answers within seconds
_LONGEST_PAUSE = timedelta(seconds=1)  # a service that asks for more is asked again by another message
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_CLOSED = "transport has already been closed"
_NEVER = frozenset({400, 411, 413, 414, 415, 416})  # not 403 or 404: rights are given, and tables made, meanwhile


@contextmanager
def failures_named(what: str) -> Iterator[None]:
    """Turn the SDKs' errors into StoreUnavailable, with the time at which the service wants to be asked again."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        raise unavailable(what, error) from error
    except ValueError as error:
        # The SDK has no error of its own for connections that somebody closes meanwhile.
        if _CLOSED not in str(error):
            raise
        raise StoreUnavailable(f"storage was closed during {what}; start the host again") from error


def unavailable(what: str, error: Exception) -> StoreUnavailable:
    """Say that storage failed at something: for now, or for good where what it was asked is wrong in itself."""
    if getattr(error, "status_code", None) in _NEVER:
        return StoreRefused(f"storage refuses {what}: {reason(error)}; Slipway asked for what cannot be")
    return StoreUnavailable(
        f"storage failed at {what}: {reason(error)}; try again, and look at the account's health and rights",
        retry_after=retry_after(error),
    )


def reason(error: Exception) -> str:
    """The first line of an SDK's error; the rest is a dump of the response."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def patiently(work: Callable[[], T]) -> T:
    """Do what is harmless when done twice, and again where the service is busy or an answer was lost."""
    from azure.core.exceptions import AzureError

    for pause in _PAUSES:
        try:
            return work()
        except AzureError as error:
            if not passes(error):
                raise
            wanted = retry_after(error) or timedelta(0)
            if wanted > _LONGEST_PAUSE:
                raise
            time.sleep(max(wanted.total_seconds(), random.uniform(0.5, 1) * pause))
    return work()


def passes(error: Exception) -> bool:
    """Whether a failure is of the kind that goes by: the service is busy, or nobody knows what became of the request."""
    from azure.core.exceptions import ClientAuthenticationError, HttpResponseError

    if isinstance(error, ClientAuthenticationError):
        return False  # most often there was no token, so that nothing was sent; whoever gives tokens is patient already
    return not isinstance(error, HttpResponseError) or error.status_code is None or error.status_code in _AGAIN


def retry_after(error: Exception) -> timedelta | None:
    """Return how long the service wants to be left alone, where it said so in seconds."""
    response = getattr(error, "response", None)
    said = response.headers.get("Retry-After", "") if response is not None else ""
    return timedelta(seconds=int(said)) if said.isdecimal() else None


def code(error: Exception) -> str:
    """Return the service's own word for a failure."""
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found) or "")
