"""How often a queue is looked into that has to be asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra.local.host.polling import Pauses


def longest(low: float, high: float) -> float:
    """Chance that always takes the most."""
    return high


def shortest(low: float, high: float) -> float:
    """Chance that always takes the least."""
    return low


def test_a_queue_that_stays_empty_is_looked_into_less_and_less_often() -> None:
    """Twice as long each time, never longer than host.json says."""
    pauses = Pauses(timedelta(seconds=2), longest)

    assert [pauses.next(found=False) for _ in range(7)] == pytest.approx([0.12, 0.24, 0.48, 0.96, 1.92, 2, 2])


def test_hosts_that_started_together_do_not_look_together() -> None:
    """Each pause is varied by a fifth to both sides."""
    assert Pauses(timedelta(seconds=2), shortest).next(found=False) == pytest.approx(0.08)


def test_what_is_found_is_a_reason_to_look_again_at_once_and_then_soon() -> None:
    """As after the start."""
    pauses = Pauses(timedelta(seconds=2), longest)
    for _ in range(9):
        pauses.next(found=False)

    assert pauses.next(found=True) == 0
    assert pauses.next(found=False) == pytest.approx(0.12)


def test_a_queue_that_was_empty_for_a_year_is_still_looked_into() -> None:
    """Doubling stops before a number is too large."""
    pauses = Pauses(timedelta(seconds=2), longest)

    assert {pauses.next(found=False) for _ in range(5000)} >= {2.0}
