"""Connections stay open and stay in step, whatever an application leaves unread."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from infra.local.registry.server import RunningServer


@contextmanager
def serving(app: Any) -> Iterator[RunningServer]:
    server = RunningServer(app)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def connected(server: RunningServer) -> Iterator[http.client.HTTPConnection]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.connect()
        yield connection


def ask(connection: http.client.HTTPConnection, *what: Any, **more: Any) -> tuple[int, bytes]:
    connection.request(*what, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()


@Request.application
def echo(request: Request) -> Response:
    return Response(request.get_data())


@Request.application
def deaf(request: Request) -> Response:
    return Response("not read")


@Request.application
def streaming(request: Request) -> Response:
    return Response(iter(["one ", "two"]))


def broken(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    raise RuntimeError("this application is broken")


def test_one_connection_carries_many_requests() -> None:
    """A copy makes dozens."""
    with serving(echo) as server, connected(server) as connection:
        socket_before = connection.sock
        answers = [ask(connection, "POST", "/", body=f"{number}".encode()) for number in range(20)]

        assert answers == [(200, f"{number}".encode()) for number in range(20)]
        assert connection.sock is socket_before


def test_a_body_that_nobody_read_is_not_taken_for_the_next_request() -> None:
    """What is left of it is read and thrown away."""
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: there\r\n\r\n" * 3000
    with serving(deaf) as server, connected(server) as connection:
        for _ in range(3):
            assert ask(connection, "POST", "/", body=smuggled) == (200, b"not read")


@pytest.mark.parametrize("app", [echo, deaf])
def test_a_chunked_body_keeps_the_connection_in_step(app: Any) -> None:
    """Clients that do not know a length send chunks."""
    with serving(app) as server, connected(server) as connection:
        first = ask(connection, "POST", "/", body=iter([b"one ", b"two"]), encode_chunked=True)
        second = ask(connection, "POST", "/", body=b"three")

    assert [first, second] == ([(200, b"one two"), (200, b"three")] if app is echo else [(200, b"not read")] * 2)


@pytest.mark.parametrize(("app", "status"), [(echo, b"400"), (deaf, b"200")])
def test_attack_a_chunk_that_promises_more_than_it_brings_shows_nothing_of_memory(app: Any, status: bytes) -> None:
    """Attack: a size without the bytes, to be given what lies in memory instead. Defence: that is no body."""
    with serving(app) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: there\r\nTransfer-Encoding: chunked\r\n\r\nf000\r\nabc")
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(4096), b""))

    assert answer.split(b" ", 2)[1] == status
    assert b"abc" not in answer


def test_an_answer_of_unknown_length_is_sent_in_chunks() -> None:
    """The connection stays open after it."""
    with serving(streaming) as server, connected(server) as connection:
        assert ask(connection, "GET", "/") == (200, b"one two")
        assert ask(connection, "GET", "/") == (200, b"one two")


def test_an_old_client_gets_an_answer_that_ends_with_the_connection() -> None:
    """HTTP/1.0 knows no chunks."""
    with serving(streaming) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))

    assert answer.endswith(b"\r\n\r\none two")


def test_an_application_that_fails_answers_500() -> None:
    """Without saying why to the other side."""
    with serving(broken) as server, connected(server) as connection:
        status, body = ask(connection, "GET", "/")

    assert (status, body) == (500, b"")


def test_stopping_ends_idle_connections() -> None:
    """No request is served by something that was stopped."""
    with serving(echo) as server, connected(server) as connection:
        ask(connection, "POST", "/", body=b"x")
        server.stop()

        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            ask(connection, "POST", "/", body=b"y")


def test_a_port_that_is_taken_is_an_error_and_not_the_end() -> None:
    """The caller says what to do about it."""
    with serving(echo) as server, pytest.raises(OSError, match="in use"):
        RunningServer(echo, port=server.port)


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5, 6\r\n",
        b"Content-Length: x\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
    ],
)
def test_attack_a_request_is_smuggled_within_another(framing: bytes) -> None:
    """Where a body ends is plain, or nothing more is read from the connection."""
    hidden = b"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serving(echo) as server, socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n" + hidden)
        answer = b"".join(iter(lambda: client.recv(4096), b""))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
