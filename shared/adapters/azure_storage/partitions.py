"""Services' partitions in one table: a decision is one read of a range and one batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from shared.adapters.azure_storage.table import Table, entity_of
from shared.adapters.azure_storage.trouble import failures_named, passes, patiently, reason, retry_after, unavailable
from shared.adapters.storage import packing, partition
from shared.adapters.storage.packing import Batch
from shared.adapters.storage.partitions import PartitionChanged, Snapshot, Unsure
from shared.ports.store import Due, TooLarge

_FRESH = timedelta(seconds=5)  # as long as a hold by people may be overlooked by a decision, not by who acts
_REFUSED = {404, 409, 412}  # a row to delete is gone, a row to insert is there, the head's etag is another


class TablePartitions:
    """What OptimisticTransactions asks for, on Azure Tables."""

    def __init__(
        self,
        services: Table,
        hint: Callable[[str, tuple[Due, ...], bool], None],
        elapsed: Callable[[], timedelta],
    ) -> None:
        self._services, self._hint, self._elapsed = services, hint, elapsed
        self._estate: tuple[Mapping[str, bytes], timedelta] | None = None

    def snapshot(self, service: str, *, exact: bool = True) -> Snapshot:
        """Read the range `1~` and the estate, in two requests; in one where the estate was read a moment ago."""
        with failures_named(service):
            # The head comes first in its range, so its etag is never newer than the rows after it.
            entities = list(self._services.query(service, partition.CURRENT, partition.CURRENT_END))
            of_estate = self._of_estate(exact)
        etags = {key: etag for key, _, etag in entities}
        rows = {key: value for key, value, _ in entities}
        return Snapshot(packing.unpack_range(rows, of_estate), etags.get(partition.HEAD), packing.due_hint(rows))

    def _of_estate(self, exact: bool) -> Mapping[str, bytes]:
        known, now = self._estate, self._elapsed()
        if not exact and known is not None and now - known[1] <= _FRESH:
            return known[0]
        estate = self._services.query(partition.ESTATE, partition.CURRENT, partition.CURRENT_END)
        found = {key: value for key, value, _ in estate}
        self._estate = (found, now)
        return found

    def fetch(self, service: str, keys: Iterable[str]) -> Mapping[str, bytes | None]:
        """Read single rows, a request for each."""
        with failures_named(service):
            return {key: found[0] if (found := self._services.get(service, key)) else None for key in keys}

    def hint(self, service: str, due: tuple[Due, ...], *, new: bool) -> None:
        """Write the hints that go before the batch."""
        self._hint(service, due, new)

    def head(self, service: str) -> tuple[bytes, str] | None:
        """Read a head with its etag."""
        with failures_named(service):
            return self._services.get(service, partition.HEAD)

    def replace_head(self, service: str, value: bytes, etag: str) -> None:
        """Write a head if it is as it was read; one whose answer was lost, and that is there, has moved too."""
        from azure.core.exceptions import ResourceModifiedError

        with failures_named(service):
            try:
                patiently(lambda: self._services.replace(service, partition.HEAD, value, etag=etag))
            except ResourceModifiedError as error:
                raise PartitionChanged(reason(error)) from error

    def commit(self, service: str, batch: Batch, etag: str | None) -> None:
        """Write the batch; raise PartitionChanged where it was refused and Unsure where nobody can know."""
        try:
            self._commit(service, batch, etag)
        finally:
            if service == partition.ESTATE:
                self._estate = None

    def _commit(self, service: str, batch: Batch, etag: str | None) -> None:
        from azure.core.exceptions import AzureError, HttpResponseError
        from azure.data.tables import RequestTooLargeError

        try:
            self._services.batch(_operations(service, batch, etag))
        except RequestTooLargeError as error:
            raise TooLarge(
                f"table storage refuses the batch for {service} as too large; decide in smaller steps"
            ) from error
        except HttpResponseError as error:
            raise _meaning(service, error) from error
        except AzureError as error:
            raise Unsure(reason(error)) from error


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


def _meaning(service: str, error: Any) -> Exception:
    if error.status_code in _REFUSED:
        return PartitionChanged(reason(error))
    if passes(error):
        return Unsure(reason(error), retry_after=retry_after(error))
    return unavailable(f"the batch for {service}", error)
