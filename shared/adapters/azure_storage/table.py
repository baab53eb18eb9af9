"""One table: rows of a key and a value, read by ranges of one partition and written singly or in a batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from shared.adapters.azure_storage import limits
from shared.adapters.azure_storage.trouble import code, patiently
from shared.on_first_use import OnFirstUse

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableServiceClient

T = TypeVar("T")

_RANGE = "PartitionKey eq @name and RowKey ge @start and RowKey lt @end"
_MOST_IN_A_PAGE = 1000  # the service's own
_MISSING = "TableNotFound"
_GONE = 404


class Table:
    """Rows of a table that is made when the first row is written to it; until then it reads as empty.

    Whatever is harmless twice is tried again where the service is busy. Raises the SDK's errors, and TooLarge before
    anything is sent.
    """

    def __init__(self, service: OnFirstUse[TableServiceClient], name: str) -> None:
        self._service, self.name = service, name
        self._client = OnFirstUse(lambda: service().get_table_client(name))

    def query(
        self, partition: str, start: str, end: str, *, most: int | None = None, page: int | None = None
    ) -> Iterator[tuple[str, bytes, str]]:
        """Give key, value and etag of the rows of a partition with start <= key < end in key order.

        They are read page by page, `most` in all; `page` says how many will do if nothing is skipped.
        """
        at_once = most if most is not None else page
        pages = (
            self._client()
            .query_entities(
                _RANGE,
                parameters={"name": partition, "start": start, "end": end},
                select=["RowKey", "value"],
                results_per_page=min(max(at_once, 1), _MOST_IN_A_PAGE) if at_once is not None else None,
            )
            .by_page()
        )
        rows = self._rows(pages)
        return rows if most is None else itertools.islice(rows, most)

    def _rows(self, pages: Iterator[Iterator[Any]]) -> Iterator[tuple[str, bytes, str]]:
        from azure.core.exceptions import ResourceNotFoundError

        while True:
            try:
                found = patiently(lambda: next(pages, None))
            except ResourceNotFoundError:
                return
            if found is None:
                return
            for entity in found:
                yield entity["RowKey"], entity["value"], str(entity.metadata["etag"])

    def get(self, partition: str, key: str) -> tuple[bytes, str] | None:
        """Return value and etag of one row."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            entity = patiently(lambda: self._client().get_entity(partition, key))
        except ResourceNotFoundError:
            return None
        return entity["value"], str(entity.metadata["etag"])

    def put(self, partition: str, key: str, value: bytes) -> None:
        """Write a row whatever is there."""
        from azure.data.tables import UpdateMode

        row = _checked(partition, key, value)
        self._written(lambda table: patiently(lambda: table.upsert_entity(row, UpdateMode.REPLACE)))

    def delete(self, partition: str, key: str) -> None:
        """Delete a row; one that is not there is ignored."""
        patiently(lambda: self._client().delete_entity(partition, key))

    def delete_all(self, partition: str, keys: Sequence[str]) -> bool:
        """Delete rows in one request where all of them are there; return whether any was."""
        from azure.core.exceptions import HttpResponseError

        if len(keys) == 1:
            return self._deleted(partition, keys[0])
        try:
            if keys:
                patiently(lambda: self.batch([("delete", entity_of(partition, key, b"")) for key in keys]))
        except HttpResponseError as error:
            if error.status_code != _GONE:
                raise
            gone = [self._deleted(partition, key) for key in keys]
            return any(gone)
        return bool(keys)

    def _deleted(self, partition: str, key: str) -> bool:
        """Delete a row and return whether it was there, which the SDK keeps to itself."""
        found: list[int] = []

        def note(answer: Any) -> None:
            found.append(answer.http_response.status_code)

        patiently(lambda: self._client().delete_entity(partition, key, raw_response_hook=note))
        return found[-1] != _GONE

    def insert(self, partition: str, key: str, value: bytes) -> str:
        """Write a row that is not there yet and return its etag. Not tried again."""
        row = _checked(partition, key, value)
        return str(self._written(lambda table: _created(table, row))["etag"])

    def replace(self, partition: str, key: str, value: bytes, *, etag: str) -> str:
        """Write a row that is as its etag says and return the new etag. Not tried again."""
        from azure.core import MatchConditions
        from azure.data.tables import UpdateMode

        row = _checked(partition, key, value)
        unchanged = MatchConditions.IfNotModified
        return str(self._client().update_entity(row, UpdateMode.REPLACE, etag=etag, match_condition=unchanged)["etag"])

    def remove(self, partition: str, key: str, *, etag: str) -> None:
        """Delete a row that is as its etag says; one that is gone is ignored. Not tried again."""
        from azure.core import MatchConditions

        self._client().delete_entity(partition, key, etag=etag, match_condition=MatchConditions.IfNotModified)

    def batch(self, operations: Sequence[Any]) -> None:
        """Write all or nothing, of one partition. Not tried again: who sent it looks first what became of it."""
        limits.check_batch(operations)
        self._written(lambda table: _submitted(table, operations))

    def _written(self, work: Callable[[TableClient], T]) -> T:
        from azure.core.exceptions import HttpResponseError, ResourceExistsError

        try:
            return work(self._client())
        except HttpResponseError as error:
            # An insert's error comes without the service's word, and nothing else can be missing for it.
            if error.status_code != _GONE or code(error) not in (_MISSING, ""):
                raise
        with suppress(ResourceExistsError):  # another instance met the same gap
            patiently(lambda: self._service().create_table(self.name))
        return work(self._client())


def entity_of(partition: str, key: str, value: bytes) -> dict[str, Any]:
    """Make a row's entity."""
    return {"PartitionKey": partition, "RowKey": key, "value": value}


def _created(table: TableClient, row: dict[str, Any]) -> Mapping[str, Any]:
    """Create an entity. An error without a response, e.g. one about a token, makes the SDK stumble: it looks for headers."""
    from azure.core.exceptions import AzureError

    try:
        return table.create_entity(row)
    except AttributeError as stumbled:
        if isinstance(stumbled.__context__, AzureError):
            raise stumbled.__context__ from None
        raise


def _submitted(table: TableClient, operations: Sequence[Any]) -> object:
    """Submit a batch. Of an answer that breaks off the SDK lets out what reads from the network below it."""
    from azure.core.exceptions import ServiceResponseError

    try:
        return table.submit_transaction(operations)
    except OSError as error:
        raise ServiceResponseError(error, error=error) from error


def _checked(partition: str, key: str, value: bytes) -> dict[str, Any]:
    row = entity_of(partition, key, value)
    limits.check_entity(row)
    return row
