"""A body in chunks is what its framing says, or refused."""

from __future__ import annotations

import io

import pytest
from werkzeug.exceptions import BadRequest

from infra.local.chunks import Chunks


def chunks(sent: bytes) -> Chunks:
    return Chunks(io.BufferedReader(io.BytesIO(sent)))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 64, -1])
def test_a_body_is_the_same_in_pieces_of_any_size(size: int) -> None:
    """A piece may end within a chunk, with it, or a few chunks later; an extension means nothing to us."""
    body = chunks(b"3\r\nabc\r\nA;name=value\r\n0123456789\r\n1\nx\n0\r\n\r\nGET / HTTP/1.1\r\n")

    pieces = list(iter(lambda: body.read(size), b""))

    assert b"".join(pieces) == b"abc0123456789x"
    assert size < 0 or all(len(piece) == size for piece in pieces[:-1])
    assert body.read(size) == b""


@pytest.mark.parametrize(
    "sent",
    [
        *(b"", b"\r\n", b"5", b"5\r\n", b"5\r\nabc", b"5\r\nabcde", b"5\r\nabcde\r\n", b"0", b"0\r\n", b"ffff\r\nabc"),
        *(b"-1\r\nx\r\n", b"+1\r\nx\r\n", b"0x1\r\nx\r\n", b"1_0\r\nx\r\n", b"g\r\nx\r\n", b";\r\nx\r\n"),
        *(
            b"1\r\nxy\r\n0\r\n\r\n",
            b"0\r\nName: value\r\n\r\n",
            b"1" * 17 + b"\r\n",
            b"1;" + b"x" * 5000 + b"\r\nx\r\n",
        ),
    ],
)
def test_attack_framing_that_lies_is_refused(sent: bytes) -> None:
    """Attack: sizes that are none, too long, or not kept. Defence: nothing but a whole body is one."""
    with pytest.raises(BadRequest, match="ended early or is badly framed"):
        chunks(sent).readall()


def test_attack_a_buffer_is_never_made_shorter_or_longer() -> None:
    """Attack: a chunk cut short, so that more is read from memory than was sent. Defence: the buffer keeps its size."""
    buffer = bytearray(64)

    with pytest.raises(BadRequest):
        chunks(b"40\r\nabc").readinto(buffer)

    assert buffer == b"abc" + bytes(61)
