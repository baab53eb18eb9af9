"""Store.transact: one decision, one batch, whatever happens around it. Run on every store."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.store import Loaded, NeedsRows, OutboxRow, Store, Write
from tests.support.stores import ALL, SERVICE, Opened, a_message, a_write, always, opened


@pytest.fixture(params=ALL)
def fixture(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def store(fixture: Opened) -> Store:
    """Its Store."""
    return fixture.store


def test_an_unknown_service_is_empty(store: Store) -> None:
    """What was never written reads as sequence 0 with the genesis hash."""
    loaded = store.read(SERVICE)

    assert (loaded.sequence, loaded.ledger_hash, dict(loaded.rows), dict(loaded.outbox)) == (
        0,
        "0" * 64,
        {},
        {},
    )


def test_a_decision_is_read_by_the_next(store: Store) -> None:
    """The next decision sees rows, sequence, hash and effects of the one before."""
    first = store.transact(SERVICE, "e1", always(a_write(puts={"1~policy": b"p"}, outbox=[a_message("go")])))
    seen: list[Loaded] = []

    store.transact(SERVICE, "e2", lambda loaded: seen.append(loaded))

    (loaded,) = seen
    assert (loaded.sequence, loaded.ledger_hash) == (1, first.ledger_hash)
    assert dict(loaded.rows) == {"1~policy": b"p"}
    assert dict(loaded.outbox) == {row.key: row.message for row in first.outbox}
    assert loaded == store.read(SERVICE)


def test_ended_releases_are_not_read_with_a_decision(store: Store) -> None:
    """Only the range `1~` is loaded, so that a decision costs the same with a million old releases."""
    store.transact(
        SERVICE,
        "e1",
        always(a_write(puts={"1~release~a": b"open", "2~release~b": b"old", "3~ended~1": b"b"})),
    )

    assert dict(store.read(SERVICE).rows) == {"1~release~a": b"open"}


def test_rows_are_replaced_and_deleted(store: Store) -> None:
    """A decision may move a release from the open ones to the ended ones."""
    store.transact(SERVICE, "e1", always(a_write(puts={"1~release~a": b"open", "1~policy": b"one"})))

    move = a_write(puts={"2~release~a": b"ended", "1~policy": b"two"}, deletes=frozenset({"1~release~a"}))
    store.transact(SERVICE, "e2", always(move))

    assert dict(store.read(SERVICE).rows) == {"1~policy": b"two"}
    assert store.row(SERVICE, "2~release~a") == b"ended"


def test_deleting_what_is_not_there_is_harmless(store: Store) -> None:
    """A delete of an absent row, of the range `1~` or beyond, changes nothing else."""
    store.transact(SERVICE, "e1", always(a_write(puts={"2~release~b": b"old"})))

    gone = frozenset({"1~release~x", "2~release~x", "2~release~b"})
    committed = store.transact(SERVICE, "e2", always(a_write(deletes=gone, puts={"1~policy": b"p"})))

    assert committed.sequence == 2
    assert store.row(SERVICE, "2~release~b") is None


def test_nothing_to_write_writes_nothing(store: Store) -> None:
    """None leaves sequence, ledger and marks as they are; the event may come again."""
    nothing = store.transact(SERVICE, "e1", always(None))

    again = store.transact(SERVICE, "e1", always(a_write()))

    assert (nothing.sequence, nothing.outbox, nothing.duplicate) == (0, (), False)
    assert (again.sequence, again.duplicate) == (1, False)


def test_what_a_decision_raises_comes_out_and_nothing_is_written(store: Store) -> None:
    """An error in deciding, or in encoding the ledger entry, is the caller's alone."""

    def fails(loaded: Loaded) -> Write | None:
        raise LookupError("no rule for this")

    with pytest.raises(LookupError, match="no rule for this"):
        store.transact(SERVICE, "e1", fails)
    with pytest.raises(ZeroDivisionError):
        store.transact(SERVICE, "e1", always(Write(puts={"1~policy": b"p"}, ledger=lambda s, p: bytes(1 // 0))))

    assert store.read(SERVICE).sequence == 0
    assert not store.ledger(SERVICE, after=0, most=10)


def test_an_event_twice_is_committed_once(store: Store) -> None:
    """The second time answers with the first sequence and the effects of it that are not done."""
    effects = [a_message("one"), a_message("two")]
    first = store.transact(SERVICE, "e/1", always(a_write(outbox=effects)))
    store.transact(SERVICE, "e2", always(a_write(outbox=[a_message("three")], done=frozenset({first.outbox[0].key}))))

    again = store.transact(SERVICE, "e/1", always(a_write(puts={"1~policy": b"never"}, outbox=effects)))

    assert (again.duplicate, again.sequence, again.ledger_hash) == (True, 1, first.ledger_hash)
    assert again.outbox == (OutboxRow(key=first.outbox[1].key, message=effects[1]),)
    assert store.read(SERVICE).sequence == 2


def test_what_was_written_is_named(store: Store) -> None:
    """Who decides several times knows by it which decision counts; a duplicate and nothing wrote nothing."""
    write = a_write()

    answers = [
        store.transact(SERVICE, event, always(made)) for event, made in (("e", write), ("e", write), ("n", None))
    ]

    assert [one.write for one in answers] == [write, None, None]
    assert answers[0].write is write


@pytest.mark.parametrize("second", ["nothing", "error"])
def test_a_duplicate_is_told_also_where_deciding_again_comes_to_nothing(store: Store, second: str) -> None:
    """A state that has the event in it decides otherwise; the event is a duplicate all the same."""
    store.transact(SERVICE, "e1", always(a_write(outbox=[a_message()])))

    def decide(loaded: Loaded) -> Write | None:
        if second == "error":
            raise LookupError("was decided")
        return None

    again = store.transact(SERVICE, "e1", decide)

    assert (again.duplicate, again.sequence, len(again.outbox)) == (True, 1, 1)


def test_the_same_event_id_of_another_service_is_another_event(store: Store) -> None:
    """One push changes two services; both are told under one id."""
    store.transact(SERVICE, "e1", always(a_write()))

    other = store.transact("shipping~package", "e1", always(a_write()))

    assert not other.duplicate


def test_an_event_id_may_be_long_and_of_any_characters(store: Store) -> None:
    """Ids come from senders; what no key can hold is still told from others."""
    long = "delivery/#?~%\\\n" * 100
    store.transact(SERVICE, long, always(a_write()))

    assert store.transact(SERVICE, long, always(a_write())).duplicate
    assert not store.transact(SERVICE, long + "x", always(a_write())).duplicate


def test_the_ledger_is_a_chain_over_the_exact_bytes(store: Store) -> None:
    """Each hash is SHA-256 of the previous one, as hexadecimal digits, and the entry as it is stored."""
    given: list[tuple[int, str]] = []

    def entry(sequence: int, previous: str) -> bytes:
        given.append((sequence, previous))
        return b"{ }\xff\n" * sequence

    for number in range(3):
        store.transact(SERVICE, f"e{number}", always(Write(ledger=entry)))

    rows = store.ledger(SERVICE, after=0, most=10)

    assert [row.sequence for row in rows] == [1, 2, 3]
    previous = "0" * 64
    for row in rows:
        assert row.body == b"{ }\xff\n" * row.sequence
        assert (row.previous, row.hash) == (
            previous,
            hashlib.sha256(previous.encode() + row.body).hexdigest(),
        )
        assert (row.sequence, previous) in given
        previous = row.hash
    assert store.read(SERVICE).ledger_hash == previous


def test_effects_stay_until_a_decision_says_that_they_are_done(store: Store) -> None:
    """Outbox keys sort by sequence and number; done ones go, unknown ones are ignored."""
    first = store.transact(SERVICE, "e1", always(a_write(outbox=[a_message("a"), a_message("b")])))
    done = frozenset({first.outbox[0].key, "1~outbox~00000000000000000009~00"})

    second = store.transact(SERVICE, "e2", always(a_write(outbox=[a_message("c")], done=done)))

    keys = [row.key for row in (*first.outbox, *second.outbox)]
    assert keys == sorted(keys)
    assert keys[0].startswith("1~outbox~00000000000000000001~")
    assert sorted(store.read(SERVICE).outbox) == keys[1:]


def test_rows_that_a_decision_needs_are_read_and_it_is_asked_again(store: Store) -> None:
    """Rows asked for come as `extra`, the missing as None, those of earlier rounds too."""
    store.transact(SERVICE, "e1", always(a_write(puts={"2~release~a": b"ended"})))
    rounds: list[dict[str, bytes | None]] = []

    def decide(loaded: Loaded) -> Write | None:
        rounds.append(dict(loaded.extra))
        for key in ("2~release~a", "2~release~b"):
            if key not in loaded.extra:
                raise NeedsRows([key])
        return a_write(puts={"1~release~a": loaded.extra["2~release~a"] or b""})

    store.transact(SERVICE, "e2", decide)

    assert rounds == [{}, {"2~release~a": b"ended"}, {"2~release~a": b"ended", "2~release~b": None}]
    assert store.read(SERVICE).rows["1~release~a"] == b"ended"


def test_a_decision_that_never_has_enough_rows_is_ended(store: Store) -> None:
    """A decision that asks for ever is a fault that shows, not a service that hangs."""

    def decide(loaded: Loaded) -> Write | None:
        raise NeedsRows(["2~release~a"])

    with pytest.raises(NeedsRows):
        store.transact(SERVICE, "e1", decide)


def test_a_decision_sees_the_estate_as_it_is(store: Store) -> None:
    """Holds are read with each decision, with the estate's sequence; its outbox and ended rows are not."""
    store.transact(SERVICE, "e1", always(a_write()))
    stop = a_write(puts={"1~stop": b"all", "2~hold~1": b"lifted"}, outbox=[a_message()])
    store.transact("estate", "stop", always(stop))
    seen: list[tuple[dict[str, bytes], int]] = []

    store.transact(SERVICE, "e2", lambda loaded: seen.append((dict(loaded.estate), loaded.estate_sequence)))
    store.transact("estate", "go on", always(a_write(deletes=frozenset({"1~stop"}))))
    store.transact(SERVICE, "e3", lambda loaded: seen.append((dict(loaded.estate), loaded.estate_sequence)))

    assert seen == [({"1~stop": b"all"}, 1), ({}, 2)]
    assert store.read(SERVICE).estate_sequence == 2
    assert list(store.services(most=9)) == [SERVICE]


def test_an_effect_that_needs_no_report_is_forgotten_without_a_decision(store: Store) -> None:
    """It leaves the outbox; sequence and ledger stay, and rows that are no effects cannot be lost so."""
    effects = [a_message("a"), a_message("b")]
    first = store.transact(SERVICE, "e1", always(a_write(puts={"1~policy": b"p"}, outbox=effects)))

    store.forget(SERVICE, [first.outbox[0].key, "1~outbox~unknown", "1~policy", "1~head"])

    seen: list[Loaded] = []
    store.transact(SERVICE, "e2", lambda loaded: seen.append(loaded))
    assert list(seen[0].outbox) == [first.outbox[1].key]
    assert (seen[0].sequence, dict(seen[0].rows)) == (1, {"1~policy": b"p"})


def test_decisions_at_the_same_time_are_all_taken_one_after_the_other(store: Store) -> None:
    """Writers in several threads: no decision is lost and the chain has no gap."""

    def count(loaded: Loaded) -> Write:
        number = int(loaded.rows.get("1~policy", b"0")) + 1
        return a_write(puts={"1~policy": str(number).encode()})

    def write(thread: int) -> None:
        for number in range(5):
            store.transact(SERVICE, f"{thread}-{number}", count)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.read(SERVICE).rows["1~policy"] == b"15"
    assert [row.sequence for row in store.ledger(SERVICE, after=0, most=100)] == list(range(1, 16))
