"""What went wrong at a registry, as Transient, Permanent or NotFound."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast

from shared.ports.errors import AdapterError, NotFound, Permanent, Transient

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

_BUSY = frozenset({408, 425, 429})
_NOT_LET_IN = frozenset({401, 403})


def refused(response: HttpResponse, doing: str) -> AdapterError:
    """Say what an answer that is no success means."""
    status = response.status_code
    said = f"{doing}: HTTP {status}{_reason(response)}"
    if status in _NOT_LET_IN:
        return Permanent(f"{said}; give Slipway's identity the right to do that (AcrPull, AcrPush)", ours=True)
    if status == 404:
        return NotFound(said)
    if status in _BUSY or status >= 500:
        return Transient(said, retry_after=_retry_after(response))
    return Permanent(said)


@contextmanager
def reported(doing: str) -> Iterator[None]:
    """Turn what the SDK raises into ours."""
    from azure.containerregistry import DigestValidationError
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        if error.response is not None:
            raise refused(cast("HttpResponse", error.response), doing) from error
        if isinstance(error, ClientAuthenticationError):
            # An endpoint that is down looks to us like an identity that is not there: the SDK leaves out what was answered.
            raise Transient(f"{doing}: no token could be had: {error.message}") from error
        raise Transient(f"{doing}: {error.message}") from error
    except DigestValidationError as error:
        raise Transient(f"{doing}: the content was damaged on its way: {error}") from error
    except AzureError as error:
        raise Transient(f"{doing}: the registry cannot be reached: {error.message}") from error
    except KeyError as error:
        # The SDK takes for granted that every challenge is a bearer's, with a service and a scope.
        raise Permanent(
            f"{doing}: the registry asks for a login other than a bearer token (no {error} in its challenge)",
            ours=True,
        ) from error


def _reason(response: HttpResponse) -> str:
    from azure.core.exceptions import AzureError

    try:
        # A streamed answer, such as a blob's, was not read yet.
        errors = json.loads(response.read())["errors"]
        return ", " + "; ".join(f"{error['code']}: {error.get('message', '')}"[:300] for error in errors)
    except (ValueError, LookupError, TypeError, AttributeError, AzureError):
        return ""


def _retry_after(response: HttpResponse) -> timedelta | None:
    stated = response.headers.get("Retry-After", "").strip()
    if stated.isdecimal():
        return timedelta(seconds=int(stated))
    try:
        # A date counts from the sender's own clock, which may not agree with ours.
        until = parsedate_to_datetime(stated) - parsedate_to_datetime(response.headers["Date"])
    except (ValueError, LookupError, TypeError):
        return None
    return max(until, timedelta(0))
