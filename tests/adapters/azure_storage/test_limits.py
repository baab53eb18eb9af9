"""What an entity and a batch can hold: at the limit the account takes it, and one past it nothing is sent. On Azurite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from shared.adapters.azure_storage import limits
from shared.adapters.azure_storage.table import Table
from shared.adapters.storage.partition import MOST_KEY, MOST_ROWS, MOST_VALUE
from shared.on_first_use import OnFirstUse
from shared.ports.store import TooLarge
from tests.support import azurite
from tests.workshop.azurite.proxy import StorageProxy

pytestmark = pytest.mark.real("azurite")

KIB = 1024


@pytest.fixture
def proxy() -> StorageProxy:
    """What counts."""
    return azurite.proxy()


@pytest.fixture
def table(proxy: StorageProxy) -> Iterator[Table]:
    """A table with a row in it."""
    with TableServiceClient.from_connection_string(proxy.connection) as service:
        made = Table(OnFirstUse(lambda: service), azurite.new_prefix())
        made.put("p", "r", b"")
        yield made


def an_entity(**properties: str | bytes) -> dict[str, Any]:
    """A row of these properties."""
    return {"PartitionKey": "p", "RowKey": "r", **properties}


def with_properties(more: int) -> list[Any]:
    """As many properties as fit, and some more."""
    names = range(limits.MOST_PROPERTIES + more)
    return [("upsert", an_entity(**{f"n{number}": b"x" for number in names}))]


def of_size(more: int) -> list[Any]:
    """A row of exactly a mebibyte, and some characters more; texts, as the emulator counts bytes by their base64."""
    values: Mapping[str, str] = {f"n{number:02d}": "x" * (32 * KIB - 50) for number in range(16)}
    left = limits.MOST_ENTITY - limits.entity_size(an_entity(**values)) - (8 + 2 * 4 + 4)
    return [("upsert", an_entity(**values, last="x" * (left // 2 + more)))]


def with_bytes(more: int) -> list[Any]:
    """A property of bytes."""
    return [("upsert", an_entity(value=bytes(MOST_VALUE + more)))]


def with_text(more: int) -> list[Any]:
    """A property of characters that take two bytes each, as the service counts."""
    return [("upsert", an_entity(value="é" * (MOST_VALUE // 2 + more)))]


def with_key(more: int) -> list[Any]:
    """A key of characters that take two bytes each, as the service counts."""
    return [("upsert", {"PartitionKey": "p", "RowKey": "k" * (MOST_KEY + more), "value": b""})]


def with_a_key_of_halves(more: int) -> list[Any]:
    """A key of characters that the service counts as two."""
    key = "\U0001f600" * (MOST_KEY // 2) + "k" * more
    return [("upsert", {"PartitionKey": "p", "RowKey": key, "value": b""})]


def with_operations(more: int) -> list[Any]:
    """A batch of so many rows."""
    rows = range(MOST_ROWS + more)
    return [("upsert", {"PartitionKey": "p", "RowKey": f"{number:03d}", "value": b""}) for number in rows]


LIMITS = [with_properties, of_size, with_bytes, with_text, with_key, with_a_key_of_halves, with_operations]


@pytest.mark.parametrize("made", LIMITS)
def test_what_is_at_a_limit_is_taken(table: Table, made: Callable[[int], list[Any]]) -> None:
    """The last byte, property or row that fits."""
    table.batch(made(0))

    assert table.get("p", "r") is not None


@pytest.mark.parametrize("made", LIMITS)
def test_what_is_one_past_a_limit_is_refused_before_anything_is_sent(
    table: Table, proxy: StorageProxy, made: Callable[[int], list[Any]]
) -> None:
    """The emulator would take some of it, and the service says no only after all of it was sent."""
    proxy.clear()

    with pytest.raises(TooLarge, match="fit"):
        table.batch(made(1))

    assert not proxy.calls


def test_a_batch_of_more_than_four_mebibytes_is_refused_though_each_row_fits(table: Table, proxy: StorageProxy) -> None:
    """Values travel as base64, a third larger than they are."""
    rows: list[Any] = [
        ("upsert", {"PartitionKey": "p", "RowKey": f"{number:03d}", "value": bytes(MOST_VALUE)}) for number in range(48)
    ]
    table.batch(rows[:47])
    proxy.clear()

    with pytest.raises(TooLarge, match="a batch takes"):
        table.batch(rows)

    assert not proxy.calls


@pytest.mark.parametrize("write", ["put", "insert"])
def test_a_single_row_is_held_to_the_same(table: Table, proxy: StorageProxy, write: str) -> None:
    """Whatever way it is written."""
    proxy.clear()

    with pytest.raises(TooLarge, match="fit"):
        getattr(table, write)("p", "r", bytes(MOST_VALUE + 1))

    assert not proxy.calls
