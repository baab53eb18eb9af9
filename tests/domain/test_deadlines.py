"""Every running phase has a deadline, and whose fault it is when it passes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import Deadlines
from shared.domain.state.estate import EVERYTHING, Estate, Hold
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from tests.support.pilot import OPERATOR, PRODUCTION, QA, Pilot, policy

DEADLINES = Deadlines(retagging=timedelta(minutes=1), deploying=timedelta(minutes=2), verifying=timedelta(minutes=3))
TIMED = policy(QA, replace(PRODUCTION, deadlines=DEADLINES))


def approved(pilot: Pilot, *performed: type[ef.Effect], version: str = "1.0.0") -> Pilot:
    """In production, with the given effects done and no other."""
    pilot.release_to(version, approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts, *performed)


def hold(pilot: Pilot) -> None:
    pilot.estate = Estate(holds=(Hold(id="h", scope=EVERYTHING, reason="x", person=OPERATOR, since=pilot.now),))
    pilot.tell(ev.TimePassed(**pilot.ids()))


@pytest.mark.parametrize(
    ("performed", "minutes", "phase", "reason"),
    [
        ((), 1, Phase.ERRORED, "retagging did not report in time"),
        ((ef.Retag,), 2, Phase.ERRORED, "deploying did not report in time"),
        ((ef.Retag, ef.Deploy), 3, Phase.FAILED, "the rollout was not healthy in time"),
    ],
)
def test_every_step_has_its_deadline(
    performed: tuple[type[ef.Effect], ...], minutes: int, phase: Phase, reason: str
) -> None:
    """A step that never reports is our fault, a rollout that never gets healthy the release's."""
    pilot = approved(Pilot(TIMED), *performed)
    before = pilot.promotion("1.0.0", "production").phase
    pilot.pass_time(timedelta(minutes=minutes) - timedelta(seconds=1))
    assert pilot.promotion("1.0.0", "production").phase is before

    pilot.pass_time(timedelta(seconds=1))

    production = pilot.promotion("1.0.0", "production")
    assert (production.phase, production.reason) == (phase, reason)


@pytest.mark.parametrize(("performed", "unknown"), [((), False), ((ef.Retag,), True)])
def test_a_deployment_that_never_reports_leaves_what_is_live_unknown(
    performed: tuple[type[ef.Effect], ...], unknown: bool
) -> None:
    """A copy that never reports does not: it touches no environment."""
    pilot = approved(Pilot(TIMED), *performed)

    pilot.pass_time(timedelta(minutes=2))

    assert bool(pilot.state.environments["production"].unknown) is unknown


def test_the_deadline_of_a_deployment_stands_still_while_held() -> None:
    """What was not written before a hold is written after it, in its own time."""
    pilot = approved(Pilot(TIMED), ef.Retag)
    hold(pilot)

    pilot.pass_time(timedelta(hours=1))

    assert pilot.promotion("1.0.0", "production").phase is Phase.DEPLOYING


def test_the_deadline_of_a_rollback_does_not() -> None:
    """No hold stops a rollback, so none excuses it."""
    pilot = Pilot(TIMED).release_to("1.0.0").release_to("1.1.0")
    said: dict[str, Any] = {"environment": "production", "reason": "bad", "to": ""}
    pilot.tell(ev.RollbackRequested(**pilot.ids(), person=OPERATOR, **said))
    pilot.perform(ef.GatherFacts)
    hold(pilot)

    pilot.pass_time(timedelta(minutes=2))

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLBACK_FAILED
