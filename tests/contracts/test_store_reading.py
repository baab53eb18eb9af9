"""Reading a store outside of decisions, and the hints for the tick. Run on every store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.ports.store import Due, Store
from tests.support.clock import NOON
from tests.support.stores import ALL, MINUTE, SERVICE, Opened, a_message, a_write, always, opened

DAY = timedelta(days=1)


@pytest.fixture(params=ALL)
def fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def store(fixture: Opened) -> Store:
    """Its Store."""
    return fixture.store


def test_a_range_is_read_in_key_order_and_no_further_than_asked(store: Store) -> None:
    """start <= key < end, `most` at most."""
    puts = {f"3~ended~{number}": str(number).encode() for number in (3, 1, 4, 2)}
    store.transact(SERVICE, "e1", always(a_write(puts=puts)))

    assert store.range(SERVICE, "3~ended~1", "3~ended~4", most=2) == [("3~ended~1", b"1"), ("3~ended~2", b"2")]
    assert [key for key, _ in store.range(SERVICE, "3~ended~2", "3~ended~4", most=9)] == ["3~ended~2", "3~ended~3"]


def test_rows_of_the_stores_own_are_not_read_as_rows(store: Store) -> None:
    """Head, outbox, ledger and marks are the store's affair."""
    store.transact(SERVICE, "e1", always(a_write(puts={"1~policy": b"p"}, outbox=[a_message()])))

    assert store.range(SERVICE, "0", "9", most=99) == [("1~policy", b"p")]
    assert store.row(SERVICE, "1~head") is None


def test_services_do_not_see_each_others_rows(store: Store) -> None:
    """A service's name that begins with another's is another service."""
    store.transact("shipping~a", "e1", always(a_write(puts={"1~policy": b"a"})))
    store.transact("shipping~a-b", "e1", always(a_write(puts={"1~policy": b"b"})))

    assert store.row("shipping~a", "1~policy") == b"a"
    assert dict(store.read("shipping~a-b").rows) == {"1~policy": b"b"}
    assert len(store.ledger("shipping~a", after=0, most=9)) == 1


def test_every_service_that_was_written_is_named(store: Store) -> None:
    """Reading an unknown service does not make it known."""
    store.transact("shipping~b", "e1", always(a_write()))
    store.transact("shipping~a", "e1", always(a_write()))
    store.read("shipping~c")

    assert list(store.services(most=9)) == ["shipping~a", "shipping~b"]


def test_services_are_named_in_pages(store: Store) -> None:
    """In order, after one of them, and those that begin with some text only; people's holds are no service."""
    names = [*("a~x", "a~y", "a-b~x", "a.b~x", "ab~x"), *(f"shop~{number:02d}" for number in range(12))]
    for name in (*reversed(names), "estate"):
        store.transact(name, "e1", always(a_write()))

    def pages(most: int, prefix: str = "") -> list[str]:
        found: list[str] = []
        while page := store.services(after=found[-1] if found else "", most=most, prefix=prefix):
            assert len(page) <= most
            found += page
        return found

    assert pages(1) == pages(5) == pages(99) == sorted(names)
    assert pages(2, "a~") == ["a~x", "a~y"]
    assert pages(3, "shop~0") == [f"shop~{number:02d}" for number in range(10)]
    assert store.services(after="shop~10", most=9, prefix="shop~0") == []
    assert store.services(after="a~y", most=1) == ["shop~00"]


def test_how_far_services_are_is_told_without_reading_them(store: Store) -> None:
    """An unknown one has seen nothing, and neither has one that only has a hint."""
    for number in range(3):
        store.transact("shipping~a", f"e{number}", always(a_write()))
    store.transact("shipping~b", "e1", always(a_write()))
    store.add_due("shipping~c", Due(at=NOON, what="click"))

    found = store.sequences(["shipping~b", "shipping~a", "shipping~c", "shipping~d"])
    assert dict(found) == {"shipping~a": 3, "shipping~b": 1, "shipping~c": 0, "shipping~d": 0}
    assert store.sequences([]) == {}


def test_the_last_entries_of_ledgers_are_told_without_reading_them(store: Store) -> None:
    """By sequence and hash, the partition of holds like any other."""
    for number in range(3):
        store.transact("shipping~a", f"e{number}", always(a_write()))
    store.transact("estate", "e1", always(a_write()))

    found = store.heads(["shipping~a", "estate", "shipping~d"])

    assert found["shipping~a"] == (3, store.ledger("shipping~a", after=2, most=1)[0].hash)
    assert found["estate"] == (1, store.ledger("estate", after=0, most=1)[0].hash)
    assert found["shipping~d"].sequence == 0
    assert store.heads([]) == {}


def test_the_ledger_is_read_in_pages(store: Store) -> None:
    """Entries after a sequence, in order."""
    for number in range(12):
        store.transact(SERVICE, f"e{number}", always(a_write()))

    assert [row.sequence for row in store.ledger(SERVICE, after=8, most=2)] == [9, 10]
    assert [row.sequence for row in store.ledger(SERVICE, after=10, most=9)] == [11, 12]


def test_hints_come_when_their_time_has_come_earliest_first(store: Store) -> None:
    """A decision's hints and those written alone are one list; the exact moment counts as come."""
    hints = [Due(at=NOON + MINUTE, what="deadline"), Due(at=NOON, what="approval"), Due(at=NOON + DAY, what="freeze")]
    store.transact(SERVICE, "e1", always(a_write(due=hints)))
    store.add_due("shipping~package", Due(at=NOON - MINUTE, what="click"))

    found = store.due(NOON + MINUTE, most=9)

    assert [(row.service, row.what, row.at) for row in found] == [
        ("shipping~package", "click", NOON - MINUTE),
        (SERVICE, "approval", NOON),
        (SERVICE, "deadline", NOON + MINUTE),
    ]
    assert store.due(NOON + MINUTE, most=1) == found[:1]


def test_the_earliest_hint_of_a_service_is_never_lost(store: Store) -> None:
    """Later ones need not be kept: whoever looks at the service writes the next."""
    for minutes in (5, 2, 9):
        store.add_due(SERVICE, Due(at=NOON + minutes * MINUTE, what="deadline"))

    first = store.due(NOON + DAY, most=9)[0]
    assert (first.at, store.due(NOON + MINUTE, most=9)) == (NOON + 2 * MINUTE, [])


def test_a_hint_that_has_come_stays_beside_the_next(store: Store) -> None:
    """It is removed by its key after the service was looked at, and the one that was written meanwhile stays."""
    store.add_due(SERVICE, Due(at=NOON, what="deadline"))
    [come] = store.due(NOON, most=9)
    store.add_due(SERVICE, Due(at=NOON + MINUTE, what="next"))
    assert store.due(NOON, most=9) == [come]
    store.remove_due([come.key])

    assert [row.what for row in store.due(NOON + DAY, most=9)] == ["next"]


def test_a_hint_that_was_removed_is_not_relied_on(store: Store) -> None:
    """A decision may leave out what an earlier hint will see to; not when that one was looked at, whatever the clock."""
    first, later = Due(at=NOON + 5 * MINUTE, what="deadline"), Due(at=NOON + 9 * MINUTE, what="soak")
    store.transact(SERVICE, "e1", always(a_write(due=[first])))
    store.transact(SERVICE, "e2", always(a_write(due=[later])))
    store.remove_due([row.key for row in store.due(first.at, most=9)])

    store.transact(SERVICE, "e3", always(a_write(due=[later])))

    assert [(row.at, row.what) for row in store.due(NOON + DAY, most=9)] == [(later.at, "soak")]


def test_what_a_look_decides_does_not_rely_on_the_hint_that_led_there(fixture: Opened) -> None:
    """It is removed when the look is over."""
    store = fixture.store
    store.transact(SERVICE, "e1", always(a_write(due=[Due(at=NOON + MINUTE, what="deadline")])))
    fixture.clock.advance(MINUTE)
    [come] = store.due(fixture.clock(), most=9)

    store.transact(SERVICE, "", always(a_write(due=[Due(at=NOON + 5 * MINUTE, what="next")], mark=False)))
    store.remove_due([come.key])

    assert [row.what for row in store.due(NOON + DAY, most=9)] == ["next"]


def test_an_event_without_an_id_is_news_each_time(store: Store) -> None:
    """Time that passes is nobody's event."""
    for _ in range(2):
        assert not store.transact(SERVICE, "", always(a_write(mark=False))).duplicate

    assert store.read(SERVICE).sequence == 2


def test_hints_are_removed_by_their_keys(store: Store) -> None:
    """The same hint twice is one; unknown keys are ignored."""
    for _ in range(2):
        store.add_due(SERVICE, Due(at=NOON, what="a/b"))
    store.add_due("shipping~package", Due(at=NOON, what="c"))
    first, second = store.due(NOON, most=9)

    store.remove_due([first.key, first.key + "x", "no key at all"])

    assert store.due(NOON, most=9) == [second]


def test_marks_of_events_are_kept_as_long_as_asked_and_then_removed_bit_by_bit(fixture: Opened) -> None:
    """An expired mark goes when it is pruned, `most` at a time; the event is news from then on."""
    store = fixture.store
    for number in range(3):
        store.transact(SERVICE, f"e{number}", always(a_write()), seen_for=DAY)
    store.transact(SERVICE, "kept", always(a_write()), seen_for=2 * DAY)
    early = store.prune(SERVICE, most=9)
    fixture.clock.advance(DAY)

    assert (early, store.prune(SERVICE, most=2), store.prune(SERVICE, most=9)) == (0, 2, 1)
    assert store.transact(SERVICE, "kept", always(a_write())).duplicate
    assert not store.transact(SERVICE, "e0", always(a_write())).duplicate
