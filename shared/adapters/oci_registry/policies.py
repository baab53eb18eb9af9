"""What is added to the SDK's pipeline; made where it is used, so that nobody loads the SDK before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from shared.adapters.oci_registry.challenges import bearer

if TYPE_CHECKING:
    from azure.core.pipeline.policies import SansIOHTTPPolicy
    from azure.core.pipeline.transport import RequestsTransport

_REPOSITORY = re.compile(r"/v2/(.+)/(?:manifests|blobs|tags|referrers)/")


def allow_http() -> SansIOHTTPPolicy[Any, Any]:
    """Speak HTTP without TLS, which the SDK refuses."""
    from azure.core.pipeline import PipelineRequest
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class AllowHttp(SansIOHTTPPolicy[Any, Any]):
        def on_request(self, request: PipelineRequest[Any]) -> None:
            # Not among the options, which the token exchange would pass on to a transport that knows no such thing.
            request.context["enforce_https"] = False

    return AllowHttp()


def transport(*, use_env_settings: bool) -> RequestsTransport:
    """Carry requests; times are in seconds. What the SDK leaves open where it signs in is closed with the rest."""
    from azure.core.pipeline.transport import RequestsTransport

    class Transport(RequestsTransport):  # type: ignore[misc] # it has no types
        def __init__(self) -> None:
            # A proxy of the environment is for the outside.
            super().__init__(connection_timeout=10, read_timeout=60, use_env_settings=use_env_settings)
            self._challenges: list[Any] = []

        def send(self, request: Any, **options: Any) -> Any:
            response = super().send(request, **options)
            if response.status_code == 401:
                self._challenges.append(response.internal_response)
            return response

        def close(self) -> None:
            for challenge in self._challenges:
                challenge.close()
            super().close()

    return Transport()


def plain_challenges() -> SansIOHTTPPolicy[Any, Any]:
    """Spell what a registry asks for as the SDK reads it; raise UnknownChallenge where it is nothing that the SDK has."""
    from azure.core.pipeline import PipelineRequest, PipelineResponse
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class PlainChallenges(SansIOHTTPPolicy[Any, Any]):
        def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
            answer = response.http_response
            header = answer.headers.get("WWW-Authenticate")
            # What is asked for where tokens are exchanged is no challenge of a registry's.
            if answer.status_code == 401 and header and urlsplit(request.http_request.url).path.startswith("/v2/"):
                answer.headers["WWW-Authenticate"] = bearer(header)

    return PlainChallenges()


def show_again() -> SansIOHTTPPolicy[Any, Any]:
    """Show the token that was good for a like request of the same run.

    The SDK keeps none: every request of its would be refused first, and then exchange two tokens. One that is over is refused and
    replaced as the first was.
    """
    from azure.core.pipeline import PipelineRequest, PipelineResponse
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class ShowAgain(SansIOHTTPPolicy[Any, Any]):
        def __init__(self) -> None:
            self._good: dict[tuple[object, ...], str] = {}

        def on_request(self, request: PipelineRequest[Any]) -> None:
            like = request.context["like"] = _like(request.http_request.method, request.http_request.url)
            if like in self._good:
                request.http_request.headers["Authorization"] = self._good[like]

        def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
            shown = request.http_request.headers.get("Authorization")
            if shown and response.http_response.status_code != 401:
                self._good[request.context["like"]] = shown

    return ShowAgain()


def _like(method: str, url: str) -> tuple[object, ...]:
    """What a registry grants together: reading or writing a repository, with another one to mount from."""
    parts = urlsplit(url)
    found = _REPOSITORY.match(parts.path)
    reading = method in ("GET", "HEAD")
    return (reading or method, found[1] if found else parts.path, *parse_qs(parts.query).get("from", ()))
