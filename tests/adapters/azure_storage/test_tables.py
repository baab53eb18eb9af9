"""What a decision costs in requests, and what happens when an answer is lost. On Azurite."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableServiceClient
from azure.storage.queue import QueueServiceClient

from shared.adapters.azure_storage import AzureStorage
from shared.ports.store import Due, Loaded, NeedsRows, Store, StoreUnavailable, Write
from tests.support import azurite
from tests.support.stores import NOON, SERVICE, Clock, Opened, a_message, a_write, always, opened

pytestmark = pytest.mark.real("azurite")


@pytest.fixture
def fixture(tmp_path: Path) -> Iterator[Opened]:
    """Empty tables; their requests are counted."""
    with opened("tables", tmp_path) as found:
        yield found


class LossyTransport(RequestsTransport):  # type: ignore[misc]  # azure-core does not say its type
    """Loses the next batch, on the way there or the answer on the way back."""

    def __init__(self) -> None:
        super().__init__()
        self.lose: str | None = None

    def send(self, request: Any, **options: Any) -> Any:
        """Send, unless it is to be lost."""
        if self.lose is None or not request.url.endswith("/$batch"):
            return super().send(request, **options)
        lost, self.lose = self.lose, None
        if lost == "answer":
            super().send(request, **options)
        raise ServiceResponseError(f"the {lost} was lost")


@pytest.fixture
def transport() -> LossyTransport:
    """A network that loses batches when it is told to."""
    return LossyTransport()


@pytest.fixture
def lossy(transport: LossyTransport) -> Iterator[Store]:
    """Tables behind that network."""
    storage = AzureStorage(
        lambda: TableServiceClient.from_connection_string(azurite.connection(), transport=transport, retry_total=0),
        lambda: QueueServiceClient.from_connection_string(azurite.connection()),
        Clock(),
        prefix=f"t{uuid.uuid4().hex[:16]}",
    )
    with closing(storage):
        yield storage.store


def test_a_decision_is_one_read_of_the_partition_one_of_the_estate_and_one_batch(fixture: Opened) -> None:
    """However much it writes."""
    store = fixture.store
    store.transact(SERVICE, "e0", always(a_write(puts={f"1~environment~{n}": b"x" for n in range(20)})))
    write = a_write(puts={f"1~release~{n}": b"x" for n in range(20)}, outbox=[a_message()] * 5)

    requests = fixture.requests(lambda: store.transact(SERVICE, "e1", always(write)))

    assert requests == ["query", "query", "batch"]


def test_a_decision_costs_the_same_with_many_ended_releases(fixture: Opened) -> None:
    """Old releases, ledger and marks are not in the range that it reads."""
    store = fixture.store
    for number in range(30):
        puts = {f"2~release~{number}-{n}": b"x" * 1000 for n in range(40)}
        store.transact(SERVICE, f"old-{number}", always(a_write(puts=puts)))

    requests = fixture.requests(lambda: store.transact(SERVICE, "e1", always(a_write())))

    assert requests == ["query", "query", "batch"]


def test_a_services_first_decision_and_a_hint_cost_a_request_each(fixture: Opened) -> None:
    """They are written before the batch, so that a crash in between leaves too much and never too little."""
    write = a_write(due=[Due(at=NOON, what="deadline")])
    fixture.store.transact("shipping~package", "e1", always(write))

    requests = fixture.requests(lambda: fixture.store.transact(SERVICE, "e1", always(write)))

    assert requests == ["query", "query", "put", "put", "batch"]


def test_an_ended_release_that_is_needed_costs_a_read(fixture: Opened) -> None:
    """Deleting it then costs nothing more than knowing that it is there."""
    fixture.store.transact(SERVICE, "e0", always(a_write(puts={"2~release~a": b"x"})))

    def decide(loaded: Loaded) -> Write:
        if not loaded.extra:
            raise NeedsRows(["2~release~a"])
        return a_write()

    requests = fixture.requests(lambda: fixture.store.transact(SERVICE, "e1", decide))

    assert requests == ["query", "query", "get", "batch"]


@pytest.mark.parametrize("lost", ["batch", "answer"])
def test_a_decision_whose_answer_was_lost_is_committed_once(lossy: Store, transport: LossyTransport, lost: str) -> None:
    """Whether the batch had arrived is looked up; the caller sees one commit, and no duplicate."""
    lossy.transact(SERVICE, "e0", always(a_write()))
    transport.lose = lost

    committed = lossy.transact(SERVICE, "e1", always(a_write(outbox=[a_message()])))

    assert (committed.sequence, committed.duplicate) == (2, False)
    assert [row.key for row in committed.outbox] == list(lossy.read(SERVICE).outbox)
    assert [row.sequence for row in lossy.ledger(SERVICE, after=0, most=9)] == [1, 2]
    assert committed.ledger_hash == lossy.read(SERVICE).ledger_hash


def test_an_account_that_cannot_be_reached_is_unavailable() -> None:
    """The error is ours, and says what to look at."""
    gone = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;"

    with closing(AzureStorage.of_connection(gone, Clock())) as storage, pytest.raises(StoreUnavailable, match=SERVICE):
        storage.store.read(SERVICE)
