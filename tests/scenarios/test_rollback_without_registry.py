"""Going back must not wait for anybody, not even for the registry."""

from __future__ import annotations

from shared.domain.messages import events as ev
from shared.ports.errors import Transient
from tests.support.app_parts import Harness


def test_a_rollback_goes_ahead_while_the_registry_is_out_of_reach(slipway: Harness) -> None:
    """The nodes may hold the image still; a forward promotion would wait."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")
    slipway.outside.troubles.add("registry.has", *(Transient("connection refused") for _ in range(50)))

    slipway.ask(ev.RollbackRequested, environment="production", reason="it is slow", to="")

    slipway.pump()
    assert slipway.live("production") == "1.0.0"
    assert slipway.running("production").version == "1.0.0"
