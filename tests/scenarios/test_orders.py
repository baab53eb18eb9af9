"""Whatever the order of independent events, and however careless the post: whole releases end the same."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.messages import events as ev
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, make_app
from tests.support.outside import Outside
from tests.support.outside_ends import end_of

FEATURE = "refs/heads/feature/delivery/maps"
VERSIONS = [(DELIVERY, "1.0.0"), (DELIVERY, "1.1.0"), (PACKAGE, "2.0.0"), (PACKAGE, "2.1.0")]
Happening = Callable[[Harness], object]


def push_feature(text: str) -> Happening:
    """A branch of the service that is not released."""
    return lambda slipway: slipway.push(FEATURE, {"src/shipping/delivery/map.py": text.encode()})


def announce(repository: str, tag: str) -> Happening:
    """The registry tells of a tag, once more."""

    def told(slipway: Harness) -> None:
        digest = slipway.outside.registry.tagged[repository, tag]
        host = "localhost:5000"
        slipway.send(
            ev.TagPushed(id=slipway.app.new_id(), registry=host, repository=repository, tag=tag, digest=digest)
        )

    return told


# What stands in one round has no causal order; a round begins when the one before has come to rest.
ROUNDS: list[list[Happening]] = [
    [
        lambda slipway: slipway.push_release("1.0.0"),
        lambda slipway: slipway.push_release("2.0.0", PACKAGE),
        push_feature("first"),
        lambda slipway: slipway.push("refs/heads/release/billing/v1.0.0", {"README": b"no such service"}),
    ],
    [
        lambda slipway: slipway.answer(),
        lambda slipway: slipway.answer(service=PACKAGE),
        announce("delivery", "v1.0.0"),
        announce("charts/package", "2.0.0"),
        push_feature("second"),
    ],
    [
        lambda slipway: slipway.push_release("1.1.0"),
        lambda slipway: slipway.push_release("2.1.0", PACKAGE),
        announce("prod/delivery", "v1.0.0"),
    ],
    [
        lambda slipway: slipway.answer(),
        lambda slipway: slipway.answer(service=PACKAGE, approve=False),
        push_feature("third"),
    ],
]
# A careless post keeps each message of a long chain back for a while, one after the other.
REST = timedelta(minutes=20)
BASE: dict[str, dict[str, Any]] = {}


def run(store: str, rounds: list[list[Happening]], *, seed: int | None, breaks: list[int]) -> dict[str, Any]:
    """Tell a story; between two happenings so many messages are delivered as `breaks` says."""
    outside = Outside()
    outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    with tempfile.TemporaryDirectory() as folder:
        slipway = make_app(store, Path(folder), outside, seed=seed, careless=seed is not None)
        try:
            slipway.start()
            for happenings in rounds:
                for number, happens in enumerate(happenings):
                    happens(slipway)
                    for _ in range(breaks[number % len(breaks)]):
                        slipway.deliver_one()
                slipway.pump(most=REST).tick()
            return end_of(slipway, VERSIONS)
        finally:
            slipway.database.close()


def base(store: str) -> dict[str, Any]:
    """The end where everything comes once and in order."""
    if store not in BASE:
        BASE[store] = run(store, ROUNDS, seed=None, breaks=[1000])
    return BASE[store]


def test_the_story_in_order_is_what_it_is_meant_to_be() -> None:
    """A release, one that is rolled back, one that is rejected, and a service that is not known."""
    end = base("memory")

    phases = [one["phase"] for one in end["releases"].values()]
    assert phases == ["Released", "RolledBack", "Released", "Rejected"]
    assert end["left"] == []


@pytest.mark.slow
@pytest.mark.parametrize(("store", "examples"), [("memory", 60), ("sqlite", 15), ("apart", 30)])
def test_order_delay_and_repetition_change_nothing(store: str, examples: int) -> None:
    """Rounds are shuffled; messages overtake each other, come late and twice."""

    @settings(max_examples=examples)
    @given(
        rounds=st.tuples(*(st.permutations(one) for one in ROUNDS)),
        seed=st.integers(0, 2**16),
        breaks=st.lists(st.integers(0, 12), min_size=1, max_size=5),
    )
    def check(rounds: tuple[list[Happening], ...], seed: int, breaks: list[int]) -> None:
        end = run(store, list(rounds), seed=seed, breaks=breaks)

        assert {key: (base(store)[key], end[key]) for key in end if end[key] != base(store)[key]} == {}

    check()
