"""The ledger as people read it, and the check that nothing in it was changed or cut off."""

from __future__ import annotations

from collections.abc import Sequence

from shared.app.operating.anchor import AnchorsCompared, anchored_heads
from shared.app.parts import App
from shared.app.views.records import PersonView
from shared.app.views.view import View
from shared.codec.errors import BrokenLedger, UnreadableRecord
from shared.codec.ledger import ENTRIES, GENESIS, verify
from shared.domain.drafts.decision import Outcome
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import Time
from shared.ports.store import LedgerRow, Loaded

_PAGE = 500


class EntryView(View):
    """A ledger entry with its place in the chain; `ref` and `commit` are of a push.

    `estate` is the last entry of the holds' ledger that the decision saw, 0 where there was none.
    """

    sequence: int
    at: Time
    type: str
    outcome: Outcome
    person: PersonView | None
    reason: str
    notes: tuple[str, ...]
    effects: tuple[str, ...]
    correlation: str
    ref: str
    commit: str
    estate: int
    hash: str
    previous: str


class LedgerPage(View):
    """Entries in order; `next` is what to ask for after them, None at the end."""

    entries: tuple[EntryView, ...]
    next: int | None


class Verified(View):
    """How many entries were checked, the last hash that holds, and what does not.

    `anchored` is the last entry that an anchor names, 0 where none does; `anchors_compared` are the days' anchors that were read.
    """

    entries: int
    head: str
    intact: bool
    fault: str
    anchored: int
    anchors_compared: int


def ledger_page(app: App, service: ServiceKey | str, *, after: int, most: int) -> LedgerPage:
    """Read entries above a sequence, of a service or of the partition with people's holds."""
    rows = app.store.ledger(str(service), after=after, most=most + 1)
    shown = rows[:most]
    more = len(rows) > len(shown)
    return LedgerPage(entries=tuple(_entry(row) for row in shown), next=shown[-1].sequence if more and shown else None)


def verify_ledger(app: App, service: ServiceKey | str) -> Verified:
    """Check the whole chain, page by page, that it reaches the head that its decisions left, and what anchors say of it.

    Head and anchors are read first: entries that are written meanwhile come after them.
    """
    name, stored = str(service), app.store.read(str(service))
    compared = anchored_heads(app, name)
    entries, head, fault = 0, GENESIS, ""
    while not fault and (rows := app.store.ledger(name, after=entries, most=_PAGE)):
        try:
            head = verify(rows, previous=head, sequence=entries, service=name)
        except (BrokenLedger, UnreadableRecord) as error:
            fault = str(error)
            break
        entries = rows[-1].sequence
        fault = _other_than_written(name, rows, stored) or _other_than_anchored(name, rows, compared)
    if not fault and entries < max(stored.sequence, compared.last):
        fault = f"the ledger of {name} ends at entry {entries}; {max(stored.sequence, compared.last)} were written"
    return Verified(
        entries=entries,
        head=head,
        intact=not (fault or compared.fault),
        fault=fault or compared.fault,
        anchored=compared.last,
        anchors_compared=compared.anchors,
    )


def _other_than_written(name: str, rows: Sequence[LedgerRow], stored: Loaded) -> str:
    if any(row.sequence == stored.sequence and row.hash != stored.ledger_hash for row in rows):
        return f"entry {stored.sequence} of {name} is not the one that was written last: its hash is another"
    return ""


def _other_than_anchored(name: str, rows: Sequence[LedgerRow], compared: AnchorsCompared) -> str:
    for row in rows:
        hash_, day = compared.heads.get(row.sequence, (row.hash, ""))
        if row.hash != hash_:
            return f"entry {row.sequence} of {name} is not the one that was anchored on {day}: its hash is another"
    return ""


def _entry(row: LedgerRow) -> EntryView:
    entry = ENTRIES.decode(row.body)
    detail = {name: entry.detail_of(name) for name in ("ref", "commit")}
    return EntryView.of(row, entry, type=entry.event_type, **detail)
