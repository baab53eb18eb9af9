"""Accounting for pushes: what is found once, what is in a newer one, what is missing or there twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workshop.load.accounting import account
from tests.workshop.load.judging import accounted, answered, drained, memory_flat, no_queue_growing
from tests.workshop.load.monorepo import Push

REF = "refs/heads/feature/a/1"


def push(number: int, *services: str, ref: str = REF) -> Push:
    """The n-th push, of service a if none is said."""
    return Push(number, ref, "", f"c{number}", services or ("a",))


def entry(number: int, *, outcome: str = "noted", note: str = "", ref: str = REF) -> dict[str, Any]:
    """The ledger's entry of the n-th push."""
    return {"ref": ref, "commit": f"c{number}", "outcome": outcome, "notes": [note]}


OTHER = {"ref": "", "commit": "", "outcome": "moved", "notes": []}


def test_each_push_is_found_once_with_what_became_of_it() -> None:
    """Entries of other events are passed over."""
    entries = [entry(1), OTHER, entry(2, note="c2 waits for the running build"), entry(3, outcome="ignored")]

    found = account([push(1), push(2), push(3)], {"a": entries})

    assert (found.decided, found.batched, found.skipped, found.overtaken) == (1, 1, 1, 0)
    assert found.entries == 4
    assert found.whole


def test_a_push_that_was_overtaken_is_in_a_newer_one_of_its_branch_and_service() -> None:
    """Not in one of another branch, nor in another service's ledger, nor in an older one."""
    assert account([push(1), push(2)], {"a": [entry(2)]}).overtaken == 1
    for pushes, entries in (
        ([push(1), push(2, ref="refs/heads/x")], {"a": [entry(2, ref="refs/heads/x")]}),
        ([push(1), push(2)], {"a": [entry(1)]}),
        ([push(1, "a", "b"), push(2)], {"a": [entry(1), entry(2)], "b": []}),
    ):
        found = account(pushes, entries)
        assert not found.whole
        assert len(found.missing) == 1


def test_a_push_that_is_there_twice_is_a_fault() -> None:
    """It fired twice."""
    found = account([push(1)], {"a": [entry(1), entry(1)]})

    assert found.twice == (f"c1 of {REF} is 2 times in the ledger of a",)
    assert accounted(found).held is False


@pytest.mark.parametrize(
    ("rss", "held"),
    [([100.0] * 40, True), ([100.0] * 20 + [105.0] * 20, True), ([90.0 + n for n in range(40)], False), ([1.0], None)],
)
def test_memory_is_flat_within_a_margin_after_the_warm_up(rss: list[float], held: bool | None) -> None:
    """A short run says nothing."""
    assert memory_flat(rss).held is held
    assert memory_flat([50.0] * 12 + [100.0] * 28).held is True


@pytest.mark.parametrize(
    ("queued", "held"),
    [
        ([3] * 40, True),
        ([150] * 40, True),
        (list(range(0, 4000, 100)), False),
        ([0] * 30 + [160] * 10, True),
        ([1], None),
    ],
)
def test_a_queue_that_grows_is_seen(queued: list[int], held: bool | None) -> None:
    """What comes within ten seconds is on its way, and a queue that stays as long does not grow."""
    assert no_queue_growing(queued, 1000).held is held


def test_what_is_left_or_failed_or_was_not_accepted_is_not_held() -> None:
    """Each by itself."""
    assert [drained(0, 0, 1.0).held, drained(1, 0, 1.0).held, drained(0, 1, 1.0).held] == [True, False, False]
    assert answered(5, 5, 5, 0).held is True
    assert [answered(4, 5, 4, 0).held, answered(5, 5, 4, 1).held, answered(5, 5, 4, 0).held] == [False] * 3
