"""The table in memory refuses what Azure Tables refuses."""

from __future__ import annotations

import pytest

from shared.adapters.storage.packing import Batch
from shared.adapters.storage.partitions import PartitionChanged
from shared.ports.store import TooLarge
from tests.contracts.memory.table import Table


def test_a_batch_has_a_hundred_rows_at_most() -> None:
    """Whoever made it: the limit is the table's own."""
    table = Table()
    rows = {f"1~{number}": b"" for number in range(100)}

    with pytest.raises(TooLarge):
        table.commit("a~b", Batch(head=b"", upserts=rows), None)

    assert not table.query("a~b", "", "\x7f")


def test_a_batch_with_a_value_that_is_too_large_changes_nothing() -> None:
    """All or nothing, as the service does it."""
    table = Table()

    with pytest.raises(TooLarge):
        table.commit("a~b", Batch(head=b"", upserts={"1~a": b"", "1~b": b"x" * 65_537}), None)

    assert not table.query("a~b", "", "\x7f")


@pytest.mark.parametrize(
    "batch",
    [
        Batch(head=b"2", inserts={"1~there": b""}),
        Batch(head=b"2", deletes=frozenset({"1~gone"})),
    ],
)
def test_a_batch_that_does_not_fit_what_is_there_changes_nothing(batch: Batch) -> None:
    """An insert of a row that is there, a delete of one that is not."""
    table = Table()
    table.commit("a~b", Batch(head=b"1", upserts={"1~there": b"old"}), None)
    head = table.get("a~b", "1~head")
    assert head is not None

    with pytest.raises(PartitionChanged):
        table.commit("a~b", batch, head[1])

    assert table.query("a~b", "", "\x7f") == {"1~head": b"1", "1~there": b"old"}
