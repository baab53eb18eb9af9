"""The laws hold whatever happens, over at least 100,000 steps through the whole application."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.workshop.soak.laws import LAWS
from tests.workshop.soak.running import STEPS, run

# (store, number, steps): parts of which each can run by itself, and is the same each time.
PARTS = (*(("memory", number, 9_000) for number in range(1, 12)), *(("sqlite", number, 1_000) for number in (12, 13)))
IN_ALL, FEW = 100_000, 5_000


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize(("store", "number", "steps"), PARTS)
def test_the_laws_hold_whatever_happens(
    store: str, number: int, steps: int, record_property: Callable[[str, object], None]
) -> None:
    """Pushes, people, configurations, clocks, trouble and crashes in any order; fewer steps than promised fail."""
    tally = run(store, number=number, steps=steps)

    record_property("properties", dict(tally))
    assert tally[STEPS] >= steps
    seldom = {"comes back"}
    assert {law for law in LAWS if not tally[law]} <= seldom or steps < FEW


def test_all_parts_together_are_a_hundred_thousand_steps() -> None:
    """Each part counts its own."""
    assert sum(steps for _, _, steps in PARTS) >= IN_ALL
