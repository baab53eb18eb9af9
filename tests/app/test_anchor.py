"""Ledgers anchored day by day, and what their check says after somebody with the database in hand rewrote one."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.sqlite.packed import LEDGER, pack
from shared.app.operating.anchor import MOST_DAYS, anchor
from shared.app.operating.operate import ESTATE, add_hold
from shared.app.views.health import AnchorsView, health
from shared.app.views.ledger import Verified, verify_ledger
from shared.codec.anchor import decode_anchor, digest
from shared.codec.ledger import ENTRIES, GENESIS, LedgerEntry, link
from shared.domain.drafts.decision import Outcome
from tests.contracts.memory.anchors import MemoryAnchors
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, make_app
from tests.support.clock import NOON
from tests.support.log_lines import log_lines
from tests.support.stores import a_write, always

DAY = timedelta(days=1)
FIRST = LedgerEntry(
    sequence=1, at=NOON, service="shipping~young", event_type="time-passed", event_id="e1", outcome=Outcome.NOTED
)


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """An application on a file with a release, and a place for anchors."""
    made = make_app("sqlite", tmp_path).start().wrap(anchors=MemoryAnchors())
    made.release_to("1.0.0")
    yield made
    made.database.close()


def kept(slipway: Harness) -> Any:
    """Where anchors are kept."""
    return slipway.app.anchors


def days(slipway: Harness, count: int) -> None:
    """Let days pass, each with its anchor."""
    for _ in range(count):
        anchor(slipway.app)
        slipway.outside.clock.advance(DAY)


def shown(slipway: Harness) -> AnchorsView:
    """What health says of anchors."""
    found = health(slipway.app).anchors
    assert found is not None
    return found


def rewrite(slipway: Harness, tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], cut: int = 0) -> None:
    """Write a whole ledger anew with another story in it, so that its chain and its head hold together."""
    rows = list(slipway.app.store.ledger(str(DELIVERY), after=0, most=10_000))
    previous = GENESIS
    place = "service = (SELECT id FROM service WHERE name = ?)"
    with closing(sqlite3.connect(tmp_path / "slipway.db")) as connection, connection:
        connection.execute(f"DELETE FROM ledger WHERE {place}", (str(DELIVERY),))
        for row in rows[: len(rows) - cut]:
            body = json.dumps(change(json.loads(row.body)), sort_keys=True, separators=(",", ":")).encode()
            previous = link(previous, body)
            connection.execute(
                "INSERT INTO ledger SELECT id, ?, ?, ? FROM service WHERE name = ?",
                (row.sequence, bytes.fromhex(previous), pack(LEDGER, body), str(DELIVERY)),
            )
        connection.execute(
            "UPDATE service SET sequence = ?, hash = ? WHERE name = ?",
            (len(rows) - cut, bytes.fromhex(previous), str(DELIVERY)),
        )
    # Another process looks at it.
    slipway.database.close()
    slipway.database = make_app("sqlite", tmp_path, slipway.outside).database
    slipway.wrap(store=slipway.database.store, rows=slipway.database.rows, queues=slipway.database.queues)


def by_somebody_else(entry: dict[str, Any]) -> dict[str, Any]:
    """The same entry, approved by another person."""
    return {**entry, "person": {**entry["person"], "name": "Nobody"}} if "person" in entry else entry


def checked(slipway: Harness) -> Verified:
    """What the check of the ledger says."""
    return verify_ledger(slipway.app, DELIVERY)


def test_a_ledger_that_was_rewritten_whole_passes_without_anchors(slipway: Harness, tmp_path: Path) -> None:
    """Its chain is a good one: that is why anchors are kept elsewhere."""
    days(slipway, 1)
    rewrite(slipway, tmp_path, by_somebody_else)
    slipway.wrap(anchors=None)

    found = checked(slipway)

    assert (found.intact, found.fault, found.anchored, found.anchors_compared) == (True, "", 0, 0)


def test_a_ledger_that_was_rewritten_whole_does_not_fit_its_anchor(slipway: Harness, tmp_path: Path) -> None:
    """The entry that was last on that day is another one now."""
    length = len(slipway.timeline())
    days(slipway, 1)
    rewrite(slipway, tmp_path, by_somebody_else)

    found = checked(slipway)

    assert not found.intact
    assert found.fault.startswith(f"entry {length} of {DELIVERY} is not the one that was anchored on 2026-")
    assert (found.anchored, found.anchors_compared) == (length, 1)


def test_a_ledger_whose_end_was_taken_away_with_its_head_does_not_fit_its_anchor(
    slipway: Harness, tmp_path: Path
) -> None:
    """What is left holds together."""
    length = len(slipway.timeline())
    days(slipway, 1)
    rewrite(slipway, tmp_path, dict, cut=2)

    found = checked(slipway)

    assert found.fault == f"the ledger of {DELIVERY} ends at entry {length - 2}; {length} were written"
    assert not found.intact


def test_a_ledger_that_is_as_it_was_written_fits_every_anchor(slipway: Harness) -> None:
    """Entries that came after the last anchor are checked by the chain alone."""
    days(slipway, 2)
    anchored = len(slipway.timeline())
    days(slipway, 1)
    slipway.release_to("1.0.1")

    found = checked(slipway)

    assert (found.intact, found.anchored, found.anchors_compared) == (True, anchored, 3)
    assert found.entries == len(slipway.timeline()) > anchored


def test_holds_by_people_are_anchored_too(slipway: Harness) -> None:
    """Their ledger is one like the others."""
    add_hold(slipway.app, slipway.caller("holds", "k"), scope="everything", reason="audit", until=None)
    days(slipway, 1)

    found = verify_ledger(slipway.app, ESTATE)

    assert (found.intact, found.anchored, found.anchors_compared) == (True, 1, 1)


def test_a_day_has_one_anchor_that_names_the_one_before(slipway: Harness) -> None:
    """Anchors chain by the hash of what is kept; anybody can read them with zcat."""
    days(slipway, 1)
    anchor(slipway.app)
    anchor(slipway.app)

    newer, older = kept(slipway).newest(most=5)
    made = json.loads(gzip.decompress(kept(slipway).get(newer)))["record"]
    last = slipway.app.store.ledger(str(DELIVERY), after=0, most=500)[-1]
    assert (made["previous"], made["previous_sha256"]) == (older, digest(kept(slipway).get(older)))
    assert dict(made["heads"])[str(DELIVERY)] == [last.sequence, last.hash]


def test_the_next_day_finds_what_was_rewritten_and_health_shows_it(slipway: Harness, tmp_path: Path) -> None:
    """Without anybody asking for a check; it goes on being shown for a month, and being anchored."""
    days(slipway, 1)
    length = len(slipway.timeline())
    rewrite(slipway, tmp_path, by_somebody_else)

    with log_lines() as lines:
        days(slipway, 2)

    [warned] = [one for one in lines if one["event"] == "ledger.changed"]
    said = f"{DELIVERY}: entry {length} is not the one that was anchored on"
    assert warned["ledger"] == str(DELIVERY)
    assert shown(slipway).faults[0].startswith(said)
    assert health(slipway.app).status == "degraded"
    days(slipway, MOST_DAYS)
    assert shown(slipway).faults == ()


def test_the_next_day_finds_a_ledger_that_was_cut_and_one_that_is_gone(slipway: Harness, tmp_path: Path) -> None:
    """Both end before what was anchored."""
    slipway.release_to("1.0.0", PACKAGE)
    days(slipway, 1)
    rewrite(slipway, tmp_path, dict, cut=1)
    with closing(sqlite3.connect(tmp_path / "slipway.db")) as connection, connection:
        connection.execute("UPDATE service SET sequence = 0 WHERE name = ?", (str(PACKAGE),))

    anchor(slipway.app)

    assert [one.split(";")[0].split(":")[1] for one in shown(slipway).faults] == [
        f" ends at entry {len(slipway.timeline())}",
        " ends at entry 0",
    ]


def test_a_ledger_that_is_younger_than_the_last_anchor_is_checked_by_its_chain(slipway: Harness) -> None:
    """There is nothing yet to compare it with, and the check says so."""
    add_hold(slipway.app, slipway.caller("holds", "k"), scope="everything", reason="audit", until=None)
    days(slipway, 1)
    [name] = kept(slipway).newest(most=1)
    young = make_young(slipway)

    found = verify_ledger(slipway.app, young)

    assert young not in dict(decode_anchor(kept(slipway).get(name)).heads)
    assert (found.intact, found.anchored, found.anchors_compared) == (True, 0, 1)
    assert found.entries == 1


def make_young(slipway: Harness) -> str:
    """A ledger that begins now."""
    slipway.app.store.transact("shipping~young", "e1", always(a_write(entry=ENTRIES.encode(FIRST))))
    return "shipping~young"
