"""The service is busy, times out, or an answer is lost on the way. On Azurite, behind a proxy that lets it happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.storage import partition
from shared.ports.rows import StaleRow
from shared.ports.store import Due, StoreRefused, StoreUnavailable
from tests.support.azurite import a
from tests.support.clock import NOON
from tests.support.stores import MINUTE, SERVICE, Opened, a_message, a_write, always, opened, receive_none, receive_one
from tests.workshop.azurite.faults import (
    BUSY,
    HALF_AN_ANSWER,
    LOST_ANSWER,
    LOST_REQUEST,
    THROTTLED,
    TIMED_OUT,
    Fault,
    Late,
    Lost,
    Refused,
)
from tests.workshop.azurite.proxy import StorageProxy

pytestmark = pytest.mark.real("azurite")

QUEUE = "slipway-deploy"
FAULTS = [
    pytest.param(BUSY, id="503"),
    pytest.param(THROTTLED, id="429"),
    pytest.param(TIMED_OUT, id="500"),
    pytest.param(LOST_REQUEST, id="request lost"),
    pytest.param(LOST_ANSWER, id="answer lost"),
    pytest.param(HALF_AN_ANSWER, id="half an answer"),
]
ASKED = Refused(status=503, code="ServerBusy", retry_after=30)


@pytest.fixture
def fixture(tmp_path: Path) -> Iterator[Opened]:
    """Empty tables and queues."""
    with opened("tables", tmp_path) as found:
        yield found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_decision_is_committed_once(fixture: Opened, proxy: StorageProxy, fault: Fault) -> None:
    """Whether the batch had arrived is looked up; the caller sees one commit and no duplicate."""
    store = fixture.store
    store.transact(SERVICE, "e0", always(a_write()))
    proxy.have(fault, a("batch"))

    committed = store.transact(SERVICE, "e1", always(a_write(outbox=[a_message()])))

    assert (committed.sequence, committed.duplicate) == (2, False)
    assert [row.key for row in committed.outbox] == list(store.read(SERVICE).outbox)
    assert [row.sequence for row in store.ledger(SERVICE, after=0, most=9)] == [1, 2]
    assert committed.ledger_hash == store.read(SERVICE).ledger_hash


@pytest.mark.parametrize("mark", [True, False])
def test_a_batch_whose_answer_was_lost_is_sent_once(fixture: Opened, proxy: StorageProxy, mark: bool) -> None:
    """Nothing below us sends it again by itself; it is found by its mark, or by its entry in the ledger."""
    store = fixture.store
    store.transact(SERVICE, "e0", always(a_write()))
    proxy.have(LOST_ANSWER, a("batch"))

    requests = fixture.requests(lambda: store.transact(SERVICE, "e1", always(a_write(mark=mark))))

    assert requests.count("batch") == 1
    assert store.read(SERVICE).sequence == 2


def test_a_decision_waits_as_long_as_the_service_asks(fixture: Opened, proxy: StorageProxy) -> None:
    """Not in our process: whoever brought the event comes again, and the service is left alone until then."""
    store = fixture.store
    store.transact(SERVICE, "e0", always(a_write()))
    proxy.have(ASKED, a("batch"))

    with pytest.raises(StoreUnavailable) as unavailable:
        store.transact(SERVICE, "e1", always(a_write()))

    assert unavailable.value.retry_after == timedelta(seconds=30)
    assert [call.kind for call in proxy.calls].count("batch") == 3  # the first one made the table
    assert store.read(SERVICE).sequence == 1


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("kind", "work"),
    [
        pytest.param("query", lambda one: one.store.read(SERVICE).sequence, id="read"),
        pytest.param("get", lambda one: one.store.row(SERVICE, "1~policy"), id="row"),
        pytest.param("get", lambda one: one.store.sequences([SERVICE]), id="sequences"),
        pytest.param("put", lambda one: one.rows.overwrite("shipping", "config", b"x"), id="overwrite"),
        pytest.param("put", lambda one: one.evidence.put(b"small"), id="evidence"),
        pytest.param("batch", lambda one: one.evidence.put(b"x" * 70_000), id="large evidence"),
        pytest.param("delete", lambda one: one.store.forget(SERVICE, ["1~outbox~x"]), id="forget"),
        pytest.param("batch", lambda one: one.store.forget(SERVICE, ["1~outbox~x", "1~outbox~y"]), id="forget several"),
        pytest.param("count", lambda one: one.queues.count(QUEUE), id="count"),
    ],
)
def test_what_is_harmless_twice_is_done_again(
    fixture: Opened, proxy: StorageProxy, fault: Fault, kind: str, work: Callable[[Opened], object]
) -> None:
    """After a moment; the answer is as if nothing had happened."""
    fixture.store.transact(SERVICE, "e0", always(a_write(puts={"1~policy": b"p"})))
    fixture.queues.send(QUEUE, "body")
    work(fixture)  # tables that are not there yet are made
    expected = work(fixture)
    proxy.have(fault, a(kind))

    assert work(fixture) == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_a_conditional_row_is_written_once(fixture: Opened, proxy: StorageProxy, fault: Fault) -> None:
    """One whose answer was lost is ours, and no reason to say that somebody else was faster."""
    rows = fixture.rows
    first = rows.put("shipping", "config", b"1", etag=None)
    proxy.have(fault, a("insert"))
    proxy.have(fault, a("put"))
    proxy.have(fault, a("delete"))

    inserted = rows.put("shipping", "tip", b"1", etag=None)
    replaced = rows.put("shipping", "config", b"2", etag=first)
    rows.delete("shipping", "tip", etag=inserted)

    found = rows.get("shipping", "config")
    assert found is not None
    assert (found.value, found.etag) == (b"2", replaced)
    assert rows.get("shipping", "tip") is None
    with pytest.raises(StaleRow):
        rows.put("shipping", "config", b"3", etag=first)


@pytest.mark.parametrize("fault", [*FAULTS, pytest.param(Late(before="put"), id="request late")])
def test_a_hint_is_taken_out_of_its_head_and_removed(fixture: Opened, proxy: StorageProxy, fault: Fault) -> None:
    """A moment's trouble is no reason to look at the service once more in minutes; its ledger is not touched."""
    store, due = fixture.store, Due(at=NOON, what="deadline")
    before = store.transact(SERVICE, "e0", always(a_write(due=[due])))
    key = partition.due_key(SERVICE, due)
    proxy.have(fault, a("put"))
    proxy.have(fault if isinstance(fault, Refused | Lost) else BUSY, a("delete"))

    store.remove_due([key])

    assert list(store.due(NOON, most=9)) == []
    assert store.read(SERVICE).ledger_hash == before.ledger_hash
    assert fixture.requests(lambda: store.transact(SERVICE, "e1", always(a_write(due=[due])))).count("put") == 1


def test_a_row_that_somebody_else_wrote_meanwhile_is_not_ours(fixture: Opened, proxy: StorageProxy) -> None:
    """The request was lost, and what is there is another one's."""
    rows = fixture.rows
    first = rows.put("shipping", "config", b"1", etag=None)
    rows.overwrite("shipping", "config", b"theirs")
    proxy.have(LOST_REQUEST, a("put"))

    with pytest.raises(StaleRow):
        rows.put("shipping", "config", b"ours", etag=first)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_range_whose_second_page_fails_once_is_whole(fixture: Opened, proxy: StorageProxy, fault: Fault) -> None:
    """It goes on where it was, with nothing twice and nothing left out."""
    keys = [f"3~ended~{number:04d}" for number in range(1056)]
    for start in range(0, len(keys), 96):
        puts = dict.fromkeys(keys[start : start + 96], b"x")
        fixture.store.transact(SERVICE, f"e{start}", always(a_write(puts=puts)))
    proxy.have(fault, lambda call: call.kind == "query" and "NextRowKey" in call.target)

    found = fixture.store.range(SERVICE, "3~", "4~", most=5000)

    assert [key for key, _ in found] == keys


def test_a_service_that_stays_busy_is_unavailable(fixture: Opened, proxy: StorageProxy) -> None:
    """After a second of trying; the message comes again later."""
    fixture.store.transact(SERVICE, "e0", always(a_write()))
    proxy.have(BUSY, a("query"), times=3)

    with pytest.raises(StoreUnavailable, match="not able to do this now"):
        fixture.store.read(SERVICE)


@pytest.mark.parametrize(
    ("kind", "work"),
    [
        pytest.param("query", lambda one: one.store.read(SERVICE), id="reading"),
        pytest.param("send", lambda one: one.queues.send(QUEUE, "body"), id="sending"),
    ],
)
def test_a_service_that_asks_for_patience_is_asked_once(
    fixture: Opened, proxy: StorageProxy, kind: str, work: Callable[[Opened], object]
) -> None:
    """Its Retry-After goes to whoever can wait so long: a door's sender, or the queue."""
    proxy.have(ASKED, a(kind))

    with pytest.raises(StoreUnavailable) as unavailable:
        work(fixture)

    assert unavailable.value.retry_after == timedelta(seconds=30)
    assert [call.kind for call in proxy.calls] == [kind]


@pytest.mark.parametrize(
    ("kind", "work"),
    [
        pytest.param("query", lambda one: one.store.read(SERVICE), id="reading"),
        pytest.param("batch", lambda one: one.store.transact(SERVICE, "e1", always(a_write())), id="deciding"),
        pytest.param("send", lambda one: one.queues.send(QUEUE, "body"), id="sending"),
    ],
)
@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(400, "OutOfRangeInput", StoreRefused), (403, "AuthorizationFailure", StoreUnavailable)],
)
def test_a_defect_is_told_from_a_missing_right(
    fixture: Opened,
    proxy: StorageProxy,
    kind: str,
    work: Callable[[Opened], object],
    status: int,
    code: str,
    error: type[StoreUnavailable],
) -> None:
    """Rights are given meanwhile, so the message waits; a request that is wrong in itself stays so."""
    proxy.have(Refused(status=status, code=code), a(kind))

    with pytest.raises(StoreUnavailable) as raised:
        work(fixture)

    assert type(raised.value) is error


@pytest.mark.parametrize("fault", FAULTS)
def test_a_message_is_sent_and_acknowledged_whatever_happens(
    fixture: Opened, proxy: StorageProxy, fault: Fault
) -> None:
    """Once, or twice where the answer was lost; acknowledging and giving back fail for nobody."""
    queues = fixture.queues
    queues.send(QUEUE, "first")
    proxy.have(fault, a("send"))
    proxy.have(fault, a("acknowledge"))
    proxy.have(fault, a("hide"))

    queues.send(QUEUE, "second")
    queues.release(receive_one(queues), delay=timedelta(0))
    found = queues.receive(QUEUE, most=9, visibility=MINUTE, wait=timedelta(seconds=20))
    for message in found:
        queues.delete(message)

    copies = 2 if fault in (LOST_ANSWER, HALF_AN_ANSWER) else 1
    assert sorted(message.body for message in found) == ["first", *["second"] * copies]
    assert receive_none(queues)
    assert queues.count(QUEUE) == 0


def test_messages_whose_delivery_was_lost_come_again(fixture: Opened, proxy: StorageProxy) -> None:
    """The service has given them a lease that nobody knows of; it runs out."""
    queues = fixture.queues
    queues.send(QUEUE, "body")
    proxy.have(LOST_ANSWER, a("receive"))

    [message] = queues.receive(QUEUE, most=9, visibility=timedelta(seconds=1), wait=timedelta(seconds=20))

    assert (message.body, message.attempts) == ("body", 2)
