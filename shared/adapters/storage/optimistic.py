"""Deciding without a lock: read, decide, write if nobody was faster, else again. For memory and Tables."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.adapters.storage import packing, partition
from shared.adapters.storage.packing import Batch
from shared.adapters.storage.partition import Plan
from shared.domain.errors import SlipwayError
from shared.ports.store import Committed, Due, Loaded, OutboxRow, StaleService, StoreUnavailable, Write, outbox_prefix

TRIES = 8
_FIRST_PAUSE = 0.01  # seconds; doubled each time and jittered, so that writers in step fall out of it
_LONGEST_PAUSE = 0.4


class Moved(SlipwayError):
    """The batch was refused: another writer was faster, or the event is known."""


class Unsure(SlipwayError):
    """The batch was sent and its answer was lost; it may have been written, now or a little later."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The range `1~` as it was read, with the head's etag (None: the service is new)."""

    loaded: Loaded
    etag: str | None


class Partitions(Protocol):
    """What a store of plain rows must be able to do."""

    def snapshot(self, service: str) -> Snapshot:
        """Read the range `1~` and the estate."""
        ...

    def fetch(self, service: str, keys: Iterable[str]) -> Mapping[str, bytes | None]:
        """Read single rows."""
        ...

    def hint(self, service: str, due: tuple[Due, ...], *, new: bool) -> None:
        """Write the hints that go before the batch."""
        ...

    def commit(self, service: str, batch: Batch, etag: str | None) -> None:
        """Write the batch whole or not at all; raise Moved or Unsure."""
        ...


class OptimisticTransactions:
    """`Store.transact` over rows that know etags."""

    def __init__(self, partitions: Partitions, now: Callable[[], datetime]) -> None:
        self._partitions = partitions
        self._now = now

    def run(self, service: str, event_id: str, fn: Callable[[Loaded], Write | None], seen_for: timedelta) -> Committed:
        """Commit what fn decides; see Store.transact."""
        partition.check_key(service)
        unsure: Unsure | None = None
        for number in range(TRIES):
            if number:
                time.sleep(random.uniform(0.5, 1) * min(_FIRST_PAUSE * 2**number, _LONGEST_PAUSE))
            snapshot = self._partitions.snapshot(service)
            made = self._decide(service, event_id, fn, snapshot.loaded, seen_for)
            if isinstance(made, Committed):
                return made
            try:
                self._write(service, snapshot, made)
            except (Moved, Unsure) as error:
                unsure = error if isinstance(error, Unsure) else unsure
                if settled := self._settled(service, made.seen, made.hash) or self._written(service, made):
                    return settled
            else:
                return Committed(sequence=made.sequence, ledger_hash=made.hash, outbox=made.outbox)
        if unsure is not None:
            raise StoreUnavailable(
                f"the answers about {service} were lost; deliver the event again: {unsure}"
            ) from unsure
        raise StaleService(
            f"{service} was changed by others {TRIES} times while event {event_id} was decided; deliver it again"
        )

    def _decide(
        self,
        service: str,
        event_id: str,
        fn: Callable[[Loaded], Write | None],
        loaded: Loaded,
        seen_for: timedelta,
    ) -> Plan | Committed:
        # A known event shows when its mark is inserted, without a read of its own. Only where the decision comes to
        # nothing must the mark be looked for: it was made with a state that has the event in it already.
        try:
            write = partition.decide(loaded, fn, lambda keys: self._partitions.fetch(service, keys))
            if write is not None:
                return partition.plan(service, event_id, loaded, write, seen_until=self._now() + seen_for)
        except Exception:
            with suppress(StoreUnavailable):
                if settled := self._settled(service, partition.seen_key(event_id), None):
                    return settled
            raise
        settled = self._settled(service, partition.seen_key(event_id), None)
        return settled or Committed(sequence=loaded.sequence, ledger_hash=loaded.ledger_hash, outbox=())

    def _write(self, service: str, snapshot: Snapshot, made: Plan) -> None:
        self._partitions.hint(service, made.due, new=snapshot.etag is None)
        known = snapshot.loaded.rows
        asked = [key for key in made.deletes if key not in known]
        there = {key for key, value in self._partitions.fetch(service, asked).items() if value is not None}
        deletes = frozenset(key for key in made.deletes if key in known or key in there)
        self._partitions.commit(service, packing.batch_of(made, deletes), snapshot.etag)

    def _written(self, service: str, made: Plan) -> Committed | None:
        """Return the commit of an event that is not marked, if the entry just sent stands in the ledger."""
        key = partition.ledger_key(made.sequence)
        entry = self._partitions.fetch(service, [key])[key] if made.seen is None else None
        if entry is None or packing.unpack_ledger(key, entry).hash != made.hash:
            return None
        return Committed(sequence=made.sequence, ledger_hash=made.hash, outbox=made.outbox)

    def _settled(self, service: str, seen: str | None, ours: str | None) -> Committed | None:
        """Return what the event led to if it is committed; it is no duplicate where the entry is the one just sent."""
        if seen is None:
            return None
        mark = self._partitions.fetch(service, [seen])[seen]
        if mark is None:
            return None
        sequence, _ = packing.unpack_seen(seen, mark)
        key = partition.ledger_key(sequence)
        entry = self._partitions.fetch(service, [key])[key]
        ledger_hash = packing.unpack_ledger(key, entry).hash if entry is not None else ""
        prefix = outbox_prefix(sequence)
        left = self._partitions.snapshot(service).loaded.outbox
        return Committed(
            sequence=sequence,
            ledger_hash=ledger_hash,
            outbox=tuple(
                OutboxRow(key=key, message=message) for key, message in left.items() if key.startswith(prefix)
            ),
            duplicate=ours is None or ledger_hash != ours,
        )
