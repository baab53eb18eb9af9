"""What is newer or damaged is refused with the field, never guessed at."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.codec.envelope import ReadMessage, decode
from shared.codec.errors import UnknownMessage, UnreadableRecord
from tests.support.codec import odd
from tests.support.codec.messages import MESSAGES, encode
from tests.support.codec.stored import RECORDS, Example


def _message(data: bytes) -> ReadMessage:
    return decode(data.decode())


NEWEST = 99
ALL = {
    **RECORDS,
    **{type(one).__name__: Example("message", one, encode(one).encode(), _message) for one in MESSAGES},
    **{f"bare {type(one).__name__}": Example("message", one, encode(one).encode(), _message) for one in odd.MESSAGES},
}
_FREE_TEXTS = ("detail",)  # an object of texts under names of the writer's choice


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*path, key))
    if path:
        yield path


def _with(values: Any, path: tuple[Any, ...], leaf: Any) -> bytes:
    changed = copy.deepcopy(values)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = leaf
    return json.dumps(changed).encode()


@pytest.mark.parametrize("name", ALL)
def test_a_newer_schema_is_refused(name: str) -> None:
    """The error says that the record is newer, so that the message goes back to its queue."""
    values = json.loads(ALL[name].data)
    # Numbers of messages are counted over all of them; each kind of record has its own.
    values["schema"] = NEWEST

    with pytest.raises(UnreadableRecord, match="upgrade this worker") as caught:
        ALL[name].decode(json.dumps(values).encode())
    assert (caught.value.newer, caught.value.found) == (True, NEWEST)
    assert caught.value.known < NEWEST


@pytest.mark.parametrize("name", ALL)
def test_a_field_of_another_type_is_refused_wherever_it_stands(name: str) -> None:
    """Each value in turn becomes a fraction, and each a boolean in a list, which no field takes."""
    values = json.loads(ALL[name].data)

    for path in _leaves(values):
        for wrong in (1.5, [[True]]):
            with pytest.raises(UnreadableRecord) as caught:
                ALL[name].decode(_with(values, path, wrong))
            assert not caught.value.newer


@pytest.mark.parametrize("name", ALL)
def test_a_word_that_is_not_of_its_set_or_form_is_refused_or_read_as_free_text(name: str) -> None:
    """No other exception comes out for a text that its field cannot hold, and no text goes unread."""
    values = json.loads(ALL[name].data)

    for path in _leaves(values):
        read = _read(ALL[name], _with(values, path, "?"))

        assert isinstance(read, UnreadableRecord | UnknownMessage) or read != ALL[name].decode(ALL[name].data)


@pytest.mark.parametrize("name", ALL)
def test_a_field_that_nobody_knows_is_refused_wherever_it_stands(name: str) -> None:
    """Dropping it at the next write would lose what a newer Slipway meant."""
    values = json.loads(ALL[name].data)
    objects = [path for path in _leaves(values) if isinstance(_at(values, path), dict) and path[-1] not in _FREE_TEXTS]

    for path in [(), *objects]:
        with pytest.raises(UnreadableRecord, match="novel: is not a field here"):
            ALL[name].decode(_with(values, (*path, "novel"), 1))


@pytest.mark.parametrize("name", ALL)
def test_a_missing_field_is_named_or_has_a_fixed_meaning(name: str) -> None:
    """Without a field a record is either refused with that field or another record, never the same."""
    values = json.loads(ALL[name].data)

    for path in _leaves(values):
        changed = copy.deepcopy(values)
        del _at(changed, path[:-1])[path[-1]]
        read = _read(ALL[name], json.dumps(changed).encode())

        if isinstance(read, UnreadableRecord | UnknownMessage):
            assert isinstance(read, UnknownMessage) or read.field
        else:
            # All of a policy is written, its defaults too.
            assert read != ALL[name].decode(ALL[name].data) or _of_policy(name, path)


def _of_policy(name: str, path: tuple[Any, ...]) -> bool:
    return name.startswith("policy") or not {"policy", "pinned_policy"}.isdisjoint(path)


def _read(stored: Example, data: bytes) -> Any:
    """Return the record or how it was refused."""
    try:
        return stored.decode(data)
    except (UnreadableRecord, UnknownMessage) as error:
        return error


def _at(values: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        values = values[key]
    return values


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'"text"',
        b"{}",
        b'{"schema":0}',
        b'{"schema":true}',
        b'{"schema":NaN}',
        b"[" * 100_000,
    ],
    ids=lambda data: repr(data[:20]),
)
@pytest.mark.parametrize("name", RECORDS)
def test_bytes_that_are_no_record_are_refused(name: str, data: bytes) -> None:
    """Whatever is in the row, the error is ours and names the kind."""
    with pytest.raises(UnreadableRecord) as caught:
        RECORDS[name].decode(data)
    assert not caught.value.newer
