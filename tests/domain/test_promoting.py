"""Promote: a new attempt after one that ended."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.values.records import replace
from tests.support.pilot import OPERATOR, PRODUCTION, QA, Pilot, environment, policy
from tests.support.pilot_more import DAY, ask, asked, codes, promote

DEV = environment("dev")
THREE = policy(DEV, replace(QA, after=("dev",)), PRODUCTION)


def rejected(pilot: Pilot) -> None:
    pilot.answer(approve=False)


def expired(pilot: Pilot) -> None:
    pilot.pass_time(8 * DAY)


def failed(pilot: Pilot) -> None:
    pilot.world.broken["retag"] = {"ours": False}
    pilot.answer()
    pilot.perform()
    pilot.world.broken.clear()


def superseded(pilot: Pilot) -> None:
    pilot.release_to("1.0.1")


def aborted(pilot: Pilot) -> None:
    ask(pilot, ev.AbortRequested, version="1.0.0", reason="")


def waiting() -> Pilot:
    return Pilot().release_to("1.0.0", approve=False)


@pytest.mark.parametrize("end", [rejected, expired, failed, superseded, aborted])
def test_what_ended_is_promoted_as_a_new_promotion_with_a_new_approval(end: Any) -> None:
    """The answers that were given before count no more."""
    pilot = waiting()
    end(pilot)
    before = pilot.promotion("1.0.0", "production")
    assert before.phase == {"failed": "Failed"}.get(end.__name__, end.__name__.capitalize())

    decision = promote(pilot, "1.0.0")
    pilot.perform()

    after = pilot.promotion("1.0.0", "production")
    assert decision.about == str(after.number)
    assert (after.number > before.number, after.kind, after.requested_by) == (True, PromotionKind.FORWARD, OPERATOR)
    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]
    assert len(set(asked(pilot.sent))) == len(asked(pilot.sent)) >= 2
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED
    pilot.answer()
    pilot.perform()
    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_what_was_skipped_after_it_follows() -> None:
    """Environments further on get a new attempt, in their order."""
    pilot = Pilot(THREE)
    pilot.world.unhealthy.add(1)
    pilot.release_to("1.0.0", approve=False)
    assert [one.phase for one in pilot.release("1.0.0").promotions] == [Phase.FAILED, Phase.SKIPPED, Phase.SKIPPED]
    pilot.world.unhealthy.clear()

    promote(pilot, "1.0.0", "dev")
    pilot.perform()

    assert [(one.environment, one.phase) for one in pilot.release("1.0.0").promotions[3:]] == [
        ("dev", Phase.SUCCEEDED),
        ("qa", Phase.SUCCEEDED),
        ("production", Phase.WAITING),
    ]


def test_what_reached_its_end_further_on_is_left_alone() -> None:
    """A version that production rejected is not put to people again because of qa."""
    pilot = waiting()
    pilot.release_to("1.1.0", approve=False)
    pilot.answer(approve=False, request=pilot.promotion("1.0.0", "production").approval.id)  # type: ignore[union-attr]

    promote(pilot, "1.0.0", "qa")
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.REJECTED


@pytest.mark.parametrize(
    ("version", "name", "code"),
    [
        ("9.9.9", "production", "unknown-release"),
        ("V1.0.0", "production", "bad-version"),
        ("1.0.0+build", "production", "bad-version"),
        ("1.0.0", "Production", "unknown-environment"),
        ("1.0.0", "production", "under-way"),
        ("1.0.0", "qa", "already-live"),
        ("1.1.0", "production", "out-of-order"),
        ("1.2.0", "qa", "not-packaged"),
    ],
)
def test_a_promotion_that_does_not_fit_is_refused_with_what_to_do(version: str, name: str, code: str) -> None:
    """Nothing is changed."""
    pilot = waiting()
    pilot.world.unhealthy.add(3)
    pilot.release_to("1.1.0", approve=False)
    pilot.push_release("1.2.0")
    before = pilot.state

    decision = promote(pilot, version, name)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, code)
    assert pilot.state == replace(before, ended=pilot.state.ended)
    assert decision.effects == ()


def test_without_a_policy_nothing_is_promoted() -> None:
    """The service left the configuration."""
    pilot = waiting()
    pilot.tell(ev.ServiceRemoved(**pilot.ids()))

    assert promote(pilot, "1.0.0").reason == "there is no environment production; delivery has none"
