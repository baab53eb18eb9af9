"""What failed lately is on the first page, however much failed before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.handling.failures import MOST_SHOWN, note_failure, recent_failures
from shared.domain.state.failure import SHOWN_FOR, partitions_at
from shared.ports.statuses import CommitState, CommitStatus
from tests.support.app_parts import Harness

COMMIT = "b" * 40


def noted(slipway: Harness, service: str, state: CommitState = CommitState.FAILED, context: str = "slipway/x") -> None:
    """Say of a service that something ended so."""
    note_failure(slipway.app, "shop", service, COMMIT, CommitStatus(context=context, state=state, description="why"))


def shown(slipway: Harness) -> list[str]:
    """The services of what is shown."""
    return [one.service for one in recent_failures(slipway.app)]


def test_what_failed_is_shown_newest_first(slipway: Harness) -> None:
    """What succeeded or runs is no failure."""
    for number, state in enumerate(CommitState):
        noted(slipway, f"s{number}", state)
        slipway.outside.clock.advance(timedelta(minutes=1))

    names = {state: f"s{number}" for number, state in enumerate(CommitState)}
    assert shown(slipway) == [names[CommitState.ERROR], names[CommitState.FAILED]]


@pytest.mark.parametrize("hours", [0, 3, 5, 11])
def test_what_failed_hours_ago_is_shown_for_half_a_day(slipway: Harness, hours: int) -> None:
    """Whatever hour of the day it is by now."""
    slipway.outside.clock.advance(timedelta(hours=hours))
    noted(slipway, "s")

    slipway.outside.clock.advance(SHOWN_FOR - timedelta(minutes=1))
    assert shown(slipway) == ["s"]
    slipway.outside.clock.advance(timedelta(minutes=1))
    assert shown(slipway) == []


def test_the_same_place_is_shown_once_and_only_so_many_are(slipway: Harness) -> None:
    """A branch that fails at every push does not push out the others."""
    for _ in range(3):
        noted(slipway, "loud")
        slipway.outside.clock.advance(timedelta(hours=3))
    assert shown(slipway) == ["loud"]

    for number in range(2 * MOST_SHOWN):
        noted(slipway, f"s{number}")

    assert len(shown(slipway)) == MOST_SHOWN


def test_what_is_read_is_bounded_by_the_hours(slipway: Harness) -> None:
    """Four partitions, each of four hours."""
    now = slipway.app.now()

    assert len(set(partitions_at(now))) == 4
