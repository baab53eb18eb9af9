"""The Rows port on Azure Tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from shared.adapters.azure_storage.table import Table
from shared.adapters.azure_storage.trouble import failures_named, passes, patiently
from shared.adapters.storage import partition as layout
from shared.ports.rows import Row, StaleRow

_END = "\U0010ffff"
_REFUSED = {404, 409, 412}  # it is gone, it is there, its etag is another


class TableRows:
    """Small records outside the services' partitions."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, partition: str, key: str) -> Row | None:
        """See Rows."""
        with failures_named(partition):
            found = self._table.get(partition, key)
        return _row(key, found)

    def put(self, partition: str, key: str, value: bytes, *, etag: str | None) -> str:
        """See Rows."""
        _check(partition, key, value)

        def work() -> str:
            if etag is None:
                return self._table.insert(partition, key, value)
            return self._table.replace(partition, key, value, etag=etag)

        def ours(found: Row | None) -> str | None:
            return found.etag if found is not None and found.value == value and found.etag != etag else None

        return self._conditionally(partition, key, etag, work, ours)

    def overwrite(self, partition: str, key: str, value: bytes) -> None:
        """See Rows."""
        _check(partition, key, value)
        with failures_named(partition):
            self._table.put(partition, key, value)

    def delete(self, partition: str, key: str, *, etag: str) -> None:
        """See Rows."""
        # The SDK takes a missing row for a success; for us it is not as the etag said.
        if self.get(partition, key) is None:
            raise _stale(partition, key)

        def work() -> str:
            self._table.remove(partition, key, etag=etag)
            return ""

        self._conditionally(partition, key, etag, work, lambda found: "" if found is None else None)

    def list(self, partition: str, *, prefix: str = "") -> Sequence[Row]:
        """See Rows."""
        with failures_named(partition):
            rows = self._table.query(partition, prefix, prefix + _END)
            return [Row(key=key, value=value, etag=etag) for key, value, etag in rows]

    def list_each(self, partitions: Sequence[str], *, prefix: str) -> Mapping[str, Sequence[Row]]:
        """See Rows. A query of Tables reads one partition well and several badly."""
        return {partition: self.list(partition, prefix=prefix) for partition in partitions}

    def _conditionally(
        self,
        partition: str,
        key: str,
        etag: str | None,
        work: Callable[[], str],
        ours: Callable[[Row | None], str | None],
    ) -> str:
        """Do what is done only if the row is as it was read; where the answer was lost, look what became of it.

        What was sent before may arrive late, and be the reason why it is refused when it is sent again.
        """
        from azure.core.exceptions import AzureError, HttpResponseError

        lost: list[AzureError] = []

        def tried() -> str:
            try:
                return work()
            except AzureError as error:
                if passes(error):
                    lost.append(error)
                elif not lost:
                    raise
                found = self._table.get(partition, key)
                if (written := ours(_row(key, found))) is not None:
                    return written
                if (found[1] if found else None) != etag:
                    raise _stale(partition, key) from error
                raise  # it is as it was: nothing was written, and it may be tried again

        with failures_named(partition):
            try:
                return patiently(tried)
            except HttpResponseError as error:
                if error.status_code in _REFUSED:
                    raise _stale(partition, key) from error
                raise


def _row(key: str, found: tuple[bytes, str] | None) -> Row | None:
    return Row(key=key, value=found[0], etag=found[1]) if found else None


def _check(partition: str, key: str, value: bytes) -> None:
    layout.check_key(partition)
    layout.check_key(key)
    layout.check_value(key, value)


def _stale(partition: str, key: str) -> StaleRow:
    return StaleRow(f"row {key} of {partition} was changed by somebody else; read it again")
