"""What the writer remembers of services between its transactions.

Valid only while nobody else writes to the file: SQLite counts the commits of other connections (`data_version`), and
those of this process all go through the writer.
"""

from __future__ import annotations

from shared.adapters.sqlite import reading
from shared.adapters.sqlite.reading import Estate
from shared.adapters.sqlite.writer import Transaction
from shared.adapters.storage import partition
from shared.ports.store import Loaded

_MOST_SERVICES = 256


class Cache:
    """Services as they will be read once the transaction under way is committed. Used by the writer's thread only."""

    def __init__(self) -> None:
        self._version = -1
        self._services: dict[str, Loaded] = {}
        self._estate: Estate | None = None

    def begin(self, transaction: Transaction) -> None:
        """Forget everything if another process wrote since the last transaction."""
        version = transaction.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self.clear()
            self._version = version

    def clear(self) -> None:
        """Forget everything; after a rollback."""
        self._services.clear()
        self._estate = None

    def load(self, transaction: Transaction, service: str) -> Loaded:
        """Return the service, read if it must be."""
        loaded = self._services.get(service)
        if loaded is None:
            if self._estate is None:
                self._estate = reading.load_estate(transaction.execute)
            loaded = reading.load(transaction.execute, service, self._estate)
            self.keep(service, loaded)
        return loaded

    def keep(self, service: str, loaded: Loaded) -> None:
        """Remember a service as a commit leaves it."""
        if len(self._services) >= _MOST_SERVICES:
            self._services.clear()
        self._services[service] = loaded

    def drop(self, service: str) -> None:
        """Forget a service that something else than its own decision changed; the estate is part of all."""
        self._services.pop(service, None)
        if service == partition.ESTATE:
            self.clear()
