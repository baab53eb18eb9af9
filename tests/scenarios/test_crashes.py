"""A crash at every boundary of two whole releases ends as if there had been none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.app.operating.operate import add_hold, lift_hold, operate
from shared.domain.messages import events as ev
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.crashes import MortalSlipway, Outage, Step, UnluckySlipway, port_of
from tests.support.mortal import differences
from tests.support.outside import ADA, RITA, Outside
from tests.support.outside_ends import end_of

VERSIONS = [(DELIVERY, "1.0.0"), (DELIVERY, "1.1.0")]
BOUNDARIES_AT_LEAST = 200
PARTS = 4


def push(version: str) -> Step:
    """Ada pushes a release branch; where its hook got no answer she has it say so again, or nobody would know who pushed."""
    commits: list[str] = []

    def happens(outside: Outside) -> None:
        commits.append(outside.commit(branch(version), {"src/shipping/delivery/version": version.encode()}))

    def told(harness: Harness) -> None:
        harness.tell_push(branch(version), by=ADA, commit=commits[-1])

    return Step(happens, told, repeated=True)


def approve(version: str) -> Step:
    """Rita approves, and clicks again if she got no answer."""

    def told(harness: Harness) -> None:
        asked = [one for one in harness.outside.people.asked if one.version == version]
        event = ev.ApprovalAnswered(
            id=f"api:yes-{version}", service=DELIVERY, request=asked[-1].request, person=RITA, groups=(), approve=True
        )
        operate(harness.app, event)

    return Step(told=told, repeated=True)


def hold(harness: Harness) -> None:
    """Rita stops everything, under one key."""
    add_hold(harness.app, harness.caller("hold", "one"), scope="everything", reason="look", until=None)


def lift(harness: Harness) -> None:
    """And lets it go on."""
    lift_hold(harness.app, harness.caller("lift", "two"), "stop", "seen")


def gets_worse(outside: Outside) -> None:
    """Version 1.1.0 will not get healthy in production."""
    outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED


STORY = [
    push("1.0.0"),
    approve("1.0.0"),
    Step(told=hold, repeated=True),
    push("1.1.0"),
    Step(happens=gets_worse, told=lift, repeated=True),
    approve("1.1.0"),
]


def test_the_story_without_a_crash_is_what_it_is_meant_to_be(tmp_path: Path) -> None:
    """One version released, one rolled back with a hold; everything at rest."""
    mortal = MortalSlipway("memory", tmp_path)

    end = end_of(mortal.live(STORY), VERSIONS)

    assert [one["phase"] for one in end["releases"].values()] == ["Released", "RolledBack"]
    assert end["environments"]["shipping~delivery"]["production"]["live"][0] == "1.0.0"
    assert end["holds"] == ["1.1.0"]
    assert end["applied"]["production/delivery"] == ["1.0.0", "1.1.0", "1.0.0"]
    assert end["left"] == []
    assert mortal.fuse.count > BOUNDARIES_AT_LEAST


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_at_any_boundary_ends_the_same(tmp_path: Path, part: int) -> None:
    """In memory: every boundary in turn."""
    wanted, boundaries = uncrashed("memory", tmp_path)

    found = {at: crashed("memory", tmp_path, at) for at in range(1 + part, boundaries + 1, PARTS)}

    assert different(wanted, found) == {}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_at_any_boundary_ends_the_same_where_workers_report(tmp_path: Path, part: int) -> None:
    """Before and after a report is sent, before and after it is decided upon, and before each is acknowledged."""
    wanted, boundaries = uncrashed("apart", tmp_path)

    found = {at: crashed("apart", tmp_path, at) for at in range(1 + part, boundaries + 1, PARTS)}

    assert boundaries > uncrashed("memory", tmp_path)[1]
    assert wanted == uncrashed("memory", tmp_path)[0]
    assert different(wanted, found) == {}


@pytest.mark.slow
def test_a_crash_soon_after_a_crash_ends_the_same(tmp_path: Path) -> None:
    """What makes up for a crash may be cut short too."""
    wanted, boundaries = uncrashed("memory", tmp_path)

    found = {at: crashed("memory", tmp_path, at, at + 1 + at % 5) for at in range(1, boundaries - 5, 9)}

    assert different(wanted, found) == {}


@pytest.mark.slow
def test_a_crash_at_a_boundary_ends_the_same_on_disk(tmp_path: Path) -> None:
    """On SQLite: the file as it was when the process died, at every eleventh boundary."""
    wanted, boundaries = uncrashed("sqlite", tmp_path)

    found = {at: crashed("sqlite", tmp_path, at) for at in range(1, boundaries + 1, 11)}

    assert different(wanted, found) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("store", "every", "long"), [("memory", 11, 1), ("memory", 31, 12), ("apart", 23, 1)])
def test_storage_out_of_reach_at_a_boundary_ends_the_same(tmp_path: Path, store: str, every: int, long: int) -> None:
    """The process lives on and puts messages back, also where what they led to was committed and it could not know."""
    wanted, whole = unlucky(store, tmp_path)

    found = {at: unlucky(store, tmp_path, *range(at, at + 3 * long, 3)) for at in range(1, whole.count + 1, every)}

    met = {at: (end, fuse.where) for at, (end, fuse) in found.items() if fuse.where}
    # A registry is no storage: where nothing else was met, there is nothing to be out of reach.
    at_registry = [at for at, (_, fuse) in found.items() if {*map(port_of, fuse.where + fuse.spared)} == {"registry"}]
    assert len(met) > (len(found) - len(at_registry)) // 2
    assert different(wanted, met) == {}


def unlucky(store: str, folder: Path, *at: int) -> tuple[dict[str, Any], Outage]:
    """The end where storage was out of reach at boundaries, and what says which."""
    slipway = UnluckySlipway(store, folder / "-".join(map(str, at)), *at)
    return end_of(slipway.live(STORY), VERSIONS), slipway.fuse


def uncrashed(store: str, folder: Path) -> tuple[dict[str, Any], int]:
    """The end without a crash, and how many boundaries were crossed."""
    mortal = MortalSlipway(store, folder / "whole")
    try:
        return end_of(mortal.live(STORY), VERSIONS), mortal.fuse.count
    finally:
        mortal.close()


def crashed(store: str, folder: Path, *at: int) -> tuple[dict[str, Any], list[str]]:
    """The end with a crash at each of the boundaries, and what lay there."""
    mortal = MortalSlipway(store, folder / "-".join(map(str, at)), *at)
    try:
        return end_of(mortal.live(STORY), VERSIONS), mortal.fuse.where
    finally:
        mortal.close()


def different(wanted: dict[str, Any], found: dict[int, tuple[dict[str, Any], list[str]]]) -> dict[int, Any]:
    """The ends that are not as they should be, by boundary. A run that did not crash proves nothing."""
    return {at: (where, differences(wanted, end)) for at, (end, where) in found.items() if end != wanted or not where}
