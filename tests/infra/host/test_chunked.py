"""Bodies in chunks on the local host."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import azure.functions as func
import pytest

from tests.support.host import Running, read_answer, running

app = func.FunctionApp()


@app.route(route="api/echo", methods=["POST"], auth_level="anonymous")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), status_code=202, mimetype="application/octet-stream")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(app, tmp_path_factory.mktemp("host"), max_body=100_000) as found:
        yield found


def test_a_chunked_body_is_refused_where_it_grows_too_large(host: Running) -> None:
    """Without an announced length the limit holds too."""
    chunk = b"186a1\r\n" + b"x" * 100_001 + b"\r\n0\r\n\r\n"

    with contextlib.closing(host.connect()) as connection:
        connection.putrequest("POST", "/api/echo")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(chunk)
        answer = read_answer(connection)

    assert answer.status == 413


def test_a_chunked_body_arrives_whole(host: Running) -> None:
    """The function sees the body without its framing."""
    with contextlib.closing(host.connect()) as connection:
        connection.request("POST", "/api/echo", body=iter([b"ab", b"cd"]), encode_chunked=True)
        answer = read_answer(connection)

    assert (answer.status, answer.body) == (202, b"abcd")


def test_a_badly_framed_body_is_refused(host: Running) -> None:
    """The function is not called with half a body."""
    with contextlib.closing(host.connect()) as connection:
        connection.putrequest("POST", "/api/echo")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(b"zz\r\nab\r\n")
        answer = read_answer(connection)

    assert (answer.status, answer.headers["Connection"]) == (400, "close")


def test_attack_a_chunk_that_promises_more_than_it_brings_shows_nothing_of_memory(host: Running) -> None:
    """Attack: a size without the bytes, to be given what lies in the host's memory instead. Defence: no body, no call."""
    with contextlib.closing(host.connect()) as connection:
        connection.putrequest("POST", "/api/echo")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders(b"f000\r\nabc")
        connection.sock.shutdown(socket.SHUT_WR)
        answer = read_answer(connection)

    assert (answer.status, answer.headers["Connection"]) == (400, "close")
    assert answer.json()["detail"] == "the body ended early or is badly framed"
