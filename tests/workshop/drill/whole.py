"""Whether a database holds whole decisions only: head, state, ledger, marks and outbox of one sequence agree."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from shared import bootstrap
from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.storage.partition import ESTATE, OUTBOX
from shared.codec.envelope import effect_id_of
from shared.codec.ledger import ENTRIES, verify
from shared.codec.state import decode_state
from shared.domain.values.errors import SlipwayError
from shared.domain.values.names import ServiceKey
from shared.ports.store import LedgerRow, Loaded

_ALL = 1_000_000


def content_of(path: Path) -> str:
    """A hash of everything that the database holds."""
    found = hashlib.sha256()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for line in connection.iterdump():
            found.update(line.encode("utf-8", "surrogateescape"))
    return found.hexdigest()


def problems_of(path: Path) -> list[str]:
    """Open it as a host does, and say what is half in it."""
    try:
        database = SqliteDatabase(path, bootstrap.utc_now)
    except SlipwayError as error:
        return [f"it does not open: {error}"]
    try:
        return list(_problems(path, database))
    except SlipwayError as error:
        return [str(error)]
    finally:
        database.close()


def _problems(path: Path, database: SqliteDatabase) -> Iterator[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for (said,) in connection.execute("PRAGMA integrity_check"):
            if said != "ok":
                yield f"SQLite says: {said}"
        known = dict(connection.execute("SELECT id, name FROM service"))
        owners = {id_ for (id_,) in connection.execute("SELECT service FROM ledger UNION SELECT service FROM state")}
        if owners - known.keys():
            yield f"rows of {len(owners - known.keys())} services have no head"
        for id_, service in known.items():
            marks = [at for (at,) in connection.execute("SELECT sequence FROM seen WHERE service = ?", (id_,))]
            ledger = database.store.ledger(service, after=0, most=_ALL)
            yield from _of_service(service, database.store.read(service), ledger, marks)


def _of_service(service: str, loaded: Loaded, ledger: Sequence[LedgerRow], marks: list[int]) -> Iterator[str]:
    head = verify(ledger, service=service)
    if (loaded.sequence, loaded.ledger_hash) != (len(ledger), head):
        yield f"{service}: the head is at {loaded.sequence}, the ledger at {len(ledger)}"
    entries = {row.sequence: ENTRIES.decode(row.body) for row in ledger}
    # A report needs no mark: the effect that it took out of the outbox tells that it came. Nor has time that passes.
    wanted = {
        sequence
        for sequence, entry in entries.items()
        if not entry.event_id.endswith(":done") and entry.event_type != "time-passed"
    }
    if not wanted <= set(marks) <= entries.keys():
        yield f"{service}: events are marked as seen by {sorted(marks)}, the ledger has {sorted(wanted)}"
    if service == ESTATE:
        return
    decode_state(ServiceKey.parse(service), loaded.rows, loaded.extra)
    events = {entry.event_id for entry in entries.values()}
    for key, message in loaded.outbox.items():
        sequence, number = (int(part) for part in key.removeprefix(OUTBOX).split("~"))
        effect = effect_id_of(message.body)
        if sequence not in entries or entries[sequence].effects[number : number + 1] != (effect,):
            yield f"{service}: the outbox has {effect} of decision {sequence}, which did not ask for it"
        if f"{effect}:done" in events:
            yield f"{service}: {effect} is reported and in the outbox"
