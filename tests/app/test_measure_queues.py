"""Lengths and ages of queues: measured by the tick, where somebody listens, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from shared import telemetry
from shared.app.sweep import sweep
from shared.ports.queues import QUEUE_AGE, QUEUE_LENGTH, QueueLevel
from shared.ports.store import StoreUnavailable
from tests.support.app_parts import Harness, make_app
from tests.support.log_lines import log_lines


class Measures:
    """An exporter that keeps measures by name and queue."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, object], float] = {}

    def span(self, name: str, correlation: str, attributes: Mapping[str, object]) -> AbstractContextManager[None]:
        """See Exporter."""
        return nullcontext()

    def record(self, *told: object) -> None:
        """See Exporter."""

    def measure(self, name: str, value: float, attributes: Mapping[str, object]) -> None:
        """See Exporter."""
        self.found[name, attributes.get("queue")] = value


@pytest.fixture
def measures() -> Iterator[Measures]:
    """Whoever listens."""
    made = Measures()
    telemetry.install(made)
    yield made
    telemetry.install(None)


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """An application on SQLite that can look at its queues."""
    made = make_app("sqlite", tmp_path).start()
    made.wrap(queue_look=made.database.queue_look)
    yield made
    made.database.close()


def test_each_queue_has_a_length_and_an_age(slipway: Harness, measures: Measures) -> None:
    """Those that are empty too, so that their lines end."""
    slipway.push_release("1.0.0")
    slipway.outside.clock.advance(timedelta(minutes=10))

    sweep(slipway.app)

    assert measures.found[QUEUE_LENGTH, "slipway-events"] == 1
    assert measures.found[QUEUE_AGE, "slipway-events"] == 600
    assert measures.found[QUEUE_LENGTH, "slipway-deploy"] == 0
    assert measures.found[QUEUE_AGE, "slipway-deploy"] == 0


class Refusing:
    """Queues that nobody may look at."""

    def __init__(self) -> None:
        self.asked = 0

    def levels(self, queues: Sequence[str]) -> Mapping[str, QueueLevel]:
        """See QueueLook."""
        self.asked += 1
        raise StoreUnavailable("queues are gone")


def test_nobody_looks_at_queues_where_nobody_listens(slipway: Harness) -> None:
    """Each look is a request that costs something."""
    look = Refusing()
    slipway.wrap(queue_look=look)

    slipway.tick()

    assert look.asked == 0


def test_queues_that_cannot_be_looked_at_hold_up_nothing(slipway: Harness, measures: Measures) -> None:
    """The tick says so and goes on with what it is for."""
    slipway.wrap(queue_look=Refusing())
    slipway.outside.commit("refs/heads/feature/x", {"src/shipping/delivery/version": b"1"})

    with log_lines() as lines:
        slipway.tick()

    assert [one["event"] for one in lines][:2] == ["sweep.measuring_failed", "tip.moved"]
    assert measures.found == {}
