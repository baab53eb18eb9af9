"""Poison of production's queues and of the others: who writes into one cannot end what lies in another."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.codec.envelope import encode_effect
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build, Deploy, ObserveRollout, Retag, ServiceEffect
from shared.domain.messages.queues import NONPROD, PRODUCTION, queue_of
from shared.domain.state.phases import Phase
from tests.app.test_workers import stopped_before
from tests.support.app_looks import latest, open_effects, the
from tests.support.app_parts import DELIVERY
from tests.support.fleet import Fleet
from tests.support.in_poison import poisoned


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Three processes that have read the repository and have nothing left to do."""
    made = Fleet(tmp_path)
    made.slipway.start()
    return made


def in_poison(fleet: Fleet, effect: ServiceEffect, queue: str, *, effect_number: int = 0) -> None:
    """Have an effect's message taken from the poison of a queue."""
    app = fleet.slipway.app
    poisoned(
        fleet.slipway,
        encode_effect(effect, Delivery(correlation="c", effect_number=effect_number), at=app.now()).encode(),
        queue=queue,
    )


@pytest.mark.parametrize("kind", [Retag, Deploy, ObserveRollout])
def test_what_lay_in_productions_queue_ends_what_waits_for_it(fleet: Fleet, kind: type[ServiceEffect]) -> None:
    """As Errored, at once."""
    slipway = stopped_before(fleet, kind)

    in_poison(fleet, the(slipway, kind), queue_of(kind.kind, PRODUCTION))

    assert slipway.promotion("1.0.0", "production").phase is Phase.ERRORED
    assert [one for one in open_effects(slipway) if isinstance(one, kind)] == []


@pytest.mark.parametrize("queue", [queue_of(Deploy.kind, NONPROD), queue_of(Build.kind), "slipway-events"])
def test_the_same_from_another_queue_is_recorded_only(fleet: Fleet, queue: str) -> None:
    """Attack: the other worker's identity, or a door's, ends production's deployments."""
    slipway = stopped_before(fleet, Deploy)
    before = slipway.state()

    in_poison(fleet, the(slipway, Deploy), queue)

    assert (slipway.state(), latest(slipway).event_type) == (before, "message-poisoned")
    assert slipway.pump().live("production") == "1.0.0"


def test_nothing_but_the_effect_itself_leaves_the_outbox(fleet: Fleet) -> None:
    """Attack: a message that says it stands where another one does."""
    slipway = stopped_before(fleet, Deploy)
    [kept] = [key for key, one in slipway.app.store.read(str(DELIVERY)).outbox.items() if "deploy" in one.queue]
    _, _, sequence, number = kept.split("~")

    in_poison(
        fleet,
        Build(service=DELIVERY, number=99, attempt=1),
        queue_of(Build.kind),
        effect_number=int(sequence) * 1000 + int(number),
    )

    assert kept in slipway.app.store.read(str(DELIVERY)).outbox
