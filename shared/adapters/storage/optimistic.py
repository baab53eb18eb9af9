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
from shared.adapters.storage.just_read import JustRead
from shared.adapters.storage.packing import Batch
from shared.adapters.storage.partition import Plan
from shared.domain.errors import SlipwayError
from shared.ports.store import (
    Committed,
    Due,
    Loaded,
    OutboxRow,
    StaleService,
    StoreUnavailable,
    Write,
    outbox_prefix,
)

TRIES = 8
_FIRST_PAUSE = 0.01  # seconds; doubled each time and jittered, so that writers in step fall out of it
_LONGEST_PAUSE = 0.4


class Moved(SlipwayError):
    """The batch was refused: another writer was faster, or the event is known."""


class Unsure(SlipwayError):
    """The batch was sent and its answer was lost; it may have been written, now or a little later.

    `retry_after` is set where the store asked to be left alone for so long.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The range `1~` as it was read, with the head's etag (None: the service is new).

    `standing` is the time of a hint that is known to be there: nobody has looked at it yet.
    """

    loaded: Loaded
    etag: str | None
    standing: datetime | None = None


class Partitions(Protocol):
    """What a store of plain rows must be able to do."""

    def snapshot(self, service: str, *, exact: bool) -> Snapshot:
        """Read the range `1~` and the estate, which may be a few seconds old unless `exact`."""
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
    """`Store.transact` over rows that know etags.

    What this thread has just read of the service is decided on first, instead of reading it once more: the head's etag
    tells whether it is still so. Only a decision that writes nothing has no etag behind it, and is made again.
    """

    def __init__(self, partitions: Partitions, now: Callable[[], datetime]) -> None:
        self._partitions = partitions
        self._now = now
        self._just_read: JustRead[Snapshot] = JustRead()

    def read(self, service: str, *, exact: bool) -> Loaded:
        """Read a service; see Store.read."""
        snapshot = self._partitions.snapshot(service, exact=exact)
        self._just_read.keep(service, snapshot)
        return snapshot.loaded

    def run(self, service: str, event_id: str, fn: Callable[[Loaded], Write | None], seen_for: timedelta) -> Committed:
        """Commit what fn decides; see Store.transact."""
        partition.check_key(service)
        kept = self._just_read.take(service)
        if kept is not None and (early := self._try_early(service, event_id, fn, kept, seen_for)):
            return early
        unsure: Unsure | None = None
        for number in range(TRIES):
            if number:
                time.sleep(random.uniform(0.5, 1) * min(_FIRST_PAUSE * 2**number, _LONGEST_PAUSE))
            snapshot = self._partitions.snapshot(service, exact=False)
            made = self._decide(service, event_id, fn, snapshot.loaded, seen_for)
            if isinstance(made, Committed):
                return made
            committed, doubt = self._written(service, snapshot, made)
            if committed is not None:
                return committed
            unsure = doubt or unsure
            if unsure is not None and unsure.retry_after is not None:
                break
        if unsure is not None:
            raise StoreUnavailable(
                f"the answers about {service} were lost; deliver the event again: {unsure}",
                retry_after=unsure.retry_after,
            ) from unsure
        raise StaleService(
            f"{service} was changed by others {TRIES} times while event {event_id} was decided; deliver it again"
        )

    def _try_early(
        self, service: str, event_id: str, fn: Callable[[Loaded], Write | None], kept: Snapshot, seen_for: timedelta
    ) -> Committed | None:
        """Decide on what was just read; None where that does not settle it."""
        try:
            made = self._plan(service, event_id, fn, kept.loaded, seen_for)
        except Exception:
            return None  # what is wrong may have been put right since; if not, it comes again
        return self._written(service, kept, made)[0] if made is not None else None

    def _decide(
        self, service: str, event_id: str, fn: Callable[[Loaded], Write | None], loaded: Loaded, seen_for: timedelta
    ) -> Plan | Committed:
        # A known event shows when its mark is inserted, without a read of its own. Only where the decision comes to
        # nothing must the mark be looked for: it was made with a state that has the event in it already.
        try:
            if (made := self._plan(service, event_id, fn, loaded, seen_for)) is not None:
                return made
        except Exception:
            with suppress(StoreUnavailable):
                if settled := self._known(service, event_id):
                    return settled
            raise
        nothing = Committed(sequence=loaded.sequence, ledger_hash=loaded.ledger_hash, outbox=())
        return self._known(service, event_id) or nothing

    def _plan(
        self, service: str, event_id: str, fn: Callable[[Loaded], Write | None], loaded: Loaded, seen_for: timedelta
    ) -> Plan | None:
        write = partition.decide(loaded, fn, lambda keys: self._partitions.fetch(service, keys))
        if write is None:
            return None
        return partition.plan(service, event_id, loaded, write, seen_until=self._now() + seen_for)

    def _written(self, service: str, snapshot: Snapshot, made: Plan) -> tuple[Committed | None, Unsure | None]:
        """Write a plan, or find out what became of it; neither is returned where somebody else was faster."""
        ours = Committed(sequence=made.sequence, ledger_hash=made.hash, outbox=made.outbox)
        try:
            self._write(service, snapshot, made)
        except (Moved, Unsure) as error:
            found = self._settled(service, made.seen, made.hash) or (ours if self._is_there(service, made) else None)
            return found, error if isinstance(error, Unsure) else None
        return ours, None

    def _write(self, service: str, snapshot: Snapshot, made: Plan) -> None:
        due, standing = self._hints(snapshot.standing, made.due)
        self._partitions.hint(service, due, new=snapshot.etag is None)
        known = snapshot.loaded.rows
        asked = [key for key in made.deletes if key not in known]
        there = {key for key, value in self._partitions.fetch(service, asked).items() if value is not None}
        deletes = frozenset(key for key in made.deletes if key in known or key in there)
        self._partitions.commit(service, packing.batch_of(made, deletes, standing), snapshot.etag)

    def _hints(self, standing: datetime | None, due: tuple[Due, ...]) -> tuple[tuple[Due, ...], datetime | None]:
        """Leave hints out where an earlier one stands: whoever looks at the service by that one writes the next."""
        first = min((one.at for one in due), default=None)
        if first is None or (standing is not None and self._now() < standing <= first):
            return (), standing
        return due, first

    def _is_there(self, service: str, made: Plan) -> bool:
        """Whether the entry just sent stands in the ledger; for events that are not marked."""
        key = partition.ledger_key(made.sequence)
        entry = self._partitions.fetch(service, [key])[key] if made.seen is None else None
        return entry is not None and packing.unpack_ledger(key, entry).hash == made.hash

    def _known(self, service: str, event_id: str) -> Committed | None:
        return self._settled(service, partition.seen_key(event_id), None) if event_id else None

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
        left = self._partitions.snapshot(service, exact=False).loaded.outbox
        return Committed(
            sequence=sequence,
            ledger_hash=ledger_hash,
            outbox=tuple(
                OutboxRow(key=key, message=message) for key, message in left.items() if key.startswith(prefix)
            ),
            duplicate=ours is None or ledger_hash != ours,
        )
