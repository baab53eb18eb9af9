"""What this process remembers of services between its transactions.

That is valid only while no other process writes to the file. A process that writes leaves its token in the lock file, and
SQLite counts the commits of other connections (`data_version`). All commits of this process go through its one writer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from shared.adapters.sqlite import reading
from shared.adapters.sqlite.locks import WriteLock
from shared.adapters.sqlite.reading import LoadedEstate
from shared.adapters.sqlite.submission import Transaction
from shared.adapters.storage import partition
from shared.ports.store import LedgerRow, Loaded

_MOST_SERVICES = 2048
# Entries of these many services, which are asked for again soon after they are made.
_MOST_RECENT, _RECENT_ENTRIES = 256, 24
K = TypeVar("K")
V = TypeVar("V")


class CachedService(NamedTuple):
    """A service as it is remembered, with its number in the file; 0 if it has none yet."""

    id: int
    loaded: Loaded


class Cache:
    """Each service twice: as the open transaction leaves it, and as it was last committed.

    Only the thread that writes uses it, but for `committed`, `latest`, `recent_entries` and `number`, which any thread may call.
    """

    def __init__(self) -> None:
        self._lock: WriteLock | None = None
        self._version = -1
        self._services: OrderedDict[str, CachedService] = OrderedDict()
        self._names: OrderedDict[int, str] = OrderedDict()
        self._estate: LoadedEstate | None = None
        self.hints: dict[int, datetime] = {}  # by service: the file has a hint for this time, or for an earlier one
        self._fresh: dict[str, Loaded | None] = {}
        self._published: OrderedDict[str, Loaded] = OrderedDict()
        self._made: list[tuple[str, LedgerRow]] = []
        self._recent: OrderedDict[str, tuple[LedgerRow, ...]] = OrderedDict()

    def begin(self, transaction: Transaction, lock: WriteLock) -> None:
        """Forget everything if another process wrote since the last transaction."""
        version = transaction.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version or not lock.ours:
            self.clear()
            self._version = version
        self._fresh, self._made = {}, []
        lock.sign()
        self._lock = lock
        transaction.afterwards.append(self._publish)

    def clear(self) -> None:
        """Forget everything; after a rollback."""
        self._services.clear()
        self._names.clear()
        self.hints.clear()
        self._estate = None
        self._published.clear()
        self._recent.clear()

    def committed(self, service: str) -> Loaded | None:
        """Return a service as it was last committed; None if that is not known."""
        return self._published.get(service) if self._alone() else None

    def recent_entries(self, service: str, after: int) -> Sequence[LedgerRow] | None:
        """Return a service's committed entries after a sequence; None if they are not all remembered."""
        recent = self._recent.get(service) if self._alone() else None
        if recent is None or recent[0].sequence > after + 1:
            return None
        return [entry for entry in recent if entry.sequence > after]

    def latest(self, service: str) -> Loaded | None:
        """Return a service as the open transaction has it so far; None if that is not known."""
        kept = self._services.get(service)
        return kept.loaded if kept is not None else None

    def load(self, transaction: Transaction, service: str) -> CachedService:
        """Return the service as the open transaction has it so far; read it if it is not remembered."""
        kept = self._services.get(service)
        if kept is None:
            if self._estate is None:
                self._estate = reading.load_estate(transaction.execute)
            head = reading.head(transaction.execute, service)
            kept = CachedService(head.id, reading.load(transaction.execute, head, self._estate))
            self._remember(service, kept)
        return kept

    def id_of(self, transaction: Transaction, service: str) -> int:
        """Return a service's number; give it one if it has none."""
        kept = self._services.get(service)
        if kept is not None and kept.id:
            return kept.id
        found = reading.head(transaction.execute, service).id
        if not found:
            insert = "INSERT INTO service (name, sequence, hash) VALUES (?, 0, x'')"
            found = transaction.execute(insert, (service,)).lastrowid or 0
        if kept is not None:
            self._remember(service, CachedService(found, kept.loaded))
        return found

    def number(self, service: str) -> int:
        """Return the number of a service that is remembered, else 0. It never changes."""
        kept = self._services.get(service)
        return kept.id if kept is not None else 0

    def keep(self, service: str, id_: int, loaded: Loaded) -> None:
        """Remember a service as the open transaction leaves it."""
        self._remember(service, CachedService(id_, loaded))
        self._fresh[service] = loaded

    def add_entry(self, service: str, entry: LedgerRow) -> None:
        """Remember an entry of the open transaction."""
        self._made.append((service, entry))

    def without(self, id_: int, keys: Iterable[str]) -> None:
        """Take effects out of the outbox of a service that is remembered."""
        service = self._names.get(id_, "")
        kept, gone = self._services.get(service), frozenset(keys)
        if kept is not None:
            outbox = {key: message for key, message in kept.loaded.outbox.items() if key not in gone}
            self.keep(service, kept.id, replace(kept.loaded, outbox=outbox))

    def drop(self, service: str) -> None:
        """Forget a service that changed otherwise than by its own decision; for the estate forget all, as all hold it."""
        self._services.pop(service, None)
        self._fresh[service] = None
        if service == partition.ESTATE:
            self._services.clear()
            self._estate = None
            self._fresh = dict.fromkeys((*self._fresh, *self._published))

    def _alone(self) -> bool:
        """Whether no other process has written since. Asked first: what is read next is at least as new as that."""
        return self._lock is not None and self._lock.ours

    def _remember(self, service: str, kept: CachedService) -> None:
        _put(self._services, service, kept, _MOST_SERVICES)
        if kept.id:
            _put(self._names, kept.id, service, _MOST_SERVICES)

    def _publish(self) -> None:
        for service, loaded in self._fresh.items():
            if loaded is None:
                self._published.pop(service, None)
            else:
                _put(self._published, service, loaded, _MOST_SERVICES)
        for service, entry in self._made:
            before = self._recent.get(service, ())
            follows = before and before[-1].sequence == entry.sequence - 1
            _put(self._recent, service, (*before[1 - _RECENT_ENTRIES :], entry) if follows else (entry,), _MOST_RECENT)


def _put(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Keep a value; drop the oldest if there is no room."""
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)
