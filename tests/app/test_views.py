"""Records as JSON, and the ledger as it is read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.app.authorize import viewer
from shared.app.operate import add_hold
from shared.app.read_status import release
from shared.app.views.ledger import ledger_page, verify_ledger
from shared.app.views.plain import members, plain
from shared.domain import events as ev
from shared.domain.names import Digest
from shared.domain.phases import Phase
from shared.domain.version import Version
from shared.ports.store import LedgerRow, Loaded
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.outside import RITA, SLIPWAY_YAML, Outside


@dataclass(frozen=True)
class Record:
    """Something with a field of each kind."""

    phase: Phase
    at: datetime
    took: timedelta
    digest: Digest
    versions: tuple[Version, ...]
    names: dict[str, int | None]


def test_a_record_is_an_object_with_its_fields() -> None:
    """Times in UTC, durations in seconds, everything else as its text."""
    digest = "sha256:" + "a" * 64
    record = Record(
        phase=Phase.WAITING,
        at=datetime(2026, 11, 23, 12, tzinfo=UTC),
        took=timedelta(minutes=2),
        digest=Digest(digest),
        versions=(Version("1.0.0"),),
        names={"a": 1, "b": None},
    )

    assert members(record) == {
        "phase": "Waiting",
        "at": "2026-11-23T12:00:00.000000Z",
        "took": 120,
        "digest": digest,
        "versions": ["1.0.0"],
        "names": {"a": 1, "b": None},
    }
    assert plain([record.phase, True, None, "x"]) == ["Waiting", True, None, "x"]


class Forged:
    """A store in which somebody rewrote an entry."""

    def __init__(self, slipway: Harness, sequence: int) -> None:
        self._store, self._sequence = slipway.app.store, sequence

    def read(self, service: str) -> Loaded:
        """See Store."""
        return self._store.read(service)

    def ledger(self, service: str, *, after: int, most: int) -> Sequence[LedgerRow]:
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
