"""Whatever answers: a registry, what stands before it, where tokens come from. It ends in a sentence that names who and what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from azure.core.credentials import AccessToken
from werkzeug.wrappers import Request, Response

from infra.local.registry.server import RunningServer
from shared.adapters.oci_registry import OciRegistry
from shared.adapters.oci_registry.connection import Connection
from shared.domain.values.names import Digest
from shared.ports.errors import AdapterError, Permanent, Transient
from tests.support.registries import answering

DIGEST = Digest("sha256:" + "1" * 64)
CHALLENGE = 'Bearer realm="https://r/oauth2/token",service="r",scope="repository:delivery:pull"'
_DEEP = "[" * 200_000
_OPERATIONS: dict[str, Callable[[str], object]] = {
    "tag": lambda host: OciRegistry().digest_of(host, "delivery", "v1.0.0"),
    "tags": lambda host: OciRegistry().tags(host, "delivery"),
    "description": lambda host: OciRegistry().describe(host, "delivery", DIGEST),
    "copy": lambda host: OciRegistry().copy(host, "delivery", "prod/delivery", DIGEST, "v1.0.0"),
}


@pytest.mark.parametrize("operation", _OPERATIONS.values(), ids=_OPERATIONS)
@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, "<html>Sign in to the guest network</html>", {"Content_Type": "text/html"}),
        (200, _DEEP, {}),
        (200, "[]", {}),
        (200, '{"tags": 5, "manifests": 5}', {}),
        (200, "x" * (5 << 20), {}),
        (204, "", {}),
        (206, "half", {"Content_Range": "bytes 0-3/99999999999999999999"}),
        (302, "", {"Location": "/v2/"}),
        (302, "", {"Location": "http://[nowhere"}),
        (304, "", {}),
        (400, _DEEP, {}),
        (401, "", {"WWW_Authenticate": "Negotiate"}),
        (401, "", {"WWW_Authenticate": 'Bearer realm="x"'}),
        (401, "", {"WWW_Authenticate": 'Bearer nonsense,,"'}),
        (407, "who are you", {"Proxy_Authenticate": "Basic"}),
        (418, "I am a teapot", {}),
        (429, "", {"Retry_After": "9" * 5000}),
        (451, '{"errors": "no list"}', {}),
        (503, '{"errors": [5]}', {"Retry_After": "Fri, 31 Dec 9999 23:59:59 GMT", "Date": "nonsense"}),
    ],
    ids=str,
)
def test_an_odd_answer_ends_as_a_fault_that_names_the_address(
    operation: Callable[[str], object], status: int, body: str, headers: dict[str, str]
) -> None:
    """Neither an exception of a parser nor of the SDK gets out, and nothing is taken for a tag that is not there."""
    with answering(status, body, **headers) as host, pytest.raises(AdapterError) as fault:
        operation(host)

    assert host in str(fault.value) or "manifest sha256:" in str(fault.value)
    assert len(str(fault.value)) < 3000


@pytest.mark.parametrize("operation", ["tags", "description", "copy"])
@pytest.mark.parametrize(
    "body",
    [
        '{"schemaVersion": 2, "tags": {"a": 1}, "config": "x", "manifests": ["x"]}',
        '{"schemaVersion": 2, "tags": 1e3, "manifests": [{"digest": 5, "size": 1e400}]}',
    ],
)
def test_a_manifest_of_an_odd_shape_ends_as_a_fault(operation: str, body: str) -> None:
    """It is JSON, and what should be lists and objects is something else."""
    with answering(200, body) as host, pytest.raises(AdapterError):
        _OPERATIONS[operation](host)


def test_what_came_instead_of_a_manifest_is_told() -> None:
    """A page of a proxy passes for no image that nobody pushed."""
    page = "<html>Sign in\x07 to the guest network</html>"

    with answering(200, page, Content_Type="text/html") as host, pytest.raises(Transient) as fault:
        OciRegistry().digest_of(host, "delivery", "v1.0.0")

    assert "no manifest, but HTTP 200 text/html: '<html>Sign in\ufffd to the guest network</html>'" in str(fault.value)


@pytest.mark.parametrize("link", ["</v2/delivery/tags/list?n=1000>; rel=next", '</v2/x>; rel="next"'])
def test_attack_pages_that_lead_in_circles(link: str) -> None:
    """Each is asked for once."""
    with answering(200, '{"tags": ["v1.0.0"]}', Link=link) as host, pytest.raises(Transient, match="lead back to"):
        OciRegistry().tags(host, "delivery")


@pytest.mark.parametrize(
    ("link", "found"), [("<x", 1), ('</v2/x>; rel="prev"', 1), ("<" * 9000, 1), ("nonsense", 1)], ids=str
)
def test_a_link_to_no_next_page_ends_the_list(link: str, found: int) -> None:
    """What cannot be read is no page."""
    with answering(200, '{"tags": ["v1.0.0", 5, null]}', Link=link) as host:
        assert len(OciRegistry().tags(host, "delivery")) == found


@pytest.mark.parametrize("stated", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_an_absurd_time_to_wait_is_an_hour(stated: str) -> None:
    """A release does not wait for the end of the world."""
    now = "Mon, 23 Nov 2026 10:00:00 GMT"

    with answering(429, Retry_After=stated, Date=now) as host, pytest.raises(Transient) as fault:
        OciRegistry().tags(host, "delivery")

    assert fault.value.retry_after == timedelta(hours=1)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_registries_say_in_several_ways_that_they_know_no_referrers(status: int) -> None:
    """Whoever is not let in is told so; the others have their old tags looked for."""
    with answering(status) as host, Connection(host, None) as connection:
        if status in (400, 403):
            with pytest.raises(Permanent):
                connection.referrers("delivery", DIGEST)
        else:
            assert connection.referrers("delivery", DIGEST) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, ""),
        (200, "<html>"),
        (200, "[]"),
        (200, "{}"),
        (200, '{"access_token": 5, "refresh_token": 5}'),
        (200, '{"access_token": null, "refresh_token": "a.b.c"}'),
        (200, '{"access_token": "line\\nbreak", "refresh_token": "e30.W10.x"}'),
        (200, _DEEP),
        (301, ""),
        (403, "{"),
        (500, "<html>"),
    ],
    ids=lambda value: str(value)[:20],
)
@pytest.mark.parametrize("signed_in", [False, True])
def test_an_odd_answer_of_a_token_endpoint_ends_as_a_fault(signed_in: bool, status: int, body: str) -> None:
    """It answers from the registry's own address, as Azure's does."""

    class Somebody:
        def get_token(self, *scopes: str, **options: object) -> AccessToken:
            return AccessToken("token", 0)

    with _asking_for_tokens(status, body) as host, pytest.raises(AdapterError, match=host):
        OciRegistry(lambda host: Somebody() if signed_in else None).digest_of(host, "delivery", "v1.0.0")


@contextmanager
def _asking_for_tokens(status: int, body: str) -> Iterator[str]:
    @Request.application
    def app(request: Request) -> Response:
        if request.path.startswith("/oauth2/"):
            return Response(body, status=status, content_type="application/json")
        return Response(status=401, headers={"WWW-Authenticate": CHALLENGE})

    server = RunningServer(app)
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        server.stop()
