"""Records as JSON, and the ledger as it is read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec
import pytest

from shared.app.operating.operate import add_hold
from shared.app.people.authorize import viewer
from shared.app.views.ledger import ledger_page, verify_ledger
from shared.app.views.read_status import release
from shared.app.views.view import View, encode, members
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase
from shared.domain.values.person import Person
from shared.domain.values.records import Time
from shared.ports.store import LedgerRow, Loaded
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.outside import RITA, SLIPWAY_YAML, Outside


class Inner(View):
    """A record within another, which leaves something out."""

    id: str


class Shown(View):
    """Something with a member of each kind."""

    phase: Phase
    at: Time
    person: Inner | None
    people: tuple[Inner, ...]
    version: str | None = None


ADA = Person(id="ada", name="Ada", mails=("ada@example.com",))


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What it is made from."""

    phase: Phase = Phase.WAITING
    at: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)
    person: Person | None = ADA
    people: tuple[Person, ...] = ()


def test_an_answer_is_made_from_a_record_and_shows_what_it_declares() -> None:
    """Times in UTC, words as texts, nothing as null; a person without their mails."""
    shown = Shown.of(Stored(), version=None)

    assert shown == Shown(phase=Phase.WAITING, at=Stored().at, person=Inner(id="ada"), people=())
    assert encode(shown) == (
        b'{"phase":"Waiting","at":"2026-11-23T12:00:00Z","person":{"id":"ada"},"people":[],"version":null}'
    )
    assert members(Inner(id="x")) == {"id": "x"}


def test_the_first_record_that_has_a_field_gives_it_and_what_is_said_goes_before_them() -> None:
    """A field that none of them has is never left empty in silence, also where it has a default."""
    first, second = Stored(person=None), Stored(phase=Phase.FAILED, people=(Person(id="bob", name="Bob"),))

    assert Shown.of(first, second, phase=Phase.SKIPPED, version="1.0.0") == Shown(
        phase=Phase.SKIPPED, at=first.at, person=None, people=(), version="1.0.0"
    )
    assert Shown.of(Inner(id="x"), second, version=None).people == (Inner(id="bob"),)
    with pytest.raises(AttributeError, match="version"):
        Shown.of(first, second)


def test_what_no_view_declares_is_not_said_in_vain() -> None:
    """A misspelt name would leave the record's own."""
    with pytest.raises(TypeError, match="has no field versoin"):
        Shown.of(Stored(), versoin="1.0.0", version=None)


def test_a_record_that_is_not_as_declared_makes_no_answer() -> None:
    """The document would not be true of it."""
    with pytest.raises(msgspec.ValidationError, match="person"):
        Shown.of(Stored(), person=5, version=None)


class Forged:
    """A store in which somebody rewrote an entry."""

    def __init__(self, slipway: Harness, sequence: int) -> None:
        self._store, self._sequence = slipway.app.store, sequence

    def read(self, service: str) -> Loaded:
        """See Store."""
        return self._store.read(service)

    def ledger(self, service: str, *, after: int, most: int, exact: bool = True) -> Sequence[LedgerRow]:
        """See Store."""
        rows = self._store.ledger(service, after=after, most=most)
        return [replace(one, body=b"{}") if one.sequence == self._sequence else one for one in rows]


def test_an_entry_that_was_rewritten_shows(slipway: Harness) -> None:
    """With what still holds before it."""
    slipway.release_to("1.0.0")
    whole = verify_ledger(slipway.app, DELIVERY)

    found = verify_ledger(slipway.wrap(store=Forged(slipway, 4)).app, DELIVERY)

    assert (whole.intact, whole.entries > 4) == (True, True)
    assert found.intact is False
    assert "4" in found.fault


def test_a_ledger_without_entries_is_whole(fresh: Harness) -> None:
    """There is nothing to read either."""
    assert verify_ledger(fresh.app, DELIVERY).intact
    assert ledger_page(fresh.app, DELIVERY, after=0, most=0).next is None


def test_who_has_approved_is_told_so(slipway: Harness) -> None:
    """Where it takes two."""
    outside = Outside(slipway_yaml=SLIPWAY_YAML.replace("minimum: 1", "minimum: 2"))
    two = make_app("memory", slipway.app.scratch, outside).start()
    two.release_to("1.0.0", approve=False)
    two.answer(RITA)

    found = release(two.app, DELIVERY, "1.0.0", viewer=viewer(RITA, (), frozenset({"Slipway.Approve"})))

    approval = found.promotions[1].approval
    assert approval is not None
    assert (approval.objection, len(approval.votes), approval.minimum) == ("you have approved this already", 1, 2)


def test_a_rollback_does_not_show_what_keeps_the_redeployment_behind_it(slipway: Harness) -> None:
    """Both are of one release and under way in one environment; a hold keeps the one only."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    add_hold(slipway.app, slipway.caller("holds"), scope="everything", reason="look", until=None)
    slipway.ask(ev.RedeployRequested, environment="production", version="")
    slipway.ask(ev.RollbackRequested, environment="production", reason="it is slow", to="")

    shown = release(slipway.app, DELIVERY, "1.1.0", viewer=None).promotions[-2:]

    kept = {str(one.kind): {each.gate for each in one.blockers} for one in shown}
    assert kept["redeploy"] >= {"hold", "slot"}
    assert kept["rollback"] == {"facts"}
