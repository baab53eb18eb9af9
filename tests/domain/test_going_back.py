"""Rollbacks that people ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import Presence
from shared.domain.values.records import replace
from tests.support.pilot import OPERATOR, Pilot
from tests.support.pilot_more import codes, redeploy, retry, roll_back


def live(pilot: Pilot, environment: str = "production") -> str:
    found = pilot.state.environments[environment].live
    return found.artifact.version.text if found else ""


def three() -> Pilot:
    """Versions 1.0.0, 1.1.0 and 1.2.0 in production, one after the other."""
    return Pilot().release_to("1.0.0").release_to("1.1.0").release_to("1.2.0")


def deploying(*steps: type[ef.Effect]) -> Pilot:
    """Version 1.3.0 on its way to production, with the given steps done."""
    pilot = three().release_to("1.3.0", approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts, *steps)


def test_a_rollback_brings_the_last_good_version() -> None:
    """It is a promotion of the release that it undoes, linked to the one that brought it."""
    pilot = three()
    undone = pilot.promotion("1.2.0", "production").number

    decision = roll_back(pilot)
    pilot.perform()

    promotion = pilot.promotion("1.2.0", "production")
    assert decision.about == str(promotion.number)
    assert (promotion.kind, promotion.phase, promotion.undoes) == (PromotionKind.ROLLBACK, Phase.ROLLED_BACK, undone)
    assert (promotion.cause, promotion.requested_by) == ("errors rise (Olga Operator)", OPERATOR)
    assert (live(pilot), pilot.release("1.2.0").phase) == ("1.1.0", ReleasePhase.ROLLED_BACK)


def test_a_rollback_to_a_named_version_skips_those_between() -> None:
    """It asks nobody."""
    pilot = three()
    asked = len(pilot.effects(ef.AskApproval))

    roll_back(pilot, "1.0.0")
    pilot.perform()

    assert live(pilot) == "1.0.0"
    assert len(pilot.effects(ef.AskApproval)) == asked


def test_what_was_rolled_back_is_no_target_any_more() -> None:
    """The next rollback goes further back."""
    pilot = three()
    for _ in range(2):
        roll_back(pilot)
        pilot.perform()

    assert live(pilot) == "1.0.0"
    assert roll_back(pilot).code == "no-target"


@pytest.mark.parametrize(
    ("to", "environment", "code", "said"),
    [
        ("1.2.0", "production", "no-such-target", "there is 1.1.0, 1.0.0"),
        ("9.9.9", "production", "no-such-target", "there is 1.1.0, 1.0.0"),
        ("V1.1.0", "production", "no-such-target", "V1.1.0 is not an earlier good version"),
        ("", "moon", "unknown-environment", "nothing was ever deployed to moon"),
    ],
)
def test_a_target_that_is_not_there_is_refused_with_those_that_are(
    to: str, environment: str, code: str, said: str
) -> None:
    """What is live is no target either."""
    decision = roll_back(three(), to, environment)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, code)
    assert said in decision.reason


def test_the_first_version_cannot_be_rolled_back() -> None:
    """There is nothing to go back to."""
    assert roll_back(Pilot().release_to("1.0.0")).code == "no-target"


def test_a_first_version_on_its_way_cannot_be_rolled_back() -> None:
    """It is aborted instead."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    pilot.perform(ef.Retag, ef.Deploy)

    assert roll_back(pilot).reason == "nothing is live in production; there is nothing to roll back"
    assert pilot.promotion("1.0.0", "production").phase is Phase.VERIFYING


@pytest.mark.parametrize("performed", [(), (ef.GatherFacts,), (ef.GatherFacts, ef.Deploy)])
def test_a_second_rollback_waits_for_the_first_to_end(performed: tuple[type[ef.Effect], ...]) -> None:
    """Waiting, deploying or verifying."""
    pilot = three()
    roll_back(pilot)
    if performed:
        pilot.perform(*performed)

    decision = roll_back(pilot, "1.0.0")

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "rolling-back")


@pytest.mark.parametrize("steps", [(ef.Retag,), (ef.Retag, ef.Deploy)])
@pytest.mark.parametrize(("to", "expected"), [("", "1.2.0"), ("1.2.0", "1.2.0"), ("1.0.0", "1.0.0")])
def test_what_is_being_deployed_is_aborted_and_undone(
    steps: tuple[type[ef.Effect], ...], to: str, expected: str
) -> None:
    """What is live still is a target then, and the artifact is held."""
    pilot = deploying(*steps)

    decision = roll_back(pilot, to)
    pilot.perform()
    pilot.pass_time(timedelta(minutes=30))
    pilot.perform()

    stopped, rollback = pilot.release("1.3.0").promotions[1:]
    assert (stopped.phase, stopped.reason) == (Phase.ABORTED, "rolled back by Olga Operator: errors rise")
    assert (decision.about, rollback.undoes) == (str(rollback.number), stopped.number)
    assert (rollback.phase, live(pilot)) == (Phase.ROLLED_BACK, expected)
    assert [one.version for one in pilot.state.holds] == ["1.3.0"]


def test_a_target_that_is_not_there_aborts_nothing() -> None:
    """The deployment goes on."""
    pilot = deploying(ef.Retag)

    decision = roll_back(pilot, "9.9.9")

    assert (decision.code, decision.effects) == ("no-such-target", ())
    assert "there is 1.2.0, 1.1.0, 1.0.0" in decision.reason
    assert pilot.promotion("1.3.0", "production").phase is Phase.DEPLOYING


def test_what_is_only_being_copied_gives_way_to_a_rollback_of_what_is_live() -> None:
    """Nothing of it was deployed; the rollback goes at once."""
    pilot = deploying()
    assert pilot.promotion("1.3.0", "production").phase is Phase.RETAGGING

    roll_back(pilot)
    pilot.perform()

    assert pilot.promotion("1.3.0", "production").phase is Phase.ABORTED
    assert (pilot.promotion("1.2.0", "production").phase, live(pilot)) == (Phase.ROLLED_BACK, "1.1.0")


def test_a_copy_goes_on_when_the_rollback_is_refused() -> None:
    """Asking for something impossible stops nothing."""
    pilot = deploying()

    decision = roll_back(pilot, "9.9.9")

    assert (decision.code, decision.effects) == ("no-such-target", ())
    assert pilot.promotion("1.3.0", "production").phase is Phase.RETAGGING


def test_a_rollback_stops_a_redeploy_and_goes_back_from_what_is_live() -> None:
    """When the redeploy can write no more."""
    pilot = three()
    redeploy(pilot)
    pilot.perform(ef.GatherFacts)
    roll_back(pilot)
    pilot.perform(ef.GatherFacts)
    fenced = codes(pilot, "1.2.0")
    pilot.perform()

    assert "Fencing" in fenced
    kinds = [(one.kind, one.phase) for one in pilot.release("1.2.0").promotions[2:]]
    assert kinds == [(PromotionKind.REDEPLOY, Phase.ABORTED), (PromotionKind.ROLLBACK, Phase.ROLLED_BACK)]
    assert live(pilot) == "1.1.0"


def test_a_rollback_goes_ahead_of_every_waiter() -> None:
    """A version that waits goes on afterwards."""
    pilot = three().release_to("1.3.0", approve=False)
    roll_back(pilot)
    pilot.answer()
    waits = codes(pilot, "1.3.0")
    pilot.perform()

    assert waits == ["SlotTaken"]
    assert pilot.promotion("1.3.0", "production").phase is Phase.SUCCEEDED
    assert live(pilot) == "1.3.0"


def test_what_waits_after_a_rollback_reads_again_what_is_new_to_the_environment() -> None:
    """Authors since the version live there are others now."""
    pilot = three().release_to("1.3.0", approve=False)
    before = len([one for one in pilot.effects(ef.GatherFacts) if one.number == 8])  # type: ignore[attr-defined]

    roll_back(pilot)
    pilot.perform()

    asked = [one for one in pilot.effects(ef.GatherFacts) if one.number == 8]  # type: ignore[attr-defined]
    assert (pilot.promotion("1.3.0", "production").number, len(asked)) == (8, before + 1)


def test_after_a_failed_rollback_the_next_one_undoes_the_same_release() -> None:
    """It takes over the slot, and may go to what was live last."""
    pilot = three()
    roll_back(pilot)
    pilot.world.broken["deploy"] = {"changed": True}
    pilot.perform()
    assert pilot.state.environments["production"].unknown
    pilot.world.broken.clear()

    decision = roll_back(pilot, "1.0.0")
    pilot.perform()

    assert pilot.promotion("1.2.0", "production").number == int(decision.about)
    assert (live(pilot), pilot.state.environments["production"].unknown) == ("1.0.0", "")


def test_a_rollback_after_an_error_undoes_what_errored() -> None:
    """Not the version that was live before it, which is brought back."""
    pilot = deploying()
    pilot.world.broken["deploy"] = {"changed": True}
    pilot.perform()
    pilot.world.broken.clear()
    errored = pilot.promotion("1.3.0", "production")

    roll_back(pilot)
    pilot.perform()

    rollback = pilot.promotion("1.3.0", "production")
    assert (errored.phase, rollback.phase, rollback.undoes) == (Phase.ERRORED, Phase.ROLLED_BACK, errored.number)
    assert (live(pilot), pilot.release("1.2.0").phase) == ("1.2.0", ReleasePhase.RELEASED)
    assert retry(pilot, "1.3.0").code == "not-errored"
    assert [one.version for one in pilot.state.holds] == ["1.3.0"]


@pytest.mark.parametrize(
    ("gone", "phase", "version"), [(False, Phase.ROLLED_BACK, "1.1.0"), (True, Phase.ROLLBACK_FAILED, "1.2.0")]
)
def test_a_rollback_needs_something_to_go_back_to(gone: bool, phase: Phase, version: str) -> None:
    """A copy will do; where nothing can be had any more, what runs stays as it was."""
    pilot = three()
    pilot.world.presence = Presence.GONE if gone else Presence.COPYABLE

    roll_back(pilot)
    pilot.perform()

    assert (pilot.promotion("1.2.0", "production").phase, live(pilot)) == (phase, version)
    assert not pilot.state.environments["production"].unknown


def test_a_release_that_is_not_there_cannot_be_undone() -> None:
    """Its record is gone; what is live was brought by it."""
    pilot = three()
    pilot.archive.clear()

    assert roll_back(pilot).code == "unknown-release"
    assert redeploy(pilot).code == "unknown-release"


def test_a_rollback_of_one_environment_leaves_the_others() -> None:
    """Production keeps what it runs."""
    pilot = three()

    roll_back(pilot, environment="qa")
    pilot.perform()

    assert (live(pilot, "qa"), live(pilot)) == ("1.1.0", "1.2.0")
    assert replace(pilot.state, ended={}).releases == {}
