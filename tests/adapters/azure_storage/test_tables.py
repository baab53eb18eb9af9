"""What a decision costs in requests, and what happens when an answer is lost. On Azurite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from shared.adapters.azure_storage import AzureStorage
from shared.adapters.storage import partition
from shared.ports.store import Due, Loaded, NeedsRows, StoreUnavailable, TooLarge, Write
from tests.support import azurite
from tests.support.clock import NOON, Clock
from tests.support.stores import MINUTE, SERVICE, Opened, a_message, a_write, always, opened

LATER = timedelta(seconds=6)

pytestmark = pytest.mark.real("azurite")


@pytest.fixture
def fixture(tmp_path: Path) -> Iterator[Opened]:
    """Empty tables; their requests are counted."""
    with opened("tables", tmp_path) as found:
        yield found


def test_a_decision_is_one_read_of_the_partition_one_of_the_estate_and_one_batch(fixture: Opened) -> None:
    """However much it writes."""
    store = fixture.store
    store.transact(SERVICE, "e0", always(a_write(puts={f"1~environment~{n}": b"x" for n in range(20)})))
    write = a_write(puts={f"1~release~{n}": b"x" for n in range(20)}, outbox=[a_message()] * 5)
    fixture.clock.advance(LATER)

    requests = fixture.requests(lambda: store.transact(SERVICE, "e1", always(write)))

    assert requests == ["query", "query", "batch"]


def test_the_estate_is_read_once_in_a_while_and_always_exactly_by_who_acts(fixture: Opened) -> None:
    """A hold may be overlooked by a decision for a moment, but never by what deploys."""
    store = fixture.store
    store.read(SERVICE)
    again = fixture.requests(lambda: store.transact("shipping~package", "e1", lambda loaded: None))
    exactly = fixture.requests(lambda: store.read(SERVICE))
    fixture.clock.advance(LATER)
    later = fixture.requests(lambda: store.read(SERVICE, exact=False))

    assert [one.count("query") for one in (again, exactly, later)] == [1, 2, 2]


def test_a_hold_of_this_process_is_seen_by_its_next_decision(fixture: Opened) -> None:
    """Whatever was read of the estate before."""
    store = fixture.store
    store.read(SERVICE)
    store.transact("estate", "stop", always(a_write(puts={"1~stop": b"all"})))

    assert dict(store.read(SERVICE, exact=False).estate) == {"1~stop": b"all"}


def test_what_was_just_read_is_decided_on(fixture: Opened) -> None:
    """An effect reads, acts and reports in one go: its decision costs a batch, and nothing to read."""
    store = fixture.store
    store.transact(SERVICE, "e0", always(a_write()))
    store.read(SERVICE)

    first = fixture.requests(lambda: store.transact(SERVICE, "e1", always(a_write())))
    second = fixture.requests(lambda: store.transact(SERVICE, "e2", always(a_write())))

    assert (first, second) == (["batch"], ["query", "batch"])


def test_a_decision_costs_the_same_with_many_ended_releases(fixture: Opened) -> None:
    """Old releases, ledger and marks are not in the range that it reads."""
    store = fixture.store
    for number in range(30):
        puts = {f"2~release~{number}-{n}": b"x" * 1000 for n in range(40)}
        store.transact(SERVICE, f"old-{number}", always(a_write(puts=puts)))

    requests = fixture.requests(lambda: store.transact(SERVICE, "e1", always(a_write())))

    assert requests == ["query", "batch"]


def test_a_services_first_decision_and_a_hint_cost_a_request_each(fixture: Opened) -> None:
    """They are written before the batch, so that a crash in between leaves too much and never too little."""
    write = a_write(due=[Due(at=NOON, what="deadline")])
    fixture.store.transact("shipping~package", "e1", always(write))

    requests = fixture.requests(lambda: fixture.store.transact(SERVICE, "e1", always(write)))

    assert requests == ["query", "put", "put", "batch"]


def test_an_ended_release_that_is_needed_costs_a_read(fixture: Opened) -> None:
    """Deleting it then costs nothing more than knowing that it is there."""
    fixture.store.transact(SERVICE, "e0", always(a_write(puts={"2~release~a": b"x"})))

    def decide(loaded: Loaded) -> Write:
        if not loaded.extra:
            raise NeedsRows(["2~release~a"])
        return a_write()

    requests = fixture.requests(lambda: fixture.store.transact(SERVICE, "e1", decide))

    assert requests == ["query", "get", "batch"]


def test_an_effect_that_is_done_is_forgotten_in_one_request_also_with_others(fixture: Opened) -> None:
    """Where one of several is gone already, the others are looked for one by one."""
    store = fixture.store
    keys = [row.key for row in store.transact(SERVICE, "e1", always(a_write(outbox=[a_message()] * 5))).outbox]

    requests = [
        fixture.requests(lambda some=some: store.forget(SERVICE, some))  # type: ignore[misc]
        for some in (keys[:1], keys[1:3], keys[2:4])
    ]

    assert requests == [["delete"], ["batch"], ["batch", "delete", "delete"]]
    assert list(store.read(SERVICE).outbox) == keys[4:]


def test_a_hint_costs_nothing_while_an_earlier_one_stands(fixture: Opened) -> None:
    """Whoever looks at the service by the earlier one writes the next; one that comes due meanwhile is not relied on."""
    store = fixture.store

    def decided(event: str, minutes: int) -> list[str]:
        write = a_write(due=[Due(at=NOON + minutes * MINUTE, what=event)])
        return [one for one in fixture.requests(lambda: store.transact(SERVICE, event, always(write))) if one == "put"]

    store.transact(SERVICE, "e0", always(a_write()))
    before = [len(decided(f"e{minutes}", minutes)) for minutes in (60, 90, 60, 30, 45)]
    fixture.clock.advance(30 * MINUTE)
    come = len(decided("come", 50))

    assert before == [1, 0, 0, 1, 0]
    assert come == 1


def test_pruning_reads_what_has_expired_and_nothing_else(fixture: Opened) -> None:
    """A service with a month of marks is not read through for each tick."""
    store = fixture.store
    for number in range(5):
        store.transact(SERVICE, f"old-{number}", always(a_write()), seen_for=MINUTE)
    for number in range(5):
        store.transact(SERVICE, f"e-{number}", always(a_write()))
    none = fixture.requests(lambda: store.prune(SERVICE, most=200))
    fixture.clock.advance(MINUTE)
    some = fixture.requests(lambda: store.prune(SERVICE, most=200))

    assert (none, some) == (["query"], ["query", "batch"])
    assert fixture.proxy is not None
    assert "RowKey lt '6~until~2026" in fixture.proxy.calls[0].filter
    assert not store.transact(SERVICE, "old-1", always(a_write())).duplicate


def test_a_mark_that_is_gone_already_keeps_no_other(fixture: Opened) -> None:
    """Two hosts prune at once, or one did half of it."""
    store = fixture.store
    for number in range(3):
        store.transact(SERVICE, f"e-{number}", always(a_write()), seen_for=MINUTE)
    fixture.clock.advance(MINUTE)
    tables = TableServiceClient.from_connection_string(azurite.connection())
    with tables, tables.get_table_client(fixture.prefix + "services") as services:
        services.delete_entity(SERVICE, "5~seen~e-1")

    assert (store.prune(SERVICE, most=9), store.prune(SERVICE, most=9)) == (3, 0)


@pytest.mark.parametrize(("most", "pages"), [(1, 1), (999, 1), (1000, 1), (1001, 2), (1056, 2), (5000, 2)])
def test_a_long_range_is_read_page_by_page(long: Opened, most: int, pages: int) -> None:
    """A page holds a thousand rows; nothing is read beyond what was asked for."""
    found: list[str] = []

    requests = long.requests(
        lambda: found.extend(key for key, _ in long.store.range(SERVICE, "3~", "4~", most=most)),
    )

    assert found == [f"3~ended~{number:04d}" for number in range(min(most, 1056))]
    assert requests == ["query"] * pages


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A service with more than a thousand ended releases."""
    with opened("tables", tmp_path_factory.mktemp("long")) as found:
        for start in range(0, 1056, 96):
            puts = {f"3~ended~{number:04d}": b"x" for number in range(start, start + 96)}
            found.store.transact(SERVICE, f"e{start}", always(a_write(puts=puts)))
        yield found


@pytest.mark.parametrize(
    ("key", "size"),
    [
        pytest.param("1~environment~{:03d}", 64 * 1024, id="large rows"),
        pytest.param("1~" + "=2F" * 166 + "~{:03d}", 36_000, id="long keys"),
        pytest.param("1~" + "é" * 480 + "~{:03d}", 30_000, id="long keys beyond ASCII"),
        pytest.param("1~" + "\U0001f600" * 240 + "~{:03d}", 30_000, id="long keys of two halves"),
    ],
)
def test_what_we_let_through_is_no_larger_than_a_batch_may_be(fixture: Opened, key: str, size: int) -> None:
    """Azurite takes more than the service does; so what is really sent is measured, at the largest we let through."""
    fixture.store.transact(SERVICE, "e0", always(a_write()))

    def sent(number: int) -> int:
        puts = {key.format(each): b"\xff" * size for each in range(number)}
        fixture.requests(lambda: fixture.store.transact(SERVICE, f"e{number}", always(a_write(puts=puts))))
        assert fixture.proxy is not None
        return max(call.sent for call in fixture.proxy.calls)

    largest = max(number for number in range(1, 97) if fits(key, size, number))

    assert largest < 96
    assert 2 * 1024 * 1024 < sent(largest) <= partition.MOST_BATCH
    with pytest.raises(TooLarge):
        sent(largest + 1)


def fits(key: str, size: int, number: int) -> bool:
    """Whether a decision that puts so many rows is let through."""
    loaded = Loaded(sequence=1, ledger_hash="0" * 64, rows={}, outbox={}, estate={}, extra={})
    write = a_write(puts={key.format(each): b"\xff" * size for each in range(number)})
    try:
        partition.plan(SERVICE, "e", loaded, write, seen_until=NOON)
    except TooLarge:
        return False
    return True


def test_an_account_that_cannot_be_reached_is_unavailable() -> None:
    """The error is ours, and says what to look at."""
    gone = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;"

    with closing(AzureStorage.of_connection(gone, Clock())) as storage, pytest.raises(StoreUnavailable, match=SERVICE):
        storage.store.read(SERVICE)
