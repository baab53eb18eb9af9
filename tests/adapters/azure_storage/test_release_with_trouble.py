"""A whole release while the account has its bad days: it goes on by itself, and nothing is done twice. On Azurite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from shared.app.sweep import sweep
from shared.codec.chain import GENESIS, link
from shared.ports.store import StoreUnavailable
from tests.support import azurite
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.clocked_azure import ClockedAzure
from tests.support.outside import Outside
from tests.workshop.azurite.calls import Call
from tests.workshop.azurite.faults import LOST_ANSWER, Fault, Late, Refused
from tests.workshop.azurite.proxy import StorageProxy

pytestmark = [pytest.mark.real("azurite"), pytest.mark.slow]

MOST, OUTAGE, SECOND = timedelta(minutes=2), timedelta(minutes=3), timedelta(seconds=1)
AWAY = Refused(status=503, code="ServerBusy", retry_after=30)
MANY, AT_LEAST = 1000, 6


@pytest.fixture
def proxy() -> Iterator[StorageProxy]:
    """What makes the trouble."""
    found = azurite.proxy()
    yield found
    found.heal()


@pytest.fixture
def slipway(proxy: StorageProxy, tmp_path: Path) -> Iterator[Harness]:
    """An application with nothing released."""
    outside = Outside()
    with closing(ClockedAzure(outside.clock, outside.clock.elapsed, connection=proxy.connection)) as database:
        yield make_app("tables", tmp_path, outside, database=database).start()


class EveryOther:
    """Chooses the first, the third, the fifth batch: of what is sent twice, the first."""

    def __init__(self) -> None:
        self._number = 0
        self._last: Call | None = None

    def __call__(self, call: Call) -> bool:
        if call.kind == "batch" and call is not self._last:
            self._number, self._last = self._number + 1, call
        return call.kind == "batch" and self._number % 2 == 1


@pytest.mark.parametrize("fault", [Late(before="query"), Late(before="batch"), Late(after="batch"), LOST_ANSWER])
def test_a_release_whose_batches_arrive_late_goes_on_by_itself(
    slipway: Harness, proxy: StorageProxy, fault: Fault
) -> None:
    """No tick makes up for anything, each event is in the ledger once, and no effect is left."""
    proxy.have(fault, EveryOther(), times=MANY)
    slipway.push_release("1.0.0")
    slipway.pump(most=MOST)
    slipway.approve()
    slipway.pump(most=MOST)
    happened = MANY - proxy.heal()

    assert slipway.release("1.0.0").phase == "Released"
    assert happened >= AT_LEAST
    assert_told_once(slipway)
    applied = {place: len(written) for place, written in slipway.outside.environments.applied.items()}
    assert applied == {"qa/delivery": 1, "production/delivery": 1}
    assert not slipway.app.store.read(str(DELIVERY)).outbox


def test_a_release_goes_on_after_its_tables_were_away_before_every_message(
    slipway: Harness, proxy: StorageProxy
) -> None:
    """For minutes each time: every message is delivered more often than may fail, and none fails once."""
    slipway.push_release("1.0.0")
    put_back = through_outages(slipway, proxy)
    slipway.approve()
    put_back += through_outages(slipway, proxy)

    assert slipway.release("1.0.0").phase == "Released"
    assert put_back > 5 * 20
    assert_told_once(slipway)
    assert not slipway.app.store.read(str(DELIVERY)).outbox


def through_outages(slipway: Harness, proxy: StorageProxy) -> int:
    """Have the tables away, with ticks that fail, and back for a single message, until none is left; count who was put back."""
    number = 0
    while slipway.waiting():
        proxy.have(AWAY, lambda call: call.service == "table", times=MANY)
        proxy.clear()
        slipway.pump(most=OUTAGE)
        number += [call.kind for call in proxy.calls].count("send")
        with pytest.raises(StoreUnavailable):
            sweep(slipway.app)
        assert proxy.heal()
        while not slipway.deliver_one() and slipway.waiting():
            slipway.outside.clock.advance(SECOND)
    return number


def assert_told_once(slipway: Harness) -> None:
    """The ledger is one chain, and names no event twice."""
    previous, events = GENESIS, [entry.event_id for entry in slipway.timeline()]
    for row in slipway.app.store.ledger(str(DELIVERY), after=0, most=MANY):
        assert (row.previous, row.hash) == (previous, link(previous, row.body))
        previous = row.hash
    assert len(events) == len(set(events))
