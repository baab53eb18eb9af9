"""The Rows port on Azure Tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shared.adapters.azure_storage.client import failures_named
from shared.adapters.azure_storage.partitions import entity_of, get, query
from shared.adapters.storage import partition as layout
from shared.ports.rows import Row, StaleRow

if TYPE_CHECKING:
    from azure.data.tables import TableClient

_END = "\U0010ffff"


class TableRows:
    """Small records outside the services' partitions."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    def get(self, partition: str, key: str) -> Row | None:
        """See Rows."""
        with failures_named(partition):
            found = get(self._table, partition, key)
        return Row(key=key, value=found[0], etag=found[1]) if found else None

    def put(self, partition: str, key: str, value: bytes, *, etag: str | None) -> str:
        """See Rows."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
        from azure.data.tables import UpdateMode

        _check(partition, key, value)
        entity = entity_of(partition, key, value)
        unchanged = MatchConditions.IfNotModified
        try:
            with failures_named(partition):
                if etag is None:
                    written = self._table.create_entity(entity)
                else:
                    written = self._table.update_entity(
                        entity, UpdateMode.REPLACE, etag=etag, match_condition=unchanged
                    )
        except Exception as error:
            if isinstance(error.__cause__, ResourceExistsError | ResourceModifiedError | ResourceNotFoundError):
                raise _stale(partition, key) from error
            raise
        new: str = written["etag"]
        return new

    def overwrite(self, partition: str, key: str, value: bytes) -> None:
        """See Rows."""
        from azure.data.tables import UpdateMode

        _check(partition, key, value)
        with failures_named(partition):
            self._table.upsert_entity(entity_of(partition, key, value), UpdateMode.REPLACE)

    def delete(self, partition: str, key: str, *, etag: str) -> None:
        """See Rows."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError

        # The SDK takes a missing row for a success; for us it is not as the etag said.
        if self.get(partition, key) is None:
            raise _stale(partition, key)
        try:
            with failures_named(partition):
                self._table.delete_entity(partition, key, etag=etag, match_condition=MatchConditions.IfNotModified)
        except Exception as error:
            if isinstance(error.__cause__, ResourceModifiedError):
                raise _stale(partition, key) from error
            raise

    def list(self, partition: str, *, prefix: str = "") -> Sequence[Row]:
        """See Rows."""
        with failures_named(partition):
            rows = query(self._table, partition, prefix, prefix + _END)
            return [Row(key=key, value=value, etag=etag) for key, value, etag in rows]

    def list_each(self, partitions: Sequence[str], *, prefix: str) -> Mapping[str, Sequence[Row]]:
        """See Rows. A query of Tables reads one partition well and several badly."""
        return {partition: self.list(partition, prefix=prefix) for partition in partitions}


def _check(partition: str, key: str, value: bytes) -> None:
    layout.check_key(partition)
    layout.check_key(key)
    layout.check_value(key, value)


def _stale(partition: str, key: str) -> StaleRow:
    return StaleRow(f"row {key} of {partition} was changed by somebody else; read it again")
