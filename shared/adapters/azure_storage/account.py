"""One storage account with everything that Slipway keeps there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared.adapters.azure_storage import client
from shared.adapters.azure_storage.evidence import TableEvidence
from shared.adapters.azure_storage.levels import AzureQueueLook
from shared.adapters.azure_storage.queues import AzureQueues
from shared.adapters.azure_storage.rows import TableRows
from shared.adapters.azure_storage.table import Table
from shared.adapters.azure_storage.tables import TableStore
from shared.adapters.storage.message_leases import running_time
from shared.on_first_use import OnFirstUse

if TYPE_CHECKING:
    from azure.data.tables import TableServiceClient
    from azure.storage.queue import QueueServiceClient


class AzureStorage:
    """The ports `store`, `rows`, `evidence`, `queues` and `queue_look` on an account.

    Opening it imports no SDK and sends nothing, and who only sends to a queue never loads the tables' part. Tables
    (their names begin with `prefix`, of letters and digits) and queues are made when the first is written to them.
    """

    def __init__(
        self,
        tables: Callable[[], TableServiceClient],
        queues: Callable[[], QueueServiceClient],
        now: Callable[[], datetime],
        *,
        prefix: str = "slipway",
        elapsed: Callable[[], timedelta] = running_time,
    ) -> None:
        self._tables, self._queues = OnFirstUse(tables), OnFirstUse(queues)
        services, others, lists, large = (
            Table(self._tables, prefix + name) for name in ("services", "rows", "lists", "evidence")
        )
        self.store = TableStore(services, lists, now, elapsed)
        self.rows = TableRows(others)
        self.evidence = TableEvidence(large)
        self.queues = AzureQueues(self._queues)
        self.queue_look = AzureQueueLook(self._queues)

    @classmethod
    def of_account(
        cls, name: str, credential: Any, now: Callable[[], datetime], *, suffix: str = client.AZURE
    ) -> AzureStorage:
        """Use an account with an identity; `suffix` is another one in the clouds of some countries."""
        return cls(
            lambda: client.tables_of_account(name, credential, suffix),
            lambda: client.queues_of_account(name, credential, suffix),
            now,
        )

    @classmethod
    def of_connection(
        cls,
        connection: str,
        now: Callable[[], datetime],
        *,
        prefix: str = "slipway",
        elapsed: Callable[[], timedelta] = running_time,
    ) -> AzureStorage:
        """Use an account by a connection string, as Azurite has one."""
        return cls(
            lambda: client.tables_of_connection(connection),
            lambda: client.queues_of_connection(connection),
            now,
            prefix=prefix,
            elapsed=elapsed,
        )

    def recover(self) -> None:
        """Do nothing: what a dead host had leased comes back by itself, and the tick sends what it had not sent."""

    def close(self) -> None:
        """Send home who waits for messages, and close the connections; the second time is harmless."""
        self.queues.close()
        for tables in self._tables.let_go():
            tables.close()
        for queues in self._queues.let_go():
            queues.close()
