"""Messages in poison on the pages: nobody who looks misses them, and operators settle them there."""

from __future__ import annotations

import re

import pytest

from tests.page.test_pages import HOSTILE, page
from tests.support.app_parts import Harness
from tests.support.doors import Doors
from tests.support.in_poison import ASK, poisoned, written


@pytest.mark.parametrize("path", ["/", "/services/delivery"])
@pytest.mark.parametrize(
    ("count", "says"), [(0, ""), (1, "1 message"), (3, "3 messages"), (101, "100 or more messages")]
)
def test_a_notice_says_how_many_there_are(doors: Doors, slipway: Harness, path: str, count: int, says: str) -> None:
    """With where to look at them, and none where there are none."""
    for number in range(count):
        poisoned(slipway, delivery=f"m-{number}")

    found = page(doors, path)

    assert re.findall(r"<b>([^<]+) failed as often", found) == ([says] if says else [])
    assert ('href="/poison"' in found) is bool(count)


def test_the_page_lists_them_the_newest_first_and_goes_on(doors: Doors, slipway: Harness) -> None:
    """Fifty at a time, each with what is wrong with it and a way to all of it."""
    for number in range(51):
        poisoned(slipway, written(ASK, type="make-coffee"), delivery=f"m-{number}")

    first, second = page(doors, "/poison"), page(doors, "/poison?after=2")

    assert re.findall(r"<b>(\d+): make-coffee", first) == [str(number) for number in range(51, 1, -1)]
    assert re.findall(r"<b>(\d+): make-coffee", second) == ["1"]
    assert ('href="/poison?after=2"' in first, "Earlier messages" in second) == (True, False)
    assert "is not known; requeue it where an older worker took it, or dismiss it" in first
    assert 'href="/api/poison/51"' in first


@pytest.mark.parametrize(("body", "size"), [(b"{", "1 byte"), (b"x" * 20_000, "20,000 bytes")], ids=["1", "many"])
def test_a_message_that_is_none_is_shown_with_its_size_and_what_to_do(
    doors: Doors, slipway: Harness, body: bytes, size: str
) -> None:
    """It is in no backup."""
    poisoned(slipway, body)

    found = page(doors, "/poison")

    assert f" · {size} · " in found
    assert "find out who sent it, then dismiss it" in found


def test_where_there_are_none_the_page_says_so(doors: Doors) -> None:
    """And it watches for the first."""
    found = page(doors, "/poison")

    assert "No message lies in poison." in found
    assert 'data-watch="/api/mark?of=poison"' in found


@pytest.mark.parametrize(("who", "buttons"), [("ada", []), ("rita", []), ("olga", ["Requeue", "Dismiss"])])
def test_its_buttons_are_for_operators(doors: Doors, slipway: Harness, who: str, buttons: list[str]) -> None:
    """Others only read."""
    poisoned(slipway)

    assert re.findall(r'<button type="button" class="call[^>]*>([^<]+)<', page(doors, "/poison", who)) == buttons


def test_whatever_a_message_says_of_itself_is_shown_as_text(doors: Doors, slipway: Harness) -> None:
    """Anybody may have written it."""
    poisoned(slipway, written(ASK, type=HOSTILE, id=HOSTILE, service=HOSTILE))

    for path in ("/poison", "/holds"):
        found = page(doors, path)
        assert len(re.findall(r"<script", found)) == 1
        assert "<img" not in found
        assert "alert(1)" in found


def test_its_mark_changes_with_each_message_and_each_settling(doors: Doors, slipway: Harness) -> None:
    """So that a page that lies open shows it."""
    marks = [doors.get("/api/mark?of=poison").json()]
    poisoned(slipway)
    marks.append(doors.get("/api/mark?of=poison").json())
    doors.post("/api/poison/1/dismiss")
    marks.append(doors.get("/api/mark?of=poison").json())

    assert len({one["mark"] for one in marks}) == 3
