"""Times, durations, numbers and text as they are stored."""

from __future__ import annotations

import sys
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec.envelope import encode_event
from shared.codec.errors import UnreadableRecord
from shared.codec.fields import Fields
from shared.codec.primitives import dump, span_number, time_text
from shared.codec.release import encode_release
from shared.domain.errors import InvalidValue
from shared.domain.events import PushReceived
from tests.support.codec import examples as ex


def _field(value: Any) -> Fields:
    return Fields("record", 1, {"it": value}, schema=1)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones() | st.just(UTC)))
def test_a_time_of_any_zone_is_stored_in_utc_and_read_as_the_same_instant(at: datetime) -> None:
    """The text has microseconds and a Z, and sorts as times do."""
    text = time_text(at)

    assert _field(text).time("it") == at.astimezone(UTC)
    assert len(text) == 27
    assert text.endswith("Z")


def test_a_time_is_written_with_microseconds_and_z() -> None:
    """Another zone's time is turned into UTC."""
    berlin = timezone(timedelta(hours=1))

    assert time_text(datetime(2026, 11, 23, 14, 40, tzinfo=berlin)) == "2026-11-23T13:40:00.000000Z"


def test_the_two_times_of_a_repeated_hour_are_stored_apart() -> None:
    """They look and compare the same in their zone, and lie an hour apart."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    second = first.replace(fold=1)

    assert time_text(first) == "2026-10-25T00:30:00.000000Z"
    assert time_text(second) == "2026-10-25T01:30:00.000000Z"


def test_a_time_without_a_zone_is_not_stored() -> None:
    """It would mean another instant on another machine."""
    with pytest.raises(InvalidValue, match="has no zone"):
        encode_release(replace(ex.RELEASE, since=datetime(2026, 11, 23)))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T13:40:00Z",
        "2026-11-23T13:40:00.000000",
        "2026-11-23 13:40:00.000000Z",
        "2026-11-23T13:40:00.000+01:00",
        "2026-13-23T13:40:00.000000Z",
        "",
    ],
)
def test_a_time_in_another_form_is_not_read(text: str) -> None:
    """There is one way to write a time."""
    with pytest.raises(UnreadableRecord, match=r"field it: .* is not a time"):
        _field(text).time("it")


@given(st.timedeltas())
def test_a_duration_is_stored_in_microseconds(span: timedelta) -> None:
    """No part of it is lost."""
    assert _field(span_number(span)).span("it") == span


def test_a_duration_beyond_what_there_is_is_not_read() -> None:
    """A number may be of any size, a duration not."""
    with pytest.raises(UnreadableRecord, match="longer than a duration"):
        _field(10**40).span("it")


def test_a_fraction_is_not_stored() -> None:
    """It could not be read again."""
    release = replace(ex.RELEASE, tags_asked=1.5)  # type: ignore[arg-type] # what a caller without types may do

    with pytest.raises(InvalidValue, match=r"1\.5 is not a whole number"):
        encode_release(release)


@pytest.mark.parametrize("encode", [
    lambda text: encode_release(replace(ex.RELEASE, reason=text)),
    lambda text: encode_event(PushReceived(id="e", repository="shop", ref=text), correlation="c", at=ex.NOON),
], ids=["record", "message"])  # fmt: skip
def test_text_that_utf8_cannot_hold_is_not_stored(encode: Any) -> None:
    """JSON from outside can hold half of a surrogate pair; the error is one about a value."""
    with pytest.raises(InvalidValue, match="surrogate"):
        encode("\ud800")


def test_a_record_takes_no_more_memory_than_its_bytes() -> None:
    """Records are kept by the thousand; the writer's buffer is many times as large."""
    tracemalloc.start()
    try:
        kept = [dump(1, {"number": str(number)}) for number in range(200)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken < sum(map(sys.getsizeof, kept)) + sys.getsizeof(kept) + 10_000
