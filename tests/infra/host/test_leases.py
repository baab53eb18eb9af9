"""Leases that are kept up while somebody works on the message."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

from infra.local.host.leases import RenewedLeases
from shared.ports.queues import Received
from tests.support.host import wait_until

SHORT = timedelta(seconds=0.06)
MESSAGE = Received(queue="slipway-build", id="1", body="x", attempts=1, receipt="r0")


class Service:
    """Renews, with a new receipt each time, unless it is told to fail."""

    def __init__(self) -> None:
        self.renewed: list[str] = []
        self.failures = 0
        self.go = threading.Event()
        self.go.set()

    def renew(self, message: Received, length: timedelta) -> Received | None:
        """Note the receipt that is used up."""
        self.renewed.append(message.receipt)
        self.go.wait(60)
        if self.failures:
            self.failures -= 1
            raise OSError("unreachable")
        return replace(message, receipt=f"r{len(self.renewed)}")


def test_a_lease_is_renewed_for_as_long_as_the_message_is_worked_on() -> None:
    """Each time with the newest receipt, and it is the newest that settles it."""
    service = Service()
    leases = RenewedLeases(service.renew, length=SHORT)

    leases.take([MESSAGE])
    wait_until(lambda: len(service.renewed) >= 3)
    held = leases.let_go(MESSAGE)

    assert service.renewed[:3] == ["r0", "r1", "r2"]
    assert held == replace(MESSAGE, receipt=f"r{len(service.renewed)}")


def test_nothing_is_renewed_that_was_let_go() -> None:
    """Its thread ends, and another begins with the next message."""
    service = Service()
    leases = RenewedLeases(service.renew, length=SHORT)
    others = set(threading.enumerate())
    leases.take([MESSAGE])
    leases.let_go(MESSAGE)
    before = list(service.renewed)
    wait_until(lambda: "leases" not in {thread.name for thread in set(threading.enumerate()) - others})

    assert service.renewed == before
    leases.take([replace(MESSAGE, id="2")])
    wait_until(lambda: len(service.renewed) > len(before))
    leases.let_go(replace(MESSAGE, id="2"))


def test_who_settles_a_message_waits_for_its_renewal() -> None:
    """The receipt in hand is void once the service has renewed it."""
    service = Service()
    service.go.clear()
    leases = RenewedLeases(service.renew, length=SHORT)
    leases.take([MESSAGE])
    wait_until(lambda: service.renewed)
    settled: list[Received] = []
    settling = threading.Thread(target=lambda: settled.append(leases.let_go(MESSAGE)))

    settling.start()
    settling.join(timeout=0.1)
    waited = not settled
    service.go.set()
    settling.join()

    assert waited
    assert settled == [replace(MESSAGE, receipt=f"r{len(service.renewed)}")]


def test_a_renewal_that_failed_is_tried_again() -> None:
    """With the receipt that still counts."""
    service = Service()
    service.failures = 1
    leases = RenewedLeases(service.renew, length=SHORT)

    leases.take([MESSAGE])
    wait_until(lambda: len(service.renewed) >= 2)
    leases.let_go(MESSAGE)

    assert service.renewed[:2] == ["r0", "r0"]
