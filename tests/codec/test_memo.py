"""Remembering what was read and written: never something else than decoding would give."""

from __future__ import annotations

from shared.codec.envelope import decode, encode_effect, read_message
from shared.codec.memo import Memo
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Retag
from tests.support.codec import examples as ex


def test_the_same_bytes_are_decoded_once() -> None:
    """And give the same object."""
    decoded: list[bytes] = []

    def decode_list(data: bytes) -> list[bytes]:
        decoded.append(data)
        return [data]

    memo = Memo(decode_list, 4)

    assert memo.read(b"a") is memo.read(b"a")
    assert decoded == [b"a"]


def test_the_oldest_is_forgotten_first() -> None:
    """No more is kept than is said, and what was forgotten is decoded again."""
    decoded: list[str] = []

    def decode_text(text: str) -> str:
        decoded.append(text)
        return text

    memo = Memo(decode_text, 2)
    for text in ("a", "b", "c", "b", "a"):
        memo.read(text)

    assert decoded == ["a", "b", "c", "a"]
    memo.clear()
    memo.read("a")
    assert decoded == ["a", "b", "c", "a", "a"]


def test_a_message_that_was_just_written_is_read_as_it_would_be_decoded() -> None:
    """Whoever performs an effect in the process that decided it gets what another process would."""
    effect = Retag(service=ex.DELIVERY, number=3, attempt=1)
    text = encode_effect(effect, Delivery(correlation="c", tries=2, effect_number=7_001), at=ex.NOON)

    assert read_message(text) == decode(text)
