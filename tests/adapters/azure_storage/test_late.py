"""A request that arrives after its sender has given it up. On Azurite, behind a proxy that keeps it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.storage.optimistic import TRIES
from shared.codec.chain import GENESIS, link
from shared.ports.rows import StaleRow
from shared.ports.store import Loaded, Store, StoreUnavailable, Write
from tests.support.azurite import a
from tests.support.stores import SERVICE, Opened, a_message, a_write, always, in_a_thread, opened
from tests.workshop.azurite.faults import LOST_REQUEST, Fault, Late, Refused
from tests.workshop.azurite.proxy import StorageProxy

pytestmark = pytest.mark.real("azurite")

BATCH = pytest.mark.parametrize(
    "late",
    [
        pytest.param(Late(before="query"), id="before the service is read again"),
        pytest.param(Late(before="batch"), id="before the next batch"),
        pytest.param(Late(after="batch"), id="after the next batch"),
    ],
)


@pytest.fixture
def fixture(tmp_path: Path) -> Iterator[Opened]:
    """Empty tables, with one service."""
    with opened("tables", tmp_path) as found:
        found.store.transact(SERVICE, "e0", always(a_write()))
        yield found


class Deciding:
    """Decides something else each time, as the time does it in an entry."""

    def __init__(self, *, mark: bool = True, second: Callable[[], object] = lambda: None) -> None:
        self.made: list[Write] = []
        self._mark, self._second = mark, second

    def __call__(self, loaded: Loaded) -> Write:
        if len(self.made) == 1:
            self._second()
        number = len(self.made) + 1
        write = a_write(entry=b"%d" % number, outbox=[a_message(f"of {number}")], mark=self._mark)
        self.made.append(write)
        return write


def chain(store: Store, service: str = SERVICE) -> list[bytes]:
    """What the ledger holds, each entry linked to the one before."""
    rows = store.ledger(service, after=0, most=9)
    previous = GENESIS
    for row in rows:
        assert (row.previous, row.hash) == (previous, link(previous, row.body))
        previous = row.hash
    assert store.read(service).ledger_hash == previous
    return [row.body for row in rows]


@BATCH
@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("just_read", [True, False])
def test_one_of_both_batches_is_written_and_the_caller_told_which(
    fixture: Opened, proxy: StorageProxy, late: Late, mark: bool, just_read: bool
) -> None:
    """Both have the same head behind them; what was decided first may be what counts, with its effects."""
    store, decide = fixture.store, Deciding(mark=mark)
    if just_read:
        store.read(SERVICE)
    proxy.have(late, a("batch"))

    committed = store.transact(SERVICE, "e1", decide)

    [_, entry] = chain(store)
    counts = decide.made[int(entry) - 1]
    outbox = store.read(SERVICE).outbox
    assert (committed.sequence, committed.duplicate) == (2, False)
    assert committed.ledger_hash == store.read(SERVICE).ledger_hash
    assert committed.write is counts
    assert {row.key: row.message for row in committed.outbox} == dict(outbox)
    assert list(outbox.values()) == list(counts.outbox)


@BATCH
def test_a_services_first_decision_is_made_once_too(fixture: Opened, proxy: StorageProxy, late: Late) -> None:
    """A head that must not be there yet is as good as an etag."""
    proxy.have(late, a("batch"))

    committed = fixture.store.transact("shipping~package", "e1", Deciding())

    assert len(chain(fixture.store, "shipping~package")) == 1
    assert (committed.sequence, committed.duplicate) == (1, False)


def test_a_batch_that_arrives_while_the_next_is_decided_counts(fixture: Opened, proxy: StorageProxy) -> None:
    """The second was made of what had been read before."""
    decide = Deciding(mark=False, second=proxy.arrive)
    proxy.have(Late(), a("batch"))

    committed = fixture.store.transact(SERVICE, "e1", decide)

    assert chain(fixture.store)[1:] == [b"1"]
    assert committed.write is decide.made[0]


def test_a_batch_arrives_in_vain_once_somebody_else_has_written(fixture: Opened, proxy: StorageProxy) -> None:
    """The event is decided on what they wrote."""
    store = fixture.store
    others = Deciding(second=lambda: in_a_thread(lambda: store.transact(SERVICE, "other", always(a_write(entry=b"9")))))
    proxy.have(Late(), a("batch"))

    committed = store.transact(SERVICE, "e1", others)
    refused = proxy.arrive()

    assert (refused, committed.sequence) == ([412], 3)
    assert chain(store)[1:] == [b"9", b"3"]


def test_nobody_is_told_that_nothing_was_decided_while_a_batch_is_under_way(
    fixture: Opened, proxy: StorageProxy
) -> None:
    """It may still be written; who asks again hears what it led to."""
    store, writes = fixture.store, iter([a_write(outbox=[a_message()])])
    proxy.have(Late(), a("batch"))

    with pytest.raises(StoreUnavailable, match="deliver the event again"):
        store.transact(SERVICE, "e1", lambda _: next(writes, None))
    proxy.arrive()

    again = store.transact(SERVICE, "e1", always(None))
    assert (again.sequence, again.duplicate, len(again.outbox)) == (2, True, 1)


def test_nobody_is_refused_while_a_batch_is_under_way(fixture: Opened, proxy: StorageProxy) -> None:
    """Who was told no would see it done."""
    writes = iter([a_write()])
    proxy.have(Late(), a("batch"))

    def decide(_: Loaded) -> Write:
        for write in writes:
            return write
        raise LookupError("too late")

    with pytest.raises(StoreUnavailable, match="deliver the event again"):
        fixture.store.transact(SERVICE, "e1", decide)

    assert proxy.arrive() == [202]


def test_a_batch_that_arrives_after_everybody_gave_up_is_found_by_its_event(
    fixture: Opened, proxy: StorageProxy
) -> None:
    """The message comes again, and its effects are there to be sent."""
    store = fixture.store
    proxy.have(Late(), a("batch"))
    proxy.have(LOST_REQUEST, a("batch"), times=TRIES - 1)
    with pytest.raises(StoreUnavailable):
        store.transact(SERVICE, "e1", Deciding())
    proxy.arrive()

    again = store.transact(SERVICE, "e1", Deciding())

    assert chain(store)[1:] == [b"1"]
    assert again.duplicate
    assert [row.message.body for row in again.outbox] == ["of 1"]


def test_a_decision_on_what_was_just_read_waits_as_long_as_the_service_asks(
    fixture: Opened, proxy: StorageProxy
) -> None:
    """The service is left alone until then."""
    fixture.store.read(SERVICE)
    proxy.clear()
    proxy.have(Refused(status=503, code="ServerBusy", retry_after=30), a("batch"))

    with pytest.raises(StoreUnavailable) as unavailable:
        fixture.store.transact(SERVICE, "e1", always(a_write()))

    assert unavailable.value.retry_after == timedelta(seconds=30)
    assert [call.kind for call in proxy.calls].count("batch") == 1


@pytest.mark.parametrize(
    ("kind", "late"),
    [(kind, late) for kind in ("insert", "put") for late in (Late(before=kind), Late(after=kind))],
)
def test_a_conditional_row_that_arrives_late_is_ours(
    fixture: Opened, proxy: StorageProxy, kind: str, late: Fault
) -> None:
    """The same row sent twice: whichever came first, nobody else was faster."""
    rows = fixture.rows
    before = None if kind == "insert" else rows.put("shipping", "tip", b"1", etag=None)
    rows.put("shipping", "other", b"1", etag=None)
    proxy.have(late, a(kind))

    etag = rows.put("shipping", "tip", b"2", etag=before)

    found = rows.get("shipping", "tip")
    assert found is not None
    assert (found.value, found.etag) == (b"2", etag)
    with pytest.raises(StaleRow):
        rows.put("shipping", "tip", b"3", etag=before)
