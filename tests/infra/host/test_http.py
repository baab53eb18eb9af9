"""HTTP functions on the local host."""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import azure.functions as func
import pytest

from tests.support.host import KEY, Running, read_answer, running

app = func.FunctionApp()


@app.route(route="api/services/{service}/releases/{version}", methods=["GET"], auth_level="anonymous")
def read_release(req: func.HttpRequest) -> func.HttpResponse:
    seen = {"url": req.url, "params": dict(req.params), "route": dict(req.route_params), "method": req.method}
    return func.HttpResponse(json.dumps(seen), headers={"X-Seen": "yes"}, mimetype="application/json")


@app.route(route="api/services/{service}/releases/latest", methods=["GET"], auth_level="anonymous")
def read_latest(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("latest")


@app.route(route="api/echo", methods=["POST"], auth_level="anonymous")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), status_code=202, mimetype="application/octet-stream")


@app.route(route="api/files/{*rest}", methods=["GET"], auth_level="anonymous")
def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.route_params.get("rest", "none"))


@app.route(route="/", methods=["GET"], auth_level="anonymous")
def page(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("<p>page</p>", mimetype="text/html")


@app.route(route="api/locked", methods=["GET"])
def locked(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("open")


@app.route(route="api/broken", methods=["GET"], auth_level="anonymous")
def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a secret of the inside")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(app, tmp_path_factory.mktemp("host"), max_body=100_000) as found:
        yield found


def test_a_function_sees_method_url_query_and_route_parameters(host: Running) -> None:
    """What Azure passes to a function is passed here."""
    answer = host.call("GET", "/api/services/delivery/releases/1.0.2?a=1&b=&a=2")

    assert answer.status == 200
    assert answer.json() == {
        "url": f"{host.host.url}/api/services/delivery/releases/1.0.2?a=1&b=&a=2",
        "params": {"a": "1,2", "b": ""},
        "route": {"service": "delivery", "version": "1.0.2"},
        "method": "GET",
    }
    assert (answer.headers["Content-Type"], answer.headers["X-Seen"]) == ("application/json", "yes")


def test_an_encoded_slash_stays_within_its_segment(host: Running) -> None:
    """%2F neither splits a segment nor reaches another route; every other escape is decoded."""
    answer = host.call("GET", "/api/services/a%2Fb/releases/1%200")

    assert answer.json()["route"] == {"service": "a%2Fb", "version": "1 0"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"<p>page</p>"),
        ("/api/services/delivery/releases/latest", b"latest"),
        ("/api/files/a/b.txt", b"a/b.txt"),
        ("/api/files", b"none"),
        ("http://localhost/api/files/x", b"x"),
    ],
)
def test_the_most_exact_route_answers(host: Running, path: str, body: bytes) -> None:
    """A literal segment beats a parameter, and a catch-all takes the rest or nothing."""
    answer = host.call("GET", path)

    assert (answer.status, answer.body) == (200, body)


def test_text_is_sent_with_its_charset(host: Running) -> None:
    """The content type is mimetype and charset of the response."""
    assert host.call("GET", "/").headers["Content-Type"] == "text/html; charset=utf-8"


def test_head_answers_like_get_without_a_body(host: Running) -> None:
    """The length is that of the body which GET would bring."""
    answer = host.call("HEAD", "/")

    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "11")


def test_an_unknown_path_is_not_found(host: Running) -> None:
    """The answer is a problem document."""
    answer = host.call("GET", "/api/nothing")

    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert (answer.json()["status"], answer.json()["code"]) == (404, "unknown-route")


def test_a_method_the_route_does_not_have_is_refused_with_those_it_has(host: Running) -> None:
    """405 names the allowed methods."""
    answer = host.call("POST", "/api/locked")

    assert (answer.status, answer.headers["Allow"], answer.json()["code"]) == (405, "GET, HEAD", "wrong-method")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/locked", {}, 401),
        ("/api/locked", {"x-functions-key": "wrong"}, 401),
        ("/api/locked?code=wrong", {}, 401),
        ("/api/locked", {"x-functions-key": KEY}, 200),
        (f"/api/locked?code={KEY}", {}, 200),
    ],
)
def test_a_function_of_level_function_asks_for_the_hosts_key(
    host: Running, path: str, headers: dict[str, str], status: int
) -> None:
    """As header or as parameter."""
    assert host.call("GET", path, headers=headers).status == status


def test_a_function_that_raises_answers_500_and_tells_the_log_only(
    host: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller learns which function failed, the log why, once and as fields."""
    with caplog.at_level(logging.ERROR, logger="slipway.host"):
        answer = host.call("GET", "/api/broken")

    assert answer.status == 500
    assert b"secret" not in answer.body
    assert [record.__dict__["fields"] for record in caplog.records] == [
        {"function": "broken", "trigger": "httpTrigger"}
    ]


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_read(host: Running) -> None:
    """Nothing of the body is sent here, and the answer comes all the same."""
    answer = host.call("POST", "/api/echo", headers={"Content-Length": "100001"})

    assert (answer.status, answer.headers["Connection"]) == (413, "close")


def test_who_sends_too_much_is_told_so_and_not_just_cut_off(host: Running) -> None:
    """The rest of the body is taken and thrown away, because a reset would swallow the answer."""
    answer = host.call("POST", "/api/echo", body=b"x" * 5_000_000)

    said = answer.json()
    assert (answer.status, said["status"], said["code"]) == (413, 413, "too-large")


def test_a_client_that_asks_first_is_told_to_send_its_body(host: Running) -> None:
    """Expect: 100-continue is answered before the body comes."""
    with contextlib.closing(host.connect()) as connection:
        connection.putrequest("POST", "/api/echo")
        connection.putheader("Expect", "100-continue")
        connection.putheader("Content-Length", "2")
        connection.endheaders()
        told = connection.sock.recv(100)
        connection.send(b"hi")
        answer = read_answer(connection)

    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (answer.status, answer.body) == (202, b"hi")


@pytest.mark.parametrize(
    ("length", "coding"), [("5", "chunked"), (None, "gzip"), (None, "chunked, chunked"), (None, "identity")]
)
def test_smuggling_by_a_second_framing_is_refused(host: Running, length: str | None, coding: str) -> None:
    """Attack: length and coding disagree about where a request ends. Defence: one of them, and only `chunked`."""
    sizes = [("Content-Length", length)] if length else []

    answer = host.call("POST", "/api/echo", raw=[*sizes, ("Transfer-Encoding", coding)])

    assert (answer.status, answer.headers["Connection"]) == (400, "close")


def test_only_the_loopback_address_is_listened_on(host: Running) -> None:
    """Another address of this machine, here 127.0.0.2, is refused."""
    port = int(host.host.url.rpartition(":")[2])

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port)).close()


@pytest.mark.parametrize("length", ["-1", "1,1", "x", "٣"])
def test_smuggling_by_a_length_that_is_no_number_is_refused(host: Running, length: str) -> None:
    """The host closes, so that what follows is not taken for another request."""
    answer = host.call("POST", "/api/echo", raw=[("Content-Length", length.encode().decode("latin-1"))])

    assert (answer.status, answer.headers["Connection"]) == (400, "close")


@pytest.mark.parametrize("more", [[], [("Transfer-Encoding", "chunked")]], ids=["alone", "chunked"])
@pytest.mark.parametrize("lengths", [("5", "6"), ("6", "5"), ("5", ""), ("5", "05")])
def test_smuggling_by_two_lengths_is_refused(
    host: Running, lengths: tuple[str, str], more: list[tuple[str, str]]
) -> None:
    """Attack: who stands before us reads one of them, and we the other. Defence: neither counts."""
    answer = host.call("POST", "/api/echo", raw=[*(("Content-Length", length) for length in lengths), *more])

    assert (answer.status, answer.headers["Connection"]) == (400, "close")


def test_a_length_that_is_told_twice_is_one_length(host: Running) -> None:
    """RFC 9110, 8.6, allows that."""
    answer = host.call("POST", "/api/echo", raw=[("Content-Length", "0"), ("Content-Length", "0")])

    assert answer.status == 202


def test_a_connection_serves_many_requests(host: Running) -> None:
    """It is kept, and keeps serving after a refusal."""
    with contextlib.closing(host.connect()) as connection:
        connection.request("POST", "/api/nothing", body=b"hello")
        refused = read_answer(connection)
        first = connection.sock
        connection.request("POST", "/api/echo", body=b"hello")
        answered = read_answer(connection)

        assert (refused.status, answered.status, answered.body) == (404, 202, b"hello")
        assert connection.sock is first


def test_a_body_that_nobody_read_is_not_taken_for_a_request(host: Running) -> None:
    """Attack: a request within the body of one that is refused early. Defence: the body is read to its end."""
    hidden = b"GET /api/files/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
    first = b"POST /api/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(hidden)
    last = b"GET /api/files/last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    with contextlib.closing(host.connect()) as connection:
        connection.connect()
        connection.sock.sendall(first + hidden + last)
        answers = connection.sock.makefile("rb").read()

    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"404", b"200"]
    assert answers.endswith(b"last")


def test_requests_are_answered_side_by_side(tmp_path: Path) -> None:
    """Two requests meet within their functions, which they could not one after the other."""
    meeting = threading.Barrier(2, timeout=60)
    together = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @together.route(route="api/meet")
    def meet(req: func.HttpRequest) -> func.HttpResponse:
        meeting.wait()
        return func.HttpResponse("met")

    with running(together, tmp_path) as host:
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda: answers.append(host.call("GET", "/api/meet").status)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert answers == [200, 200]
