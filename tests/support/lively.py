"""An application with a history, so that what is asked at random finds something there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from shared.app.operating.operate import add_hold
from shared.app.operating.poison import take_poison
from shared.codec.envelope import encode_event
from shared.domain.messages.events import TimePassed
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.state.build import BuildOutcome, BuildResult, Step, StepResult
from shared.ports.errors import Permanent
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, make_app

BRANCH = "refs/heads/feature/delivery/x"
WAITING, ERRORED = "1.3.0", "2.1.0"


def lively(folder: Path, store: str = "memory") -> Harness:
    """Start one with releases that ended, one that was rolled back and is held, one that waits, and one that errored."""
    slipway = make_app(store, folder).start()
    printed = slipway.app.evidence.put(b"FAILED (failures=1)\n")
    failed = StepResult(step=Step.UNIT_TESTS, outcome=BuildOutcome.FAILED, output=printed, milliseconds=7)
    slipway.outside.builder.outcomes[BRANCH] = BuildResult(outcome=BuildOutcome.FAILED, reason="no", steps=(failed,))
    slipway.push(BRANCH, {"src/shipping/delivery/x": b"1"})
    slipway.pump()
    for version in ("1.0.0", "1.1.0"):
        slipway.release_to(version)
    slipway.outside.environments.health["delivery", "production", "1.2.0"] = RolloutState.DEGRADED
    slipway.outside.environments.shows["delivery", "production", "1.2.0"] = {"evidence": lambda: b"no database\n"}
    slipway.release_to("1.2.0")
    slipway.release_to(WAITING, approve=False)
    slipway.release_to("2.0.0", PACKAGE)
    slipway.release_to(ERRORED, PACKAGE, approve=False)
    slipway.outside.troubles.add("registry.copy", Permanent("it does not let us in", ours=True))
    slipway.approve(service=PACKAGE)
    # The estate's entries are numbered: the message is the second.
    add_hold(slipway.app, slipway.caller("x"), scope="environment:qa", reason="audit", until=None)
    asked = encode_event(TimePassed(id="t-1", service=DELIVERY), correlation="c-1", at=slipway.app.now())
    take_poison(slipway.app, EVENTS_QUEUE, asked.encode(), "m-1")
    take_poison(slipway.app, EVENTS_QUEUE, b"\xff", "m-2")
    return slipway


def worth_asking() -> dict[str, list[str]]:
    """Values of parameters that mean something there, and for each one that does not."""
    with tempfile.TemporaryDirectory() as folder:
        slipway = lively(Path(folder))
    commit = slipway.release(WAITING).commit
    return {
        "service": ["delivery", "package", "nobody"],
        "version": ["1.0.0", "1.2.0", WAITING, f"v{WAITING}", ERRORED, "9.9.9"],
        "environment": ["qa", "production", "moon"],
        "request": [slipway.request(), "0" * 64],
        "number": ["1", "3", "6", "999"],
        "commit": [commit, "0" * 40],
        "poison": ["2", "3", "9"],
        "id": ["stop", "delivery-v1.2.0", *(one.id for one in slipway.estate().holds)],
        "repository": ["shipping", "elsewhere"],
    }
