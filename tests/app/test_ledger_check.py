"""What the check of a ledger finds, in the file that it lies in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shared.app.views.ledger import verify_ledger
from shared.codec.ledger import link
from shared.ports.store import LedgerRow
from tests.support.app_parts import DELIVERY, Harness, make_app

ENTRY = "service = (SELECT id FROM service WHERE name = ?) AND sequence = ?"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Harness]:
    """An application on a file, with a release in its ledger."""
    slipway = make_app("sqlite", tmp_path).start()
    slipway.release_to("1.0.0")
    yield slipway
    slipway.database.close()


class AfterReading:
    """A store in which something happens just after the first reading of a service."""

    def __init__(self, store: Any, happens: Callable[[], object]) -> None:
        self._store, self._happens = store, [happens]

    def read(self, service: str, **how: Any) -> Any:
        """See Store."""
        found = self._store.read(service, **how)
        if self._happens:
            self._happens.pop()()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def last(slipway: Harness) -> LedgerRow:
    """The newest entry as it is stored."""
    rows: Sequence[LedgerRow] = slipway.app.store.ledger(str(DELIVERY), after=0, most=500)
    return rows[-1]


def change(folder: Path, statement: str, *values: object) -> None:
    """Do what somebody with the file in hand can do."""
    with closing(sqlite3.connect(folder / "slipway.db")) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


def test_a_ledger_that_was_cut_at_its_end_shows(kept: Harness, tmp_path: Path) -> None:
    """What is left holds together, and is less than what was written."""
    end = last(kept)
    whole = verify_ledger(kept.app, DELIVERY)
    change(tmp_path, f"DELETE FROM ledger WHERE {ENTRY}", str(DELIVERY), end.sequence)

    cut = verify_ledger(kept.app, DELIVERY)

    assert (whole.intact, whole.fault, whole.head) == (True, "", end.hash)
    assert (cut.intact, cut.entries, cut.head) == (False, end.sequence - 1, end.previous)
    assert cut.fault == f"the ledger of {DELIVERY} ends at entry {end.sequence - 1}; {end.sequence} were written"


def test_a_last_entry_that_was_written_anew_with_its_hash_shows(kept: Harness, tmp_path: Path) -> None:
    """The chain fits; the head that its decision left does not."""
    end = last(kept)
    body = end.body.replace(b'"at":"2', b'"at":"3')
    assert body != end.body
    change(
        tmp_path,
        f"UPDATE ledger SET body = ?, hash = ? WHERE {ENTRY}",
        *(body, bytes.fromhex(link(end.previous, body)), str(DELIVERY), end.sequence),
    )

    found = verify_ledger(kept.app, DELIVERY)

    assert (found.intact, found.entries) == (False, end.sequence)
    assert found.fault.startswith(f"entry {end.sequence} of {DELIVERY} is not the one that was written last")


def test_an_entry_that_is_written_during_the_check_is_no_fault(slipway: Harness) -> None:
    """The head is as old as the check's beginning."""
    slipway.push_release("1.0.0")
    store = slipway.app.store
    seen = store.read(str(DELIVERY)).sequence
    slipway.wrap(store=AfterReading(store, slipway.pump))

    found = verify_ledger(slipway.app, DELIVERY)

    assert (found.intact, found.entries > seen) == (True, True)
