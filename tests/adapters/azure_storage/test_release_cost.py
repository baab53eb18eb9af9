"""What a release asks of a storage account, counted by a proxy. On Azurite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from shared.app.parts import Timing
from shared.app.sweep import sweep
from tests.support import azurite
from tests.support.app_parts import Harness, branch, make_app
from tests.support.clocked_azure import ClockedAzure
from tests.support.outside import Outside
from tests.workshop.azurite import calls
from tests.workshop.azurite.proxy import StorageProxy

pytestmark = pytest.mark.real("azurite")

MINUTE = timedelta(minutes=1)
MOST = 80
# The clock's row twice, one range of hints, the tips of the one repository, which poison queues there are.
TICK = ["get", "put", "query", "query", "list"]


@pytest.fixture
def proxy() -> StorageProxy:
    """What counts."""
    return azurite.proxy()


@pytest.fixture
def slipway(proxy: StorageProxy, tmp_path: Path) -> Iterator[Harness]:
    """An application at the pace of production, whose service has been released before."""
    outside = Outside()
    database = ClockedAzure(outside.clock, outside.clock.elapsed, connection=proxy.connection)
    with closing(database):
        found = make_app("tables", tmp_path, outside, database=database).start()
        found.release_to("0.9.0")
        found.outside.clock.advance(MINUTE)
        sweep(found.wrap(timing=Timing()).app)
        yield found


def released(slipway: Harness) -> None:
    """Push a release branch, go on until people are asked, say yes, and go on to the end."""
    slipway.push_release("1.0.0")
    slipway.pump(most=timedelta(minutes=20))
    slipway.approve()
    slipway.pump(most=timedelta(minutes=20))


def counted(proxy: StorageProxy, work: Callable[[], object]) -> int:
    """Do the work and return how many requests it took, the receiver's own apart."""
    proxy.clear()
    work()
    return calls.ours(calls.counted(proxy.calls))


def test_a_release_with_two_environments_takes_eighty_operations_at_most(slipway: Harness, proxy: StorageProxy) -> None:
    """From the push to production, with the approval; what the host asks of its queues is its own."""
    number = counted(proxy, lambda: released(slipway))
    told = calls.lines(calls.counted(proxy.calls))

    assert slipway.release("1.0.0").phase == "Released"
    assert number <= MOST, told


def test_looking_again_takes_two_operations(slipway: Harness, proxy: StorageProxy) -> None:
    """A rollout that is not settled, a build that is under way: one read and one message; a hold read anew costs one more."""
    slipway.outside.environments.slow["delivery", "qa", "1.0.0"] = 4
    slipway.outside.builder.slow[branch("1.0.0")] = 4

    number = counted(proxy, lambda: released(slipway))
    told = calls.lines(calls.counted(proxy.calls))

    assert slipway.release("1.0.0").phase == "Released"
    assert number <= MOST + 8 * 3, told


def test_a_release_that_waits_costs_nothing_but_the_tick(slipway: Harness, proxy: StorageProxy) -> None:
    """Nobody looks at it while nothing is due, however many services wait."""
    slipway.push_release("1.0.0")
    slipway.pump(most=timedelta(minutes=20))
    slipway.outside.clock.advance(20 * MINUTE)
    sweep(slipway.app)  # hints of the phases before come due here
    ticks = []
    for _ in range(3):
        slipway.outside.clock.advance(MINUTE)
        proxy.clear()
        sweep(slipway.app)
        ticks.append([call.kind for call in proxy.calls])

    assert slipway.promotion("1.0.0", "production").phase == "Waiting"
    assert ticks == [TICK] * 3
