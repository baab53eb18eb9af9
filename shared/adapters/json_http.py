"""JSON over HTTP to one address, and its failures in our words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from shared.ports.errors import NotFound, Permanent, Transient

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpResponse

    Client: TypeAlias = PipelineClient[Any, Any]

# Somebody waits for the answer: a lost connection is made up for once, and longer waits are for the caller.
_SETTINGS: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 10}
_RETRIES: dict[str, Any] = {"retry_total": 1, "retry_status": 0, "retry_backoff_factor": 0}
_LONGEST_WAIT = timedelta(minutes=10)
# Keys of a tenant have some 20 KiB, and so have all the mails that one person can have.
_LARGEST = 1024 * 1024


class JsonHttp:
    """Asks one outside, `what` in messages; with a credential each request carries its token, over TLS only.

    The credential is made when it is used first.
    """

    def __init__(self, what: str, *, credential: Callable[[], TokenCredential] | None = None, scope: str = "") -> None:
        self._what, self._credential, self._scope = what, credential, scope
        self._client: Client | None = None

    def ask(self, method: str, url: str, body: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """Return the object that is answered; raise NotFound, Permanent or Transient."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from azure.core.rest import HttpRequest

        request = HttpRequest(method, url, json=body, headers={"Accept": "application/json"})
        # Within this machine nobody listens; see Entra for what else is refused.
        plain = {"enforce_https": False} if self._credential and url.startswith("http://127.") else {}
        try:
            response = self._opened().send_request(request, stream=True, **_SETTINGS, **plain)
            with response:
                return self._read(response, self._content(response))
        except ClientAuthenticationError as error:
            raise Permanent(f"{self._what} is out of reach: no token for it: {_first(error)}", ours=True) from error
        except AzureError as error:
            raise Transient(f"{self._what} cannot be reached: {_first(error)}") from error

    def _opened(self) -> Client:
        if self._client is None:
            from azure.core import PipelineClient
            from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy, UserAgentPolicy

            signed = [BearerTokenCredentialPolicy(self._credential(), self._scope)] if self._credential else []
            # It keeps a token until shortly before it ends.
            policies = [UserAgentPolicy("slipway"), RetryPolicy(**_RETRIES), *signed]
            self._client = PipelineClient("", policies=policies)
        return self._client

    def _content(self, response: HttpResponse) -> bytes:
        """What was answered; no more of it is taken in than anything that we ask for can have."""
        content = bytearray()
        for part in response.iter_bytes():
            content += part
            if len(content) > _LARGEST:
                raise Transient(f"{self._what} answered with more than {_LARGEST} bytes")
        return bytes(content)

    def _read(self, response: HttpResponse, content: bytes) -> Mapping[str, Any]:
        status = response.status_code
        if status == 404:
            raise NotFound(f"{self._what} does not know it")
        if status in (408, 429) or status >= 500:
            raise Transient(f"{self._what} answered {status}", retry_after=_retry_after(response))
        if not 200 <= status < 300:
            raise Permanent(f"{self._what} answered {status}{_said(content)}", ours=True)
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Transient(f"{self._what} answered with something else than JSON") from error
        if not isinstance(found, dict):
            raise Transient(f"{self._what} answered with something else than an object")
        return found


def _retry_after(response: HttpResponse) -> timedelta | None:
    text = response.headers.get("Retry-After", "")
    return min(timedelta(seconds=int(text[:6])), _LONGEST_WAIT) if text.isdecimal() else None


def _said(content: bytes) -> str:
    """The error's code; its message may hold what we sent."""
    try:
        return f" {json.loads(content)['error']['code']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
