"""Whatever comes over the wire is answered, and never with a fault: methods, addresses, headers, framing and bodies."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.doors import HOOK_SECRET, PEOPLE, Doors
from tests.support.fuzzing import ANY_BYTES, changed_json, many
from tests.support.payloads import payload

pytestmark = pytest.mark.slow

KEY = PEOPLE["max"].key.encode()
PIECES = st.binary(max_size=12) | st.sampled_from(
    (
        b"%2f",
        b"%00",
        b"%",
        b"%zz",
        b"..",
        b"//",
        b"?",
        b"&",
        b"=",
        b"\xff",
        b"%ED%A0%80",
        b"a" * 5000,
        b"?most=1&most=2",
    )
)
TARGETS = st.tuples(
    st.sampled_from(
        (
            b"/",
            b"/api/services",
            b"/api/services/delivery",
            b"/api/services/delivery/releases/1.0.0/why",
            b"/api/services/delivery/builds/1/steps/image/output",
            b"/api/services/delivery/environments/qa/rollback",
            b"/api/holds",
            b"/api/hooks/git",
            b"/api/mark?service=",
            b"/static/",
            b"/local/sign-in?key=",
            b"/runtime/webhooks/eventgrid?functionName=",
            b"http://127.0.0.1/api/services",
        )
    ),
    st.lists(PIECES, max_size=2),
).map(lambda parts: b"".join((parts[0], *parts[1])))
NAMES = st.sampled_from(
    (
        *(
            b"Accept",
            b"Accept-Encoding",
            b"Authorization",
            b"Content-Encoding",
            b"Content-Length",
            b"Content-Type",
            b"Cookie",
        ),
        *(
            b"Expect",
            b"Host",
            b"Idempotency-Key",
            b"Origin",
            b"Range",
            b"Sec-Fetch-Site",
            b"Transfer-Encoding",
            b"Upgrade",
        ),
        *(
            b"X-MS-CLIENT-PRINCIPAL",
            b"X-Slipway-Secret",
            b"X-Functions-Key",
            b"X-HTTP-Method-Override",
            b"If-None-Match",
        ),
    )
)
VALUES = st.binary(max_size=30) | st.sampled_from(
    (
        *(b"chunked", b"gzip, chunked", b"-1", b"0", b"99999999999999999999", b"1, 1", b"+5", b"100-continue", b"gzip"),
        *(
            b"Bearer ",
            b"Basic Og==",
            b"Bearer " + KEY,
            b"slipway-key=" + KEY,
            b"slipway-key=\xff",
            b"bytes=0-1",
            b"localhost",
        ),
        *(
            b"127.0.0.1:1:2",
            b"[::1]",
            b"text/html;q=x",
            b"multipart/form-data",
            b"cross-site",
            b"a" * 9000,
            b"\xed\xa0\x80",
        ),
    )
)
METHODS = st.sampled_from(
    (b"GET", b"POST", b"DELETE", b"HEAD", b"PUT", b"PATCH", b"OPTIONS", b"TRACE", b"get", b"QUERY")
)


def exchange(doors: Doors, request: bytes) -> bytes:
    """Send bytes, say that no more come, and read until the host closes."""
    host, _, port = doors.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        answer = bytearray()
        with contextlib.suppress(OSError):  # it may have closed already
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                answer += piece
    return bytes(answer)


def statuses(answer: bytes) -> list[int]:
    """The status of an answer, and of what came before it (100 Continue)."""
    return [int(line[9:12]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@many(250)
@given(
    METHODS,
    TARGETS,
    st.lists(st.tuples(NAMES, VALUES), max_size=4),
    ANY_BYTES | changed_json(payload("git-hook")),
    st.booleans(),
)
def test_any_request_is_answered_and_never_with_a_fault(
    doors: Doors, method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes, signed: bool
) -> None:
    """By somebody who is signed in and has the secret, or by a stranger."""
    mine = [(b"Host", b"localhost"), (b"Content-Length", str(len(body)).encode())]
    if signed:
        mine += [(b"Authorization", b"Bearer " + KEY), (b"X-Slipway-Secret", HOOK_SECRET.encode())]
    named = dict([*mine, *headers])
    lines = [b" ".join((method, target.replace(b" ", b"").replace(b"\n", b"").replace(b"\r", b""), b"HTTP/1.1"))]
    lines += [name + b": " + value.replace(b"\r", b"").replace(b"\n", b"") for name, value in named.items()]

    answer = exchange(doors, b"\r\n".join(lines) + b"\r\n\r\n" + body)
    doors.slipway.pump()

    # Where it is not said how long a body is, the host closes at once, and the answer may be lost on the way.
    framed = not {name for name, _ in headers} & {b"Content-Length", b"Transfer-Encoding"}
    assert statuses(answer) or not framed
    assert all(status < 500 for status in statuses(answer))


@many(100)
@given(
    st.binary(max_size=200)
    | st.lists(PIECES | st.sampled_from((b"GET / HTTP/1.1", b"\r\n", b" ", b":")), max_size=8).map(b"".join)
)
def test_what_is_no_request_is_turned_away(doors: Doors, sent: bytes) -> None:
    """With an answer or without one; the next caller is served."""
    answer = exchange(doors, sent + b"\r\n\r\n")

    assert all(status < 500 or status == 505 for status in statuses(answer))
    assert doors.get("/api/health").status == 200


@many(60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((b"0", b"5", b"-1", b"ffffffffff", b"0x5", b"", b"5;a=b", b"g")), st.binary(max_size=8)
        ),
        max_size=5,
    )
)
def test_any_chunks_are_a_body_or_refused(doors: Doors, chunks: list[tuple[bytes, bytes]]) -> None:
    """Sizes that lie, and none at the end."""
    head = b"POST /api/hooks/git HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nX-Slipway-Secret: "
    body = b"".join(size + b"\r\n" + data + b"\r\n" for size, data in chunks)

    answer = exchange(doors, head + HOOK_SECRET.encode() + b"\r\n\r\n" + body)

    assert statuses(answer)[0] == 400
