"""What went wrong at a registry, as Transient, Permanent or NotFound."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast

from shared.adapters.oci_registry.answers import RegistryAnswer, read
from shared.adapters.oci_registry.challenges import UnknownChallenge, quoted
from shared.ports.errors import AdapterError, Damaged, NotFound, Permanent, Transient

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

_BUSY = frozenset({408, 425, 429})
_NOT_LET_IN = frozenset({401, 403})
_PROXY = 407
_MOST_SAID, _MOST_ERRORS = 64 << 10, 5
_LONGEST_WAIT = timedelta(hours=1)


def refused(answer: RegistryAnswer, doing: str) -> AdapterError:
    """Say what an answer that is no success means."""
    status = answer.status
    said = f"{doing}: HTTP {status}{_reason(answer)}"
    if status in _NOT_LET_IN:
        return Permanent(
            f"{said}{_asked(answer)}; give Slipway's identity the right to do that (AcrPull, AcrPush)", ours=True
        )
    if status == _PROXY:
        return Permanent(f"{said}; a proxy wants to know who asks, correct its settings", ours=True)
    if status == 404:
        return NotFound(said)
    if status in _BUSY or status >= 500:
        return Transient(said, retry_after=_retry_after(answer))
    if status < 400:
        # A success or a redirection that does not fit what was asked: a proxy's, or a registry's bad day.
        return Transient(f"{doing}: is answered with {answer}")
    return Permanent(said)


@contextmanager
def reported(doing: str) -> Iterator[None]:
    """Turn what the SDK raises into ours, whatever it is: it takes much for granted of what is answered."""
    from azure.containerregistry import DigestValidationError
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except AdapterError:
        raise
    except HttpResponseError as error:
        if error.response is not None:
            raise refused(_answer(cast("HttpResponse", error.response)), doing) from error
        if isinstance(error, ClientAuthenticationError):
            # An endpoint that is down looks to us like an identity that is not there: the SDK leaves out what was answered.
            raise Transient(f"{doing}: no token could be had: {error.message}") from error
        raise Transient(f"{doing}: {error.message}") from error
    except DigestValidationError as error:
        raise Damaged(f"{doing}: the content was damaged on its way: {error}") from error
    except AzureError as error:
        raise Transient(f"{doing}: the registry cannot be reached: {error.message}") from error
    except UnknownChallenge as error:
        raise Permanent(
            f"{doing}: the registry asks for a login other than a bearer token with a service and a scope, by {error}",
            ours=True,
        ) from error
    except OSError as error:
        raise Transient(f"{doing}: the registry cannot be reached: {error}") from error
    except Exception as error:
        raise Transient(f"{doing}: the answer cannot be understood: {type(error).__name__}: {error!s:.200}") from error


def _answer(response: HttpResponse) -> RegistryAnswer:
    from azure.core.exceptions import AzureError, ResponseNotReadError

    try:
        content = response.content[:_MOST_SAID]
    except ResponseNotReadError:
        # A streamed answer, such as a blob's.
        try:
            return read(response, _MOST_SAID)
        except (AzureError, OSError):
            content = b""
    return RegistryAnswer(status=response.status_code, headers=response.headers, content=content)


def _reason(answer: RegistryAnswer) -> str:
    try:
        errors = json.loads(answer.content)["errors"][:_MOST_ERRORS]
        return ", " + "; ".join(f"{error['code']}: {error.get('message', '')}"[:300] for error in errors)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return f", with {answer}" if answer.content else ""


def _asked(answer: RegistryAnswer) -> str:
    challenge = answer.headers.get("WWW-Authenticate")
    return f", and asks for {quoted(challenge)}" if challenge else ""


def _retry_after(answer: RegistryAnswer) -> timedelta | None:
    """When to come back, if the registry said; an absurd time is an hour."""
    stated = answer.headers.get("Retry-After", "").strip()
    if stated.isascii() and stated.isdecimal():
        return min(timedelta(seconds=int(stated[:9])), _LONGEST_WAIT)
    try:
        # A date counts from the sender's own clock, which may not agree with ours.
        until = parsedate_to_datetime(stated) - parsedate_to_datetime(answer.headers["Date"])
    except (ValueError, LookupError, TypeError, OverflowError):
        return None
    return min(max(until, timedelta(0)), _LONGEST_WAIT)
