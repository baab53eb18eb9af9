"""Deciding without a lock, for memory and Tables: read, decide, write if nobody was faster, else try again.

The etag of a service's head stands for a lock: a batch is written only if the head is as it was read. So a decision may
first be made on what this thread has just read of the service, without reading it once more. Only a decision that writes
nothing has no etag behind it, and is made again on a fresh read.

A batch whose answer was lost may still be on its way. Every decision after it has the same head behind it, so that only one
of them is ever written, the one that arrives first. Its entry in the ledger tells which one that was.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.adapters.storage import packing, partition
from shared.adapters.storage.partition import Plan
from shared.adapters.storage.partitions import PartitionChanged, Partitions, Snapshot, Unsure
from shared.adapters.storage.read_cache import ReadCache
from shared.domain.values.errors import SlipwayError
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


@dataclass(slots=True)
class _Wanted:
    """A transaction under way. `sent` are plans whose answers were lost; one of them at most is written, now or later."""

    service: str
    event_id: str
    fn: Callable[[Loaded], Write | None]
    seen_for: timedelta
    sent: list[tuple[Plan, Unsure]] = field(default_factory=list)

    @property
    def must_wait(self) -> bool:
        """Whether the store asked to be left alone for a while."""
        return any(error.retry_after is not None for _, error in self.sent)

    def unknown(self) -> StoreUnavailable:
        """Return the error that nobody knows what was written."""
        error = self.sent[-1][1]
        return StoreUnavailable(
            f"the answers about {self.service} were lost; deliver the event again: {error}",
            retry_after=error.retry_after,
        )

    def given_up(self) -> SlipwayError:
        """Return the error that says why it came to nothing, as far as is known."""
        if self.sent:
            return self.unknown()
        return StaleService(
            f"{self.service} was changed by others {TRIES} times while event {self.event_id} was decided; deliver it again"
        )


class OptimisticTransactions:
    """`Store.transact` and `Store.read` over rows with etags."""

    def __init__(self, partitions: Partitions, now: Callable[[], datetime]) -> None:
        self._partitions = partitions
        self._now = now
        self._read_cache: ReadCache[Snapshot] = ReadCache()

    def read(self, service: str, *, exact: bool) -> Loaded:
        """Read a service; see Store.read."""
        snapshot = self._partitions.snapshot(service, exact=exact)
        self._read_cache.keep(service, snapshot)
        return snapshot.loaded

    def run(self, service: str, event_id: str, fn: Callable[[Loaded], Write | None], seen_for: timedelta) -> Committed:
        """Commit what fn decides; see Store.transact."""
        partition.check_key(service)
        wanted = _Wanted(service, event_id, fn, seen_for)
        kept = self._read_cache.take(service)
        if kept is not None and (early := self._try_early(wanted, kept)):
            return early
        for number in range(TRIES):
            if wanted.must_wait:
                break
            if number:
                time.sleep(random.uniform(0.5, 1) * min(_FIRST_PAUSE * 2**number, _LONGEST_PAUSE))
            if committed := self._try(wanted):
                return committed
        raise wanted.given_up()

    def _try_early(self, wanted: _Wanted, kept: Snapshot) -> Committed | None:
        """Decide on what was just read; None if that does not settle it."""
        try:
            made = self._plan(wanted, kept.loaded)
        except Exception:
            return None  # a fresh read may mend it; if not, the error comes again
        return self._written(wanted, kept, made) if made is not None else None

    def _try(self, wanted: _Wanted) -> Committed | None:
        """Decide on a fresh read; None if another writer was faster, or the answer was lost."""
        snapshot = self._partitions.snapshot(wanted.service, exact=False)
        if any(plan.sequence <= snapshot.loaded.sequence for plan, _ in wanted.sent):
            if arrived := self._arrived(wanted):
                return arrived
            wanted.sent.clear()  # the head is another's: none of them can be written any more
        made = self._decide(wanted, snapshot.loaded)
        return made if isinstance(made, Committed) else self._written(wanted, snapshot, made)

    def _decide(self, wanted: _Wanted, loaded: Loaded) -> Plan | Committed:
        # A known event shows when its mark is inserted, without a read of its own. A decision that comes to nothing inserts
        # no mark, so that it is looked for: the state that it was made on may have the event in it already.
        try:
            if (made := self._plan(wanted, loaded)) is not None:
                return made
        except Exception:
            with suppress(StoreUnavailable):
                if known := self._known(wanted):
                    return known
            if wanted.sent:
                raise wanted.unknown() from None
            raise
        if known := self._known(wanted):
            return known
        if wanted.sent:
            raise wanted.unknown()
        return Committed(sequence=loaded.sequence, ledger_hash=loaded.ledger_hash, outbox=())

    def _plan(self, wanted: _Wanted, loaded: Loaded) -> Plan | None:
        service = wanted.service
        write = partition.decide(loaded, wanted.fn, lambda keys: self._partitions.fetch(service, keys))
        if write is None:
            return None
        return partition.plan(service, wanted.event_id, loaded, write, seen_until=self._now() + wanted.seen_for)

    def _written(self, wanted: _Wanted, snapshot: Snapshot, made: Plan) -> Committed | None:
        """Write a plan, or find out what became of the event; None if that is unknown, or another writer was faster."""
        try:
            self._write(wanted.service, snapshot, made)
        except PartitionChanged:
            pass
        except Unsure as error:
            wanted.sent.append((made, error))
        else:
            return made.committed()
        return self._arrived(wanted) or (self._known(wanted) if made.seen is not None else None)

    def _write(self, service: str, snapshot: Snapshot, made: Plan) -> None:
        due, due_hint = self._hints(snapshot.due_hint, made.due)
        self._partitions.hint(service, due, new=snapshot.etag is None)
        known = snapshot.loaded.rows
        asked = [key for key in made.deletes if key not in known]
        there = {key for key, value in self._partitions.fetch(service, asked).items() if value is not None}
        deletes = frozenset(key for key in made.deletes if key in known or key in there)
        self._partitions.commit(service, packing.batch_of(made, deletes, due_hint), snapshot.etag)

    def _hints(self, due_hint: datetime | None, due: tuple[Due, ...]) -> tuple[tuple[Due, ...], datetime | None]:
        """Leave hints out while an earlier one stands: whoever looks at the service by that one writes the next."""
        first = min((one.at for one in due), default=None)
        if first is None or (due_hint is not None and self._now() < due_hint <= first):
            return (), due_hint
        return due, first

    def _arrived(self, wanted: _Wanted) -> Committed | None:
        """Return what a plan led to whose answer was lost, if its entry stands in the ledger."""
        found = {
            sequence: self._hash_of(wanted.service, sequence) for sequence in {one.sequence for one, _ in wanted.sent}
        }
        return next((plan.committed() for plan, _ in wanted.sent if found[plan.sequence] == plan.hash), None)

    def _known(self, wanted: _Wanted) -> Committed | None:
        """Return what the event led to, if another delivery of it was committed."""
        if not wanted.event_id:
            return None
        service, seen = wanted.service, partition.seen_key(wanted.event_id)
        mark = self._partitions.fetch(service, [seen])[seen]
        if mark is None:
            return None
        sequence, _ = packing.unpack_seen(seen, mark)
        prefix = outbox_prefix(sequence)
        left = self._partitions.snapshot(service, exact=False).loaded.outbox
        return Committed(
            sequence=sequence,
            ledger_hash=self._hash_of(service, sequence),
            outbox=tuple(
                OutboxRow(key=key, message=message) for key, message in left.items() if key.startswith(prefix)
            ),
            duplicate=True,
        )

    def _hash_of(self, service: str, sequence: int) -> str:
        """Return the hash of a ledger entry; empty if there is none."""
        key = partition.ledger_key(sequence)
        entry = self._partitions.fetch(service, [key])[key]
        return packing.unpack_ledger(key, entry).hash if entry is not None else ""
