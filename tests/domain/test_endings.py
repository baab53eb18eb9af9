"""The word that a release ends with, computed from its last promotion in each environment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.drafts.endings import ending
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.pilot import MANAGER, NOON, Pilot


def promotion(number: int, environment: str, phase: Phase, **changes: Any) -> Promotion:
    made = Promotion(
        number=number,
        environment=environment,
        kind=PromotionKind.FORWARD,
        phase=phase,
        since=NOON,
        created=NOON,
        cause="v1.0.0 was packaged",
        reason="why",
    )
    return replace(made, **changes)


def release(*promotions: Promotion) -> Release:
    return Release(
        version=Version("1.0.0"),
        ref="r",
        commit="c",
        phase=ReleasePhase.PACKAGED,
        reason="",
        since=NOON,
        created=NOON,
        promotions=promotions,
    )


@pytest.mark.parametrize(
    ("phase", "word"),
    [
        (Phase.ROLLBACK_FAILED, ReleasePhase.FAILED),
        (Phase.FAILED, ReleasePhase.FAILED),
        (Phase.ROLLED_BACK, ReleasePhase.ROLLED_BACK),
        (Phase.ERRORED, ReleasePhase.ERRORED),
        (Phase.REJECTED, ReleasePhase.REJECTED),
        (Phase.ABORTED, ReleasePhase.ABORTED),
        (Phase.EXPIRED, ReleasePhase.EXPIRED),
        (Phase.SUPERSEDED, ReleasePhase.SUPERSEDED),
        (Phase.SKIPPED, ReleasePhase.ABORTED),
    ],
)
def test_one_environment_that_ended_otherwise_gives_its_word(phase: Phase, word: ReleasePhase) -> None:
    """And the reason, with the environment it happened in."""
    found = ending(release(promotion(1, "qa", Phase.SUCCEEDED), promotion(2, "production", phase)), NOON)

    assert found == (word, "production: why")


def test_all_succeeded_is_released() -> None:
    """There is nothing to explain."""
    found = ending(release(promotion(1, "qa", Phase.SUCCEEDED), promotion(2, "production", Phase.SUCCEEDED)), NOON)

    assert found == (ReleasePhase.RELEASED, "")


def test_the_end_that_asks_most_of_people_comes_first() -> None:
    """What was skipped because of it explains nothing."""
    found = ending(release(promotion(1, "qa", Phase.SKIPPED), promotion(2, "staging", Phase.FAILED)), NOON)

    assert found == (ReleasePhase.FAILED, "staging: why")


def test_only_the_last_promotion_of_an_environment_counts() -> None:
    """What failed and was promoted again has succeeded."""
    found = ending(release(promotion(1, "qa", Phase.FAILED), promotion(2, "qa", Phase.SUCCEEDED)), NOON)

    assert found == (ReleasePhase.RELEASED, "")


def test_where_no_reason_was_given_the_cause_says_it() -> None:
    """No release ends without a word."""
    found = ending(release(promotion(1, "qa", Phase.ROLLED_BACK, reason="", cause="Failed: unhealthy")), NOON)

    assert found == (ReleasePhase.ROLLED_BACK, "qa: Failed: unhealthy")


@pytest.mark.parametrize("phase", [phase for phase in Phase if not phase.ended])
def test_nothing_has_ended_while_a_promotion_is_under_way(phase: Phase) -> None:
    """In whichever environment."""
    assert ending(release(promotion(1, "qa", Phase.FAILED), promotion(2, "production", phase)), NOON) is None


def test_nothing_has_ended_while_a_deployment_that_was_given_up_may_still_write() -> None:
    """Until it reports, or its time is over."""
    until = NOON + timedelta(minutes=30)
    given_up = release(promotion(1, "qa", Phase.ABORTED, writing_until=until))

    assert ending(given_up, NOON) is None
    assert ending(given_up, until) == (ReleasePhase.ABORTED, "qa: why")


def test_a_released_version_says_so_on_its_commit() -> None:
    """Once, at the end."""
    pilot = Pilot().release_to("1.0.0")

    assert [one.description for one in pilot.said][-1] == "v1.0.0 is Released"
    assert pilot.state.releases == {}


def test_a_rejected_release_is_no_success() -> None:
    """Its commit does not claim to be released."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    pilot.answer(MANAGER, approve=False, comment="not today")

    assert pilot.release("1.0.0").reason == "production: rejected by Rita Manager: not today"
    assert not any("released" in one.description for one in pilot.said)


def test_a_new_promotion_opens_an_ended_release_again() -> None:
    """And it ends again with the new word."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer(MANAGER, approve=False)
    pilot.tell(ev.PromoteRequested(**pilot.ids(), version="1.0.0", environment="production", person=MANAGER))
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED

    pilot.perform()
    pilot.answer()
    pilot.perform()

    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED


@pytest.mark.parametrize(
    ("word", "state"),
    [("Rejected", "failed"), ("RolledBack", "failed"), ("Superseded", "succeeded"), ("Errored", "error")],
)
def test_the_commit_shows_how_its_release_ended(word: str, state: str) -> None:
    """Green only where it went to production, or a newer version went instead."""
    pilot = Pilot().release_to("1.0.0")
    pilot.release_to("1.0.1", approve=False)
    if word == "Rejected":
        pilot.answer(approve=False)
    elif word == "RolledBack":
        pilot.world.unhealthy = {pilot.promotion("1.0.1", "production").number}
        pilot.answer()
    elif word == "Superseded":
        pilot.push_release("1.0.2")
    else:
        pilot.world.broken = {"retag": {}}
        pilot.answer()
    pilot.perform()

    said = [one for one in pilot.said if f"v1.0.1 is {word}" in one.description]
    assert [(one.context, one.state) for one in said] == [("slipway/delivery/v1.0.1", state)]


def test_a_card_that_was_answered_is_closed_when_its_approval_is_used() -> None:
    """Nobody else is asked any more."""
    pilot = Pilot().release_to("1.0.0")

    asked = [one for one in pilot.sent if isinstance(one, ef.AskApproval)]
    closed = [one for one in pilot.sent if isinstance(one, ef.CloseApproval)]
    assert [one.request for one in asked] == [one.request for one in closed]


def test_a_release_that_is_live_where_it_was_going_stays_released_when_it_is_rolled_back_before() -> None:
    """Its word says what became of it in production."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    pilot.tell(ev.RollbackRequested(**pilot.ids(), environment="qa", reason="tests need it", to="", person=MANAGER))
    pilot.perform()

    assert pilot.promotion("1.1.0", "qa").phase is Phase.ROLLED_BACK
    assert pilot.release("1.1.0").phase is ReleasePhase.RELEASED


def test_an_abort_of_what_waits_is_the_end_although_it_was_rolled_back_before() -> None:
    """The last environment's word counts, where it was reached or given up."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.tell(ev.RollbackRequested(**pilot.ids(), environment="qa", reason="it is slow", to="", person=MANAGER))
    pilot.perform()
    pilot.tell(ev.BranchDeleted(**pilot.ids(), ref="refs/heads/release/delivery/v1.1.0", number=2))

    assert pilot.release("1.1.0").phase is ReleasePhase.ABORTED
