"""Whose fault it is, and whether to try again."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from werkzeug.wrappers import Response

from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.connection import base_url
from shared.ports.errors import NotFound, Permanent, Transient
from tests.support import registries
from tests.support.registries import answering, embedded_registry

App = Callable[..., Iterable[bytes]]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_or_broken_registry_is_worth_another_try(status: int) -> None:
    """The caller tries again, not the adapter."""
    with answering(status) as host, pytest.raises(Transient, match=f"HTTP {status}") as fault:
        OciRegistry().digest_of(host, "delivery", "v1.0.0")

    assert fault.value.retry_after is None


@pytest.mark.parametrize("stated", ["7", "Mon, 23 Nov 2026 10:00:07 GMT"])
def test_when_to_try_again_is_taken_from_the_registry(stated: str) -> None:
    """Seconds, or a date by the registry's own clock."""
    now = "Mon, 23 Nov 2026 10:00:00 GMT"

    with answering(429, Retry_After=stated, Date=now) as host, pytest.raises(Transient) as fault:
        OciRegistry().tags(host, "delivery")

    assert fault.value.retry_after == timedelta(seconds=7)


@pytest.mark.parametrize("status", [401, 403])
def test_not_being_let_in_is_our_fault(status: int) -> None:
    """The release errors; somebody must give a right."""
    with answering(status) as host, pytest.raises(Permanent, match="AcrPull") as fault:
        OciRegistry().digest_of(host, "delivery", "v1.0.0")

    assert fault.value.ours


def test_a_registry_that_wants_a_password_is_told_apart() -> None:
    """Only bearer tokens are spoken."""
    with answering(401, WWW_Authenticate='Basic realm="there"') as host:
        with pytest.raises(Permanent, match="other than a bearer token") as fault:
            OciRegistry().digest_of(host, "delivery", "v1.0.0")

    assert fault.value.ours


def test_the_reason_that_a_registry_gives_is_passed_on() -> None:
    """Its codes say more than a status."""
    body = '{"errors": [{"code": "TAG_INVALID", "message": "no such tag can be"}]}'

    with answering(400, body) as host, pytest.raises(Permanent, match="TAG_INVALID: no such tag can be"):
        OciRegistry().tags(host, "delivery")


def test_nobody_listening_is_worth_another_try() -> None:
    """A registry that restarts is not the release's fault."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(Transient, match="cannot be reached"):
            OciRegistry().digest_of(host, "delivery", "v1.0.0")


def test_an_answer_that_is_no_manifest_is_worth_another_try(tmp_path: Path) -> None:
    """A proxy's page with status 200 does not have the digest that was asked for."""
    with embedded_registry(wrap=_garbled) as host:
        digest = OciRegistry().push_image(host, "delivery", registries.a_layer(tmp_path), {})

        with pytest.raises(Transient, match=f"delivery@{digest} came with"):
            OciRegistry().describe(host, "delivery", digest)


@pytest.mark.parametrize("configuration", [b"no JSON", b"[]"])
def test_a_configuration_that_cannot_be_read_is_the_releases_fault(configuration: bytes) -> None:
    """Whoever pushed it must push another."""
    with embedded_registry() as host:
        digest = registries.push_manifest(host, "delivery", "v1.0.0", configuration)

        with pytest.raises(Permanent, match="is not") as fault:
            OciRegistry().describe(host, "delivery", digest)

    assert not fault.value.ours


def test_a_digest_of_another_kind_is_refused() -> None:
    """Only SHA-256 is compared anywhere; pretending otherwise would compare nothing."""
    with answering(200, Docker_Content_Digest="sha512:" + "0" * 128) as host, pytest.raises(Permanent, match="sha512"):
        OciRegistry().digest_of(host, "delivery", "v1.0.0")


def test_a_registry_that_does_not_state_digests_has_them_computed(tmp_path: Path) -> None:
    """The header is optional; the content is not."""
    with embedded_registry(wrap=_silent) as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)

        assert OciRegistry().digest_of(host, "delivery", "v1.0.0") == digest


def test_a_token_that_cannot_be_had_is_asked_for_again() -> None:
    """The identities' endpoint may be down for a while; the SDK tells that as it tells that an identity is not there."""

    class Nobody:
        def get_token(self, *scopes: str, **options: Any) -> AccessToken:
            raise ClientAuthenticationError("no identity here")

    with answering(401, WWW_Authenticate='Bearer realm="r",service="s",scope="x"') as host:
        with pytest.raises(Transient, match="no token could be had: no identity here"):
            OciRegistry(lambda host: Nobody()).digest_of(host, "delivery", "v1.0.0")


def test_a_blob_that_the_manifest_promises_and_nobody_has_is_not_found(tmp_path: Path) -> None:
    """The SDK's own exceptions are translated too."""
    with embedded_registry(tmp_path / "registry") as host:
        digest = registries.push_image(host, "delivery", "v1.0.0", tmp_path)
        for link in (tmp_path / "registry/repositories/delivery/_blobs").iterdir():
            link.unlink()

        with pytest.raises(NotFound):
            OciRegistry().describe(host, "delivery", digest)


def test_every_page_of_tags_is_read(tmp_path: Path) -> None:
    """A registry may give fewer than it was asked for."""
    with embedded_registry(wrap=_pages_of_two) as host:
        for number in range(5):
            registries.push_image(host, "delivery", f"t{number}", tmp_path)

        assert OciRegistry().tags(host, "delivery") == ["t0", "t1", "t2", "t3", "t4"]


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("fabrikam.azurecr.io", "https://fabrikam.azurecr.io"),
        ("localhost.example.com", "https://localhost.example.com"),
    ],
)
def test_only_this_machine_is_spoken_to_without_encryption(registry: str, url: str) -> None:
    """A token never leaves the machine in the clear."""
    assert base_url(registry) == url


def _garbled(app: App) -> App:
    def around(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET" and "/manifests/" in environ["PATH_INFO"]:
            return Response("<html>", content_type="text/html")(environ, start)
        return app(environ, start)

    return around


def _pages_of_two(app: App) -> App:
    def around(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"].endswith("/tags/list"):
            environ["QUERY_STRING"] = environ["QUERY_STRING"].replace("n=1000", "n=2")
        return app(environ, start)

    return around


def _silent(app: App) -> App:
    def around(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        def without(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            manifest = "/manifests/" in environ["PATH_INFO"]
            kept = [one for one in headers if not manifest or one[0] != "Docker-Content-Digest"]
            return start(status, kept, exc_info)

        return app(environ, without)

    return around
