"""What the host answers by itself is a problem, as what functions answer: also to what is no request at all."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

from tests.support.host import Running, running

HOST = b"Host: localhost\r\n"


def read(req: func.HttpRequest) -> func.HttpResponse:
    """Answer."""
    return func.HttpResponse("read")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One function behind a host that takes a hundred bytes."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    app.function_name("read")(app.route(route="api/things", methods=["GET", "POST"])(read))
    with running(app, tmp_path_factory.mktemp("host"), max_body=100) as opened:
        yield opened


def answered(host: Running, request: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """The headers and the problem that these bytes are answered with; the connection ends."""
    name, _, port = host.host.url.removeprefix("http://").partition(":")
    with socket.create_connection((name, int(port)), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        whole = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = whole.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0].startswith("HTTP/1.1 ")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    problem = json.loads(body) if body else {}
    assert not body or lines[0].split()[1] == str(problem["status"])
    return headers, problem


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        pytest.param(b"GET\r\n\r\n", 400, "invalid", id="half a line"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01 \x00\r\n\r\n", 400, "invalid", id="TLS"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", 505, "http-version-not-supported", id="another version"),
        pytest.param(b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, "too-long", id="a long address"),
        pytest.param(b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431, "too-long", id="a long header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 150, 431, "too-long", id="many headers"),
        pytest.param(
            b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "invalid",
            id="framed twice",
        ),
    ],
)
def test_what_is_no_request_is_answered_with_a_problem(host: Running, request_: bytes, status: int, code: str) -> None:
    """And nothing more is heard on that connection."""
    headers, problem = answered(host, request_)

    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Connection"] == "close"
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["detail"]


def test_a_head_that_is_refused_has_no_body(host: Running) -> None:
    """Its length is that of what a GET is told."""
    headers, problem = answered(
        host, b"HEAD / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: x\r\n\r\n"
    )

    assert int(headers["Content-Length"]) > 0
    assert problem == {}


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/api/nothing", 404, "no function is at this address; GET /api/openapi.json lists them all"),
        ("PUT", "/api/things", 405, "this address takes GET and HEAD and POST"),
        ("OPTIONS", "/api/things", 405, "this address takes GET and HEAD and POST"),
        ("POST", "/api/things", 413, "the body has more than 100 bytes; send less"),
    ],
)
def test_a_refusal_says_what_to_do_instead(host: Running, method: str, path: str, status: int, says: str) -> None:
    """In words of ours, and in a code for programs."""
    answer = host.call(method, path, body=b"x" * 101 if status == 413 else b"")

    assert (answer.status, answer.json()["detail"]) == (status, says)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_slash_at_the_end_changes_nothing(host: Running) -> None:
    """As on Azure."""
    assert host.call("GET", "/api/things/").body == host.call("GET", "/api/things").body == b"read"
