"""A newer version supersedes a waiting older one of the same line, and nothing else."""

from __future__ import annotations

from typing import Any

from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import Queueing
from shared.domain.state.phases import Phase, ReleasePhase
from tests.support.pilot import OPERATOR, Pilot, policy


def waiting(*versions: str, pilot: Pilot | None = None) -> Pilot:
    pilot = pilot or Pilot()
    for version in versions:
        pilot.release_to(version, approve=False)
    return pilot


def production(pilot: Pilot, version: str) -> Phase:
    return pilot.promotion(version, "production").phase


def test_a_newer_version_of_the_line_supersedes_a_waiting_older_one() -> None:
    """Its request is withdrawn, naming the newer version."""
    pilot = waiting("1.0.0", "1.0.1")

    older = pilot.promotion("1.0.0", "production")
    assert (older.phase, older.reason) == (Phase.SUPERSEDED, "v1.0.1 waits for production too")
    assert pilot.release("1.0.0").phase is ReleasePhase.SUPERSEDED
    (closed,) = (one for one in pilot.sent if isinstance(one, ef.CloseApproval))
    assert closed.reason == "Superseded: v1.0.1 waits for production too"
    assert production(pilot, "1.0.1") is Phase.WAITING


def test_another_line_is_left_alone() -> None:
    """A hotfix of 1.0 passes while 1.1 waits."""
    pilot = waiting("1.1.0", "1.0.1")

    pilot.answer()
    pilot.perform()

    assert production(pilot, "1.0.1") is Phase.SUCCEEDED
    assert production(pilot, "1.1.0") is Phase.WAITING


def test_an_older_version_that_comes_later_is_superseded_at_once() -> None:
    """The order of versions counts, not that of pushes."""
    pilot = waiting("1.0.1", "1.0.0")

    assert production(pilot, "1.0.0") is Phase.SUPERSEDED
    assert production(pilot, "1.0.1") is Phase.WAITING


def test_who_holds_the_slot_is_never_superseded() -> None:
    """It is deployed; the newer version waits for its turn."""
    pilot = waiting("1.0.0")
    pilot.answer()
    pilot.perform(ef.GatherFacts)
    assert production(pilot, "1.0.0") is Phase.RETAGGING

    pilot.release_to("1.0.1")

    assert production(pilot, "1.0.0") is Phase.SUCCEEDED
    assert production(pilot, "1.0.1") is Phase.SUCCEEDED


def test_a_rollback_is_never_superseded() -> None:
    """Going back does not depend on what waits."""
    pilot = Pilot().release_to("1.0.0").release_to("1.0.1")
    said: dict[str, Any] = {"environment": "production", "reason": "bad", "to": "", "person": OPERATOR}
    pilot.tell(ev.RollbackRequested(**pilot.ids(), **said))
    pilot.open = [one for one in pilot.open if not isinstance(one, ef.GatherFacts)]

    waiting("1.0.2", pilot=pilot)

    assert production(pilot, "1.0.1") is Phase.WAITING
    assert production(pilot, "1.0.2") is Phase.WAITING


def test_a_retry_is_not_superseded() -> None:
    """It goes on with what had begun."""
    pilot = waiting("1.0.0")
    pilot.world.broken["retag"] = {}
    pilot.answer()
    pilot.perform()
    pilot.world.broken.clear()
    waiting("1.0.1", pilot=pilot)

    pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.0.0", person=OPERATOR))
    pilot.perform()

    assert production(pilot, "1.0.0") is Phase.SUCCEEDED


def test_in_order_supersedes_nothing() -> None:
    """Every version gets its turn, the lower first."""
    pilot = waiting("1.0.0", "1.0.1", pilot=Pilot(policy(queueing=Queueing.IN_ORDER)))

    assert production(pilot, "1.0.0") is Phase.WAITING
    assert pilot.promotion("1.0.1", "production").reason == "v1.0.0 goes first"
