"""A client that was stopped and wakes late: before it began, in the middle of applying, and after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.ports.errors import Transient
from tests.support.helm.clients import Client
from tests.support.helm.shop import HOOK, Shop, image
from tests.support.host import wait_until

pytestmark = pytest.mark.cluster
LATER = timedelta(minutes=10)


def test_attack_a_client_wakes_before_it_began(shop: Shop) -> None:
    """It begins nothing: the time in which its attempt may write is over."""
    shop.applier.apply(shop.order("1.0.0"))
    until = datetime.now(UTC) + timedelta(seconds=4)
    early = shop.order("1.0.1", until=until)
    with Client(shop, lambda: shop.applier.apply(early)) as client:
        client.stop()
        assert shop.history() == [(1, "deployed")]
        shop.applier.apply(shop.order("1.0.2"))
        wait_until(lambda: datetime.now(UTC) > until)
        client.wake()
        client.join()

    assert isinstance(client.outcome, Transient)
    assert shop.history() == [(1, "superseded"), (2, "deployed")]
    assert shop.image() == image("1.0.2")


@pytest.mark.usefixtures("fake_kubelet")
def test_attack_a_client_wakes_in_the_middle(shop: Shop) -> None:
    """It cannot write its record any more; what it writes of objects is found, and applied again as it should be."""
    shop.applier.apply(shop.order("1.0.0"))
    early = shop.order("1.0.1", {"replicas": 3}, templates={"hook.yaml": HOOK % ("pre-upgrade", "complete", "1")})
    with Client(shop, lambda: shop.applier.apply(early)) as client:
        client.until("pending-upgrade")
        client.stop()
        shop.late = LATER
        report = shop.applier.apply(shop.order("1.0.2"))
        client.wake()
        client.join()

    assert not isinstance(client.outcome, type(report))
    assert shop.history() == [(1, "superseded"), (2, "failed"), (3, "deployed")]
    assert shop.image() == image("1.0.1")
    assert shop.applier.mend(shop.place, report.revision) == ("ConfigMap/delivery-a", "Deployment/delivery")
    assert (shop.image(), shop.deployment()["spec"]["replicas"]) == (image("1.0.2"), 1)
    assert shop.applier.mend(shop.place, report.revision) == ()


@pytest.mark.usefixtures("fake_kubelet")
def test_attack_a_client_wakes_after_it_applied(shop: Shop) -> None:
    """Waiting for the hook that comes last, it has written all objects, and would call its revision deployed."""
    shop.applier.apply(shop.order("1.0.0"))
    early = shop.order("1.0.1", templates={"hook.yaml": HOOK % ("post-upgrade", "complete", "1")})
    with Client(shop, lambda: shop.applier.apply(early)) as client:
        wait_until(lambda: shop.image() == image("1.0.1"))
        client.stop()
        shop.late = LATER
        report = shop.applier.apply(shop.order("1.0.2"))
        client.wake()
        client.join()

    assert shop.history() == [(1, "superseded"), (2, "failed"), (3, "deployed")]
    assert shop.image() == image("1.0.2")
    assert shop.applier.mend(shop.place, report.revision) == ()
