"""Names of effects and their queues."""

from __future__ import annotations

from typing import get_args

import pytest

from shared.domain.messages import effects as ef
from shared.domain.messages.queues import EVENTS, INSPECT, NONPROD, PRODUCTION, QUEUES, queue_of
from tests.support.pilot import DELIVERY


@pytest.mark.parametrize(
    ("effect", "subject", "queue"),
    [
        (ef.Build(service=DELIVERY, number=3, attempt=2), "b3:build:2", "slipway-build"),
        (ef.CancelBuild(service=DELIVERY, number=3, attempt=2), "b3:cancel-build:2", "slipway-quick"),
        (ef.ReadTags(service=DELIVERY, version="1.0.0", asked=1), "v1.0.0:read-tags:1", "slipway-quick"),
        (ef.GatherFacts(service=DELIVERY, number=3, asked=1), "3:gather-facts:1", "slipway-quick"),
        (
            ef.AskApproval(service=DELIVERY, number=3, request="a" * 64, round=1),
            f"3:ask-approval:{'a' * 16}.1",
            "slipway-people",
        ),
        (
            ef.CloseApproval(service=DELIVERY, number=3, request="a" * 64, round=1, reason="x"),
            f"3:close-approval:{'a' * 16}.1",
            "slipway-people",
        ),
        (ef.Retag(service=DELIVERY, number=3, attempt=1), "3:retag:1", "slipway-deploy"),
        (ef.Deploy(service=DELIVERY, number=3, attempt=1), "3:deploy:1", "slipway-deploy"),
        (ef.Remove(service=DELIVERY, version="1.0.0", number=3, attempt=1), "3:remove:1", "slipway-deploy"),
        (ef.ObserveRollout(service=DELIVERY, number=3, attempt=1), "3:observe-rollout:1", "slipway-quick"),
        (
            ef.SetStatus(service=DELIVERY, commit="c" * 40, context="slipway", about=7),
            "cccccccccccc:set-status:slipway:7",
            "slipway-people",
        ),
    ],
)
def test_an_effect_is_named_by_service_number_kind_and_attempt(
    effect: ef.ServiceEffect, subject: str, queue: str
) -> None:
    """The same name however often it is sent, another for each attempt; its kind names its queue."""
    assert effect.id == f"shipping~delivery:{subject}"
    assert queue_of(effect.kind) == queue


def test_every_kind_of_effect_has_its_queue_in_the_closed_table() -> None:
    """No effect is sent where nobody reads."""
    taken = (queue for queue in QUEUES.values() if not queue.reports_of)
    kinds = {kind for queue in taken for kind in queue.kinds} - {EVENTS, INSPECT}

    assert {effect.kind for effect in get_args(ef.ServiceEffect)} == kinds


def test_an_unknown_kind_has_no_queue() -> None:
    """Nor has production one for what its worker does not do."""
    for kind, worker in (("make-coffee", NONPROD), ("build", PRODUCTION), ("cancel", PRODUCTION)):
        with pytest.raises(KeyError):
            queue_of(kind, worker)


def test_an_effect_that_does_not_say_what_it_is_about_is_a_defect() -> None:
    """Two of them would have one id."""
    with pytest.raises(NotImplementedError):
        _ = ef.Effect(service=DELIVERY).id
