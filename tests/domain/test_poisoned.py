"""Messages in poison: what waited for one is told at once, and can be retried."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from tests.support.pilot import Pilot
from tests.support.pilot_more import codes, hold, lift, retry, roll_back

SEEN = "failed as often as it may, see poison 7"


def poison(pilot: Pilot, effect: ef.Effect) -> Decision:
    """The effect's message goes to poison; nobody performs it."""
    pilot.open = [one for one in pilot.open if one != effect]
    return poison_named(pilot, effect.id)


def poison_named(pilot: Pilot, effect: str) -> Decision:
    """A message goes to poison that asked for the effect of this name."""
    return pilot.tell(
        ev.MessagePoisoned(**pilot.ids(), poison=7, queue="slipway-deploy", message_type="deploy", effect=effect)
    )


def the(pilot: Pilot, kind: type[ef.Effect]) -> ef.Effect:
    """The one open effect of a type."""
    [found] = [one for one in pilot.open if isinstance(one, kind)]
    return found


def before(kind: type[ef.Effect]) -> Pilot:
    """A release that waits for an effect of production."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts)
    while not any(isinstance(one, kind) for one in pilot.open):
        pilot.perform_one(0)
    return pilot


@pytest.mark.parametrize(
    ("kind", "unknown"), [(ef.Retag, False), (ef.Deploy, True), (ef.ObserveRollout, True)], ids=lambda one: str(one)
)
def test_a_step_whose_message_is_in_poison_is_errored_at_once(kind: type[ef.Effect], unknown: bool) -> None:
    """People need not wait for its deadline; where it may have written, what is live is not known."""
    pilot = before(kind)

    decision = poison(pilot, the(pilot, kind))

    promotion = pilot.promotion("1.0.0", "production")
    assert (decision.outcome, promotion.phase) == (Outcome.MOVED, Phase.ERRORED)
    assert promotion.reason == f"deploy {SEEN}; retry the release"
    assert bool(pilot.state.environments["production"].unknown) is unknown
    assert decision.notes[0] == "deploy of slipway-deploy went to poison as 7"


@pytest.mark.parametrize("kind", [ef.Retag, ef.Deploy, ef.ObserveRollout])
def test_a_retry_asks_for_the_step_anew(kind: type[ef.Effect]) -> None:
    """Under another attempt, and it goes on to the end."""
    pilot = before(kind)
    lost = the(pilot, kind)
    poison(pilot, lost)

    retry(pilot, "1.0.0")
    pilot.perform(ef.GatherFacts)
    again = the(pilot, kind)
    pilot.perform()

    assert again != lost
    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED


def test_a_deployment_in_poison_may_still_be_written_by_who_took_it_last() -> None:
    """Its lease may have run out under it: nothing else starts before the attempt's deadline."""
    pilot = before(ef.Deploy)
    poison(pilot, the(pilot, ef.Deploy))

    fenced = codes(pilot, "1.0.0")
    pilot.pass_time(timedelta(minutes=30))

    assert fenced == ["Fencing"]
    assert pilot.release("1.0.0").phase is ReleasePhase.ERRORED


def test_a_report_of_what_went_to_poison_comes_too_late() -> None:
    """Only a retry counts."""
    pilot = before(ef.Retag)
    lost = the(pilot, ef.Retag)
    poison(pilot, lost)

    late = pilot.tell(ev.ArtifactRetagged(**pilot.ids(), effect=lost.id, number=2, attempt=1))

    assert (late.outcome, late.code) == (Outcome.IGNORED, "replaced")


def test_a_rollback_in_poison_calls_for_people() -> None:
    """As any rollback that fails."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    pilot.perform(ef.GatherFacts)

    poison(pilot, the(pilot, ef.Deploy))

    [back] = [one for one in pilot.release("1.1.0").promotions if one.kind is PromotionKind.ROLLBACK]
    assert back.phase is Phase.ROLLBACK_FAILED


def test_a_copy_that_was_reported_is_not_lost_by_its_second_delivery() -> None:
    """It waits for a hold, not for the message."""
    pilot = before(ef.Retag)
    copied = the(pilot, ef.Retag)
    hold(pilot)
    pilot.perform(ef.Retag)

    poison(pilot, copied)
    lift(pilot)

    assert pilot.promotion("1.0.0", "production").phase is Phase.DEPLOYING


def test_what_an_earlier_attempt_asked_for_changes_nothing() -> None:
    """It is noted, and what runs goes on."""
    pilot = before(ef.Deploy)
    pilot.push("refs/heads/x")

    decision = poison_named(pilot, "shipping~delivery:2:deploy:9")

    assert (decision.outcome, pilot.promotion("1.0.0", "production").phase) == (Outcome.NOTED, Phase.DEPLOYING)
    assert list(pilot.state.validations) == ["refs/heads/x"]


def test_a_release_whose_build_is_in_poison_is_errored_and_can_be_retried() -> None:
    """The build that may still run somewhere is cancelled."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)

    poison(pilot, the(pilot, ef.Build))

    errored = pilot.release("1.0.0")
    assert (errored.phase, errored.reason) == (ReleasePhase.ERRORED, f"deploy {SEEN}; retry the release")
    assert errored.result is not None
    assert errored.result.outcome is BuildOutcome.ERRORED
    assert [one.subject for one in pilot.effects(ef.CancelBuild)] == ["b1:cancel-build:1"]
    retry(pilot, "1.0.0")
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGING


def test_a_release_whose_question_to_the_registry_is_in_poison_is_errored_and_can_be_retried() -> None:
    """Nobody else would ask before an hour."""
    pilot = Pilot()
    pilot.push_release("1.0.0")

    poison(pilot, the(pilot, ef.ReadTags))

    assert pilot.release("1.0.0").phase is ReleasePhase.ERRORED
    retry(pilot, "1.0.0")
    pilot.perform()
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_branchs_build_in_poison_shows_on_the_commit_and_lets_the_next_push_build() -> None:
    """The one that waited for it."""
    pilot = Pilot()
    pilot.push("refs/heads/x")
    lost = the(pilot, ef.Build)
    pilot.push("refs/heads/x", "d" * 40)

    poison(pilot, lost)

    shown = [one for one in pilot.said if one.commit == "b" * 40]
    assert (shown[-1].state, shown[-1].description) == ("error", f"deploy {SEEN}")
    [run] = pilot.state.validations["refs/heads/x"].running
    assert run.commit == "d" * 40


def test_facts_in_poison_are_why_it_waits_and_are_asked_for_again() -> None:
    """What cannot be read now may be readable soon."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    poison(pilot, the(pilot, ef.GatherFacts))

    assert pilot.promotion("1.0.0", "qa").trouble == f"deploy {SEEN}"
    pilot.pass_time(timedelta(minutes=2))
    assert the(pilot, ef.GatherFacts).subject == "1:gather-facts:2"


def test_facts_of_an_earlier_question_are_not_missed() -> None:
    """The promotion waits for another reading."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    poison_named(pilot, "shipping~delivery:1:gather-facts:9")

    assert pilot.promotion("1.0.0", "qa").trouble == ""


def test_a_message_that_asked_for_nothing_is_noted_only() -> None:
    """An event, or one that cannot be read."""
    pilot = before(ef.Deploy)

    decision = poison_named(pilot, "")

    assert (decision.outcome, decision.notes) == (Outcome.NOTED, ("deploy of slipway-deploy went to poison as 7",))
