"""Records as rows hold them: what is not as it was written is refused, with the record and the field."""

from __future__ import annotations

import json
import sys
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec.clock import SHOWN, Shown
from shared.codec.envelope import decode, encode_event
from shared.codec.errors import UnreadableRecord
from shared.codec.state import RELEASES
from shared.codec.stored import is_read
from shared.domain.messages.events import PushReceived
from shared.domain.values.errors import InvalidValue
from shared.domain.values.records import replace
from shared.domain.values.words import time_text
from tests.support.codec import examples as ex

DATA = RELEASES.encode(ex.RELEASE)
PUSHED = PushReceived(id="e", repository="shop", ref="refs/heads/main")


def shown(text: str) -> bytes:
    """Return a stored time, as somebody wrote it."""
    return json.dumps({"schema": 1, "record": {"at": text}}).encode()


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_stored_in_utc_and_read_as_the_same_instant(at: datetime) -> None:
    """No part of it is lost."""
    data = SHOWN.encode(Shown(at=at))

    assert SHOWN.read(data).at == at
    assert data.endswith(b'Z"}}')


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 23),
        datetime(2026, 11, 23, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 7, 1, tzinfo=ZoneInfo("Europe/Berlin")),
    ],
    ids=["none", "offset", "zone"],
)
def test_a_time_that_is_not_in_utc_is_not_stored(at: datetime) -> None:
    """Without a zone it would mean another instant on another machine; in two zones times do not sort as they came."""
    with pytest.raises(InvalidValue, match=r"record\.since: .* is not in UTC"):
        RELEASES.encode(replace(ex.RELEASE, since=at))
    with pytest.raises(InvalidValue, match=r"at: .* is not in UTC"):
        encode_event(PUSHED, correlation="c", at=at)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T13:40:00",
        "2026-11-23T13:40:00+01:00",
        "2026-11-23 13:40:00-05:00",
        "2026-11-23t13:40:00.5+00:30",
        "2026-13-23T13:40:00Z",
        "2026-11-23",
        "",
    ],
)
def test_a_time_that_is_not_in_utc_is_not_read(text: str) -> None:
    """Whoever wrote it."""
    with pytest.raises(UnreadableRecord, match="field at"):
        SHOWN.read(shown(text))


@pytest.mark.parametrize("text", ["since 2026-11-23T13:40:00", "2026-11-23T13:40:00+01:00"])
def test_people_may_write_times_as_they_like(text: str) -> None:
    """A reason is a text."""
    release = replace(ex.RELEASE, reason=text)

    assert RELEASES.read(RELEASES.encode(release)) == release


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones() | st.just(UTC)))
def test_a_time_of_any_zone_is_shown_in_utc(at: datetime) -> None:
    """The text has microseconds and a Z, and sorts as times do."""
    text = time_text(at)

    assert datetime.fromisoformat(text) == at.astimezone(UTC)
    assert len(text) == 27


def test_the_two_times_of_a_repeated_hour_are_shown_apart() -> None:
    """They look and compare the same in their zone, and lie an hour apart."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))

    assert time_text(first) == "2026-10-25T00:30:00.000000Z"
    assert time_text(first.replace(fold=1)) == "2026-10-25T01:30:00.000000Z"


@pytest.mark.parametrize(
    ("twice", "field"),
    [
        (DATA.replace(b'"schema":1,', b'"schema":1,"schema":1,'), "schema"),
        (DATA.replace(b'"commit":', b'"commit":"0","commit":', 1), "commit"),
        (DATA.replace(b'"commit":', b'"co\\u006dmit":"0","commit":', 1), "commit"),
        (DATA.replace(b'"kind":"forward"', b'"kind":"rollback","kind":"forward"', 1), "kind"),
    ],
    ids=["schema", "field", "escaped", "within"],
)
def test_a_key_that_is_there_twice_is_refused(twice: bytes, field: str) -> None:
    """Readers differ in which of them counts."""
    with pytest.raises(UnreadableRecord, match=f"field {field}: is there twice"):
        RELEASES.read(twice)


def test_a_key_that_is_there_twice_in_a_message_is_refused() -> None:
    """Also where the values are the same."""
    text = encode_event(PUSHED, correlation="c", at=ex.NOON)

    with pytest.raises(UnreadableRecord, match="push-received, field ref: is there twice"):
        decode(text.replace('"ref":', '"ref":"refs/heads/main","ref":'))


def test_spaces_and_order_are_nobodys_fault() -> None:
    """A row that a person wrote by hand, or a restore did, is read if it says the same."""
    assert RELEASES.read(json.dumps(json.loads(DATA), indent=2, sort_keys=True).encode()) == ex.RELEASE


@pytest.mark.parametrize(("found", "known", "read"), [(1, 1, True), (1, 3, True), (4, 3, False), (0, 3, False)])
def test_what_an_older_slipway_wrote_is_read_and_a_newer_one_not(found: int, known: int, read: bool) -> None:
    """Of rows and of messages alike: a queue holds what was sent before an upgrade."""
    assert is_read(found, known) is read


@pytest.mark.parametrize("within", ['{"schema":1,"record":', '{"schema":1,"record":{"commit":', ""])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_too_deeply_is_an_error_of_ours(within: str, opening: str) -> None:
    """And never the end of the process."""
    with pytest.raises(UnreadableRecord):
        RELEASES.read((within + opening * 200_000).encode())
    with pytest.raises(UnreadableRecord):
        decode(within + opening * 200_000)


@pytest.mark.parametrize("number", ["1.5", "1.0", "1e3", "NaN", "true", '"1"'])
def test_a_number_that_is_not_whole_is_not_read(number: str) -> None:
    """Money and attempts are counted."""
    with pytest.raises(UnreadableRecord):
        RELEASES.read(DATA.replace(b'"built":7', f'"built":{number}'.encode()))


@pytest.mark.parametrize("encode", [
    lambda text: RELEASES.encode(replace(ex.RELEASE, reason=text)),
    lambda text: encode_event(replace(PUSHED, ref=text), correlation="c", at=ex.NOON),
], ids=["record", "message"])  # fmt: skip
def test_text_that_utf8_cannot_hold_is_not_stored(encode: Any) -> None:
    """JSON from outside can hold half of a surrogate pair; the error is one about a value."""
    with pytest.raises(InvalidValue, match="surrogate"):
        encode("\ud800")


def test_what_is_no_value_of_ours_is_not_stored() -> None:
    """The library would ask for a hook; the error is one about a value."""
    with pytest.raises(InvalidValue, match="object is not declared as a text"):
        RELEASES.encode(replace(ex.RELEASE, reason=object()))


def test_a_record_takes_no_more_memory_than_its_bytes() -> None:
    """Records are kept by the thousand; a writer's buffer is many times as large."""
    tracemalloc.start()
    try:
        kept = [SHOWN.encode(Shown(at=ex.NOON + timedelta(seconds=number))) for number in range(200)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert taken < sum(map(sys.getsizeof, kept)) + sys.getsizeof(kept) + 10_000
