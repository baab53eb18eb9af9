"""Deploying with Helm to a real cluster, with the rights of a deployer and no others."""

from __future__ import annotations

import pytest

from shared.ports.applier import Fenced
from tests.support.helm.shop import Shop, image

pytestmark = pytest.mark.cluster


def test_a_first_order_installs_and_the_next_one_upgrades(shop: Shop) -> None:
    """Helm's own record has the cause, and the labels say whose revision it is."""
    first = shop.applier.apply(shop.order("1.0.0"))
    second = shop.applier.apply(shop.order("1.0.1"))

    assert shop.history() == [(1, "superseded"), (2, "deployed")]
    assert shop.image() == image("1.0.1")
    assert (first.revision.partition("/")[0], second.revision.partition("/")[0]) == ("1", "2")
    record = shop.record(2)
    assert record.description == "v1.0.1 by promotion 2"
    assert record.revision.own["slipway-effect"] == second.revision.partition("/")[2]
    assert {one["manager"] for one in shop.deployment()["metadata"]["managedFields"]} >= {"helm"}


def test_an_order_is_applied_once(shop: Shop) -> None:
    """However often it is delivered."""
    order = shop.order("1.0.0")
    first = shop.applier.apply(order)

    again = shop.applier.apply(order)

    assert (again.revision, again.already) == (first.revision, True)
    assert shop.history() == [(1, "deployed")]


def test_an_order_never_overwrites_a_later_one(shop: Shop) -> None:
    """It is told which one was later."""
    early = shop.order("1.0.0")
    shop.applier.apply(shop.order("1.0.1"))

    with pytest.raises(Fenced, match="a later deployment"):
        shop.applier.apply(early)

    assert shop.image() == image("1.0.1")


def test_nothing_of_the_values_before_stays(shop: Shop) -> None:
    """Helm would keep them where the new ones are empty."""
    shop.applier.apply(shop.order("1.0.0", {"replicas": 2}))

    shop.applier.apply(shop.order("1.0.1"))

    assert shop.deployment()["spec"]["replicas"] == 1


def test_what_runs_is_named_with_its_images(shop: Shop) -> None:
    """And with the turn that brought it."""
    assert shop.applier.running(shop.place) is None
    order = shop.order("1.0.0")
    report = shop.applier.apply(order)

    running = shop.applier.running(shop.place)

    assert running is not None
    assert (running.revision, running.turn, running.foreign) == (report.revision, order.turn, False)
    assert running.images == (image("1.0.0"),)


def test_a_service_is_taken_out(shop: Shop) -> None:
    """And taking it out twice is harmless."""
    order = shop.order("1.0.0")
    shop.applier.apply(order)

    shop.applier.remove(order)
    shop.applier.remove(order)

    assert shop.history() == []
    assert shop.applier.running(shop.place) is None
