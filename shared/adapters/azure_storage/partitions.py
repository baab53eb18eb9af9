"""Services' partitions in one table: a decision is one read of a range and one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from shared.adapters.azure_storage.client import failures_named, reason
from shared.adapters.storage import packing, partition
from shared.adapters.storage.optimistic import Moved, Snapshot, Unsure
from shared.adapters.storage.packing import Batch
from shared.ports.store import Due, StoreUnavailable, TooLarge

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_RANGE = "PartitionKey eq @name and RowKey ge @start and RowKey lt @end"
_LEAST_UNSURE = 500
_REFUSED = {404, 409, 412}  # a row to delete is gone, a row to insert is there, the head's etag is another


class Partitions:
    """What OptimisticTransactions asks for, on Azure Tables."""

    def __init__(self, services: TableClient, hint: Callable[[str, tuple[Due, ...], bool], None]) -> None:
        self._services, self._hint = services, hint

    def snapshot(self, service: str) -> Snapshot:
        """Read the range `1~` and the estate, in two requests."""
        with failures_named(service):
            # The head comes first in its range, so its etag is never newer than the rows after it.
            entities = list(query(self._services, service, partition.CURRENT, partition.CURRENT_END))
            estate = query(self._services, partition.ESTATE, partition.CURRENT, partition.CURRENT_END)
            of_estate = {key: value for key, value, _ in estate}
        etags = {key: etag for key, _, etag in entities}
        loaded = packing.unpack_range({key: value for key, value, _ in entities}, of_estate)
        return Snapshot(loaded, etags.get(partition.HEAD))

    def fetch(self, service: str, keys: Iterable[str]) -> Mapping[str, bytes | None]:
        """Read single rows, a request for each."""
        with failures_named(service):
            return {key: found[0] if (found := get(self._services, service, key)) else None for key in keys}

    def hint(self, service: str, due: tuple[Due, ...], *, new: bool) -> None:
        """Write the hints that go before the batch."""
        self._hint(service, due, new)

    def commit(self, service: str, batch: Batch, etag: str | None) -> None:
        """Write the batch; raise Moved where it was refused and Unsure where nobody can know."""
        from azure.core.exceptions import AzureError, HttpResponseError
        from azure.data.tables import RequestTooLargeError

        try:
            self._services.submit_transaction(_operations(service, batch, etag))
        except RequestTooLargeError as error:
            raise TooLarge(
                f"table storage refuses the batch for {service} as too large; decide in smaller steps"
            ) from error
        except HttpResponseError as error:
            raise _meaning(service, error, error.status_code or 0) from error
        except AzureError as error:
            # Also where the last try did not connect: one before it, inside the SDK, may have been written.
            raise Unsure(reason(error)) from error


def query(
    table: TableClient, name: str, start: str, end: str, *, most: int | None = None
) -> Iterable[tuple[str, bytes, str]]:
    """Yield key, value and etag of a partition's rows in key order."""
    parameters = {"name": name, "start": start, "end": end}
    pages = table.query_entities(_RANGE, parameters=parameters, select=["RowKey", "value"], results_per_page=most)
    for number, entity in enumerate(pages, 1):
        yield entity["RowKey"], entity["value"], str(entity.metadata["etag"])
        if number == most:
            return


def get(table: TableClient, name: str, key: str) -> tuple[bytes, str] | None:
    """Return value and etag of one row."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        entity = table.get_entity(name, key)
    except ResourceNotFoundError:
        return None
    return entity["value"], str(entity.metadata["etag"])


def entity_of(name: str, key: str, value: bytes) -> dict[str, Any]:
    """Make a row's entity."""
    return {"PartitionKey": name, "RowKey": key, "value": value}


def _operations(service: str, batch: Batch, etag: str | None) -> list[Any]:
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    head = entity_of(service, partition.HEAD, batch.head)
    unchanged = {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified}
    replaced = {"mode": UpdateMode.REPLACE}
    return [
        ("create", head) if etag is None else ("update", head, unchanged),
        *(("create", entity_of(service, key, value)) for key, value in batch.inserts.items()),
        *(("upsert", entity_of(service, key, value), replaced) for key, value in batch.upserts.items()),
        *(("delete", entity_of(service, key, b"")) for key in batch.deletes),
    ]


def _meaning(service: str, error: Exception, status: int) -> Exception:
    if status in _REFUSED:
        return Moved(reason(error))
    if status >= _LEAST_UNSURE:
        return Unsure(reason(error))
    return StoreUnavailable(
        f"table storage refuses the batch for {service}: {reason(error)}; look at the account and its rights"
    )
