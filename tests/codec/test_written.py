"""Parts that were written before: never something else than the encoder would write now."""

from __future__ import annotations

import orjson

from shared.codec.primitives import Json
from shared.codec.written import Written


def _pair(one: list[int], other: list[int] | None = None) -> Json:
    return {"one": one, "other": other}


def _read(part: orjson.Fragment) -> object:
    return orjson.loads(orjson.dumps(part))


def test_the_same_object_is_written_once() -> None:
    """An equal one is another."""
    asked: list[list[int]] = []

    def encode(numbers: list[int]) -> Json:
        asked.append(numbers)
        return {"numbers": numbers}

    written, numbers, equal = Written(encode, 4), [1], [1]

    assert written(numbers) is written(numbers)
    assert _read(written(equal)) == _read(written(numbers))
    assert len(asked) == 2


def test_what_stands_beside_it_counts() -> None:
    """A result beside its artifact is written otherwise than beside none."""
    written, numbers, others = Written(_pair, 4), [1], [2]

    assert _read(written(numbers, others)) == {"one": [1], "other": [2]}
    assert _read(written(numbers)) == {"one": [1], "other": None}


def test_no_id_is_taken_for_that_of_an_object_that_is_gone() -> None:
    """However many come and go, each is written as it is, and no more are kept than is said."""
    written = Written(_pair, 4)
    parts = [written([number]) for number in range(50)]

    assert [_read(part) for part in parts] == [{"one": [number], "other": None} for number in range(50)]
    assert len(written._known) <= 4
