"""Each source is compared in its own time: a disk at every tick, a network as seldom as it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.sweep import sweep
from shared.ports.errors import Transient
from shared.ports.store import StoreUnavailable
from tests.support.app_looks import queued
from tests.support.app_parts import Harness

FEATURE = "refs/heads/feature/delivery/x"
MINUTE, TEN = timedelta(minutes=1), timedelta(minutes=10)


@pytest.fixture
def network(slipway: Harness) -> Harness:
    """An application whose source lies behind a network, compared at this moment."""
    slipway.outside.source.reconcile_every = TEN
    return slipway.tick()


def seen_after(slipway: Harness, *ticks: timedelta) -> list[bool]:
    """Push without telling anybody; whether that was seen after each tick."""
    slipway.outside.commit(FEATURE, {"x": b"1"})
    seen = []
    for after in ticks:
        slipway.outside.clock.advance(after)
        sweep(slipway.app)
        seen.append(queued(slipway, "inspect-push") > 0)
    return seen


def test_a_disk_is_compared_at_every_tick(slipway: Harness) -> None:
    """A minute is what it asks for."""
    assert seen_after(slipway, MINUTE) == [True]


def test_a_network_is_compared_when_its_own_time_has_come(network: Harness) -> None:
    """Ten ticks later, and not before."""
    assert seen_after(network, *[MINUTE] * 10) == [False] * 9 + [True]


def test_a_tick_that_comes_early_does_not_put_it_off_to_the_next(network: Harness) -> None:
    """A timer is never exact; otherwise ten minutes would be eleven."""
    assert seen_after(network, TEN - timedelta(seconds=2)) == [True]


def test_its_time_counts_from_when_it_was_compared(network: Harness) -> None:
    """Not from the first tick."""
    first = seen_after(network, TEN)
    network.pump()
    network.outside.commit(FEATURE, {"x": b"2"})
    again = seen_after(network, TEN - MINUTE, MINUTE)

    assert (first, again) == ([True], [False, True])


def test_a_network_that_fails_is_asked_again_in_its_own_time(network: Harness) -> None:
    """Not each minute: it may be that it has enough of us."""
    network.outside.troubles.add("source", Transient("429"))
    failed = seen_after(network, TEN)

    assert (failed, seen_after(network, *[MINUTE] * 10)) == ([False], [False] * 9 + [True])


def test_what_could_not_be_kept_is_compared_at_the_next_tick(network: Harness) -> None:
    """It was not the source that failed."""
    network.outside.troubles.add("source", StoreUnavailable("gone"))

    assert seen_after(network, TEN, MINUTE) == [False, True]


def test_a_clock_that_was_set_back_keeps_nobody_waiting(network: Harness) -> None:
    """When it was compared lies in the future then."""
    assert seen_after(network, timedelta(days=-1)) == [True]
