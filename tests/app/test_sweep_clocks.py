"""The minute tick under a clock that is set, and beside a host whose clock is behind: no hint is lost, nothing fires twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.app.handling.handle_event import handle
from shared.app.sweep import sweep
from shared.codec import clock
from shared.domain.messages.events import TimePassed
from shared.domain.state.phases import Phase, ReleasePhase
from shared.ports.store import Due
from tests.support.app_looks import all_but, hints
from tests.support.app_parts import DELIVERY, PACKAGE, Harness
from tests.support.outside import MAIN, SLIPWAY_YAML

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
APART = 5 * MINUTE
# 23 November is a Monday, noon: the window is open from 16:00.
FROZEN = SLIPWAY_YAML + (
    'freezes: [{environments: [production], cron: "0 16 * * 1", duration: 20h, timezone: UTC, reason: month end}]\n'
)


class During:
    """A store in which something happens once, right after a call of one name."""

    def __init__(self, store: Any, name: str, happens: Callable[[], object]) -> None:
        self._store, self._name, self._happens = store, name, [happens]

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name != self._name:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            result = found(*args, **kwargs)
            if self._happens:
                self._happens.pop()()
            return result

        return call


def building(slipway: Harness) -> None:
    """Have a release whose build never reports, and whose hint is two hours ahead."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("build"))
    slipway.app.store.remove_due([row.key for row in hints(slipway) if row.at <= slipway.app.now()])


def frozen(slipway: Harness) -> None:
    """Have an approved release that waits for the end of a freeze."""
    slipway.push(MAIN, {"slipway.yaml": FROZEN.encode()})
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.clock.advance(5 * HOUR)
    slipway.approve()
    assert slipway.promotion("1.0.0", "production").phase is Phase.WAITING


def only_the_freeze(slipway: Harness) -> datetime:
    """Have a release that waits for people, with the start of the freeze as its only hint; return that time."""
    slipway.push(MAIN, {"slipway.yaml": FROZEN.encode()})
    slipway.release_to("1.0.0", approve=False)
    slipway.app.store.remove_due([row.key for row in (*hints(slipway), *hints(slipway, PACKAGE))])
    handle(slipway.app, TimePassed(id="look", service=DELIVERY))
    [start] = [row.at for row in hints(slipway) if row.what == "freeze"]
    return start


@pytest.mark.parametrize("back", [5 * HOUR, 23 * HOUR])
def test_what_may_go_on_by_a_clock_that_was_set_back_goes_on_at_the_next_tick(
    slipway: Harness, back: timedelta
) -> None:
    """Its hint lies at the end of the window, which the clock is not in any more."""
    frozen(slipway)
    slipway.tick(MINUTE)
    slipway.outside.clock.set(-back)

    slipway.tick(MINUTE)

    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED


def test_an_approval_of_a_month_ahead_is_asked_again_at_the_next_tick(slipway: Harness) -> None:
    """Nothing else would have looked at it for that month."""
    frozen(slipway)
    slipway.tick(MINUTE)
    slipway.outside.clock.set(-31 * DAY)

    slipway.tick(MINUTE)

    asked = slipway.promotion("1.0.0", "production").approval
    assert asked is not None
    assert (asked.granted, asked.round) == (None, 2)


def test_a_clock_that_was_set_back_is_noticed_once(slipway: Harness) -> None:
    """Every service is looked at in that tick, and none in the next."""
    slipway.tick(HOUR)
    slipway.outside.clock.set(-HOUR)
    looked: list[str] = []

    for _ in range(3):
        store = slipway.app.store
        sweep(slipway.wrap(store=During(store, "services", lambda: looked.append("all"))).app)
        slipway.wrap(store=store)
        slipway.outside.clock.advance(MINUTE)

    assert looked == ["all"]


@pytest.mark.parametrize("apart", [-APART, APART])
def test_hosts_a_few_minutes_apart_are_no_clock_that_was_set(slipway: Harness, apart: timedelta) -> None:
    """Ticks of both come by turns; neither looks at all services."""
    looked: list[str] = []
    store = slipway.app.store
    for _ in range(4):
        slipway.tick(MINUTE)
        slipway.outside.clock.set(apart)
        sweep(slipway.wrap(store=During(store, "services", lambda: looked.append("all"))).app)
        slipway.wrap(store=store)
        slipway.outside.clock.set(-apart)

    assert looked == []


def test_a_mark_that_cannot_be_read_keeps_no_service_waiting(slipway: Harness) -> None:
    """A newer Slipway wrote what the clock showed."""
    building(slipway)
    slipway.app.rows.overwrite(clock.PARTITION, clock.ROW, b'{"schema":99}')

    slipway.tick(2 * HOUR)

    assert slipway.release("1.0.0").phase is ReleasePhase.ERRORED


def test_a_hint_outlives_a_clock_that_is_set_back_while_it_is_looked_at(slipway: Harness) -> None:
    """It was read as due, and by the time of the look it is not: it comes again."""
    building(slipway)
    slipway.outside.clock.advance(2 * HOUR)
    store = slipway.app.store
    sweep(slipway.wrap(store=During(store, "due", lambda: slipway.outside.clock.set(-MINUTE))).app)
    slipway.wrap(store=store)
    early = slipway.release("1.0.0").phase

    slipway.tick(MINUTE)

    assert early is ReleasePhase.PACKAGING
    assert slipway.release("1.0.0").phase is ReleasePhase.ERRORED


def test_a_hint_outlives_a_host_that_asks_for_it_while_another_looks(slipway: Harness) -> None:
    """The one behind decides by its clock that the freeze is not on yet, and relies on the hint that is being removed."""
    start = only_the_freeze(slipway)
    slipway.outside.clock.set(start - slipway.app.now())
    store = slipway.app.store

    def behind() -> None:
        slipway.outside.clock.set(-APART)
        handle(slipway.app, TimePassed(id="behind", service=DELIVERY))
        slipway.outside.clock.set(APART)

    sweep(slipway.wrap(store=During(store, "transact", behind)).app)
    slipway.wrap(store=store)

    paused = slipway.promotion("1.0.0", "production").paused_since
    assert paused is not None or [row for row in hints(slipway) if row.at == start]
    assert [row for row in hints(slipway) if row.at > start]


def test_a_time_that_comes_twice_is_looked_at_twice(slipway: Harness) -> None:
    """The same hint in the same minute of the same day, once more because the clock was set back."""
    start = only_the_freeze(slipway)

    def look_at_the_start() -> bool:
        slipway.outside.clock.set(start - slipway.app.now())
        sweep(slipway.app)
        return slipway.promotion("1.0.0", "production").paused_since is not None

    first = look_at_the_start()
    slipway.outside.clock.set(-HOUR)
    sweep(slipway.app)
    between = slipway.promotion("1.0.0", "production").paused_since

    assert (first, between, look_at_the_start()) == (True, None, True)


@pytest.mark.parametrize("jump", [-31 * DAY, -DAY, -HOUR, -timedelta(seconds=3), HOUR, DAY, 31 * DAY])
def test_whatever_the_clock_does_a_deadline_fires_once(slipway: Harness, jump: timedelta) -> None:
    """Not before the clock shows it, and the first time that it does."""
    building(slipway)
    slipway.outside.clock.set(jump)
    sweep(slipway.app)
    before = slipway.release("1.0.0").phase
    for _ in range(3):
        slipway.tick(max(timedelta(0), 2 * HOUR - jump))
        slipway.outside.clock.set(-MINUTE)

    fired = [note for entry in slipway.timeline() for note in entry.notes if "Errored" in note]
    assert (before is ReleasePhase.ERRORED) is (jump >= 2 * HOUR)
    assert len(fired) == 1


def test_a_hint_of_a_host_ahead_is_looked_at_by_the_one_behind(slipway: Harness) -> None:
    """Five minutes late at most, by its own clock."""
    slipway.outside.clock.set(APART)
    building(slipway)
    slipway.app.store.add_due(str(DELIVERY), Due(at=slipway.app.now(), what="request"))
    slipway.outside.clock.set(-APART)
    slipway.outside.clock.advance(2 * HOUR)
    sweep(slipway.app)
    early = slipway.release("1.0.0").phase

    slipway.tick(APART)

    assert early is ReleasePhase.PACKAGING
    assert slipway.release("1.0.0").phase is ReleasePhase.ERRORED
    assert [row for row in hints(slipway) if row.what == "request"] == []
