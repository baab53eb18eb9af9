"""Reading builds while they run, when they have ended, and when what they printed is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.app.operating.finding import NotKnown
from shared.app.views import read_builds, read_status
from shared.codec.state import BUILD
from shared.domain.state.build import BuildOutcome, BuildResult, Step, StepResult
from tests.support.app_parts import DELIVERY, Harness

SOON = timedelta(seconds=3)
FEATURE = "refs/heads/feature/delivery/x"
BRANCH = "refs/heads/release/delivery/v1.0.0"


def test_a_build_that_runs_is_read_by_its_number(slipway: Harness) -> None:
    """Of a release as of a branch, without an end; it has printed nothing that is kept."""
    slipway.outside.builder.slow = {BRANCH: 10**9, FEATURE: 10**9, f"{FEATURE}2": 10**9}
    released = slipway.push_release("1.0.0")
    slipway.pump(most=SOON)
    pushed = slipway.push(FEATURE, {"src/shipping/delivery/x": b"1"})
    slipway.pump(most=SOON)

    slipway.push(f"{FEATURE}2", {"src/shipping/delivery/x": b"2"})
    slipway.pump(most=SOON)

    one, other, last = (read_builds.build(slipway.app, DELIVERY, number) for number in ("2", "3", "4"))

    assert (one.ref, one.version, one.commit, one.outcome, one.at) == (BRANCH, "1.0.0", released, "running", None)
    assert (other.ref, other.version, other.commit, other.outcome) == (FEATURE, None, pushed, "running")
    assert last.ref == f"{FEATURE}2"
    with pytest.raises(NotKnown, match="no build '3' of delivery has ended"):
        read_builds.step_output(slipway.app, DELIVERY, "3", "unit-tests")


class Lagging:
    """A store in which a build ends just after it was looked for."""

    def __init__(self, store: Any) -> None:
        self._store, self._looks = store, 0

    def row(self, service: str, key: str) -> bytes | None:
        """See Store."""
        self._looks += key.startswith(BUILD)
        found: bytes | None = self._store.row(service, key)
        return found if self._looks != 1 else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_a_build_that_ends_while_it_is_looked_for_is_found(slipway: Harness) -> None:
    """It is never nowhere."""
    slipway.release_to("1.0.0", approve=False)

    found = read_builds.build(slipway.wrap(store=Lagging(slipway.app.store)).app, DELIVERY, "2")

    assert (found.outcome, found.version) == ("succeeded", "1.0.0")


def test_every_build_of_a_release_stays_readable(slipway: Harness) -> None:
    """Its view shows the last one, and one that was cancelled for a newer commit says so."""
    slipway.outside.builder.slow = {BRANCH: 10**9}
    slipway.push_release("1.0.0")
    slipway.pump(most=SOON)
    slipway.outside.builder.slow = {}
    newer = slipway.push_release("1.0.0")
    slipway.pump()

    first, second = (read_builds.build(slipway.app, DELIVERY, number) for number in ("2", "3"))

    assert (first.outcome, first.reason, first.steps) == ("cancelled", f"{newer[:12]} was pushed", ())
    assert (second.outcome, second.commit) == ("succeeded", newer)
    shown = read_status.release(slipway.app, DELIVERY, "1.0.0", viewer=None).build
    assert shown is not None
    assert (shown.number, shown.url) == (3, "/api/services/delivery/builds/3?repository=shipping")


def test_output_that_the_store_has_lost_is_said_to_be_gone(slipway: Harness) -> None:
    """A store that was restored may lack it."""
    step = StepResult(step=Step.UNIT_TESTS, outcome=BuildOutcome.FAILED, output="0" * 64, milliseconds=1, reason="x")
    slipway.outside.builder.outcomes[BRANCH] = BuildResult(outcome=BuildOutcome.FAILED, reason="x", steps=(step,))
    slipway.push_release("1.0.0")
    slipway.pump()

    with pytest.raises(NotKnown, match="no output of step unit-tests of build 2 of delivery is kept"):
        read_builds.step_output(slipway.app, DELIVERY, "2", "unit-tests")


def test_a_build_without_steps_has_no_output(slipway: Harness) -> None:
    """One that the platform could not begin did none."""
    slipway.outside.builder.outcomes[BRANCH] = BuildResult(outcome=BuildOutcome.ERRORED, reason="no disk")
    slipway.push_release("1.0.0")
    slipway.pump()

    with pytest.raises(NotKnown, match="did no step 'image'; it did: none"):
        read_builds.step_output(slipway.app, DELIVERY, "2", "image")
