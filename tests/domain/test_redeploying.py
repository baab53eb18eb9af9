"""Redeploy: what is live, again; anything else is a rollback or has to be promoted."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import Queueing
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.values.records import replace
from tests.support.parts import IMAGE, image_and_chart
from tests.support.pilot import Pilot, digest, policy
from tests.support.pilot_more import adopt, ask, codes, redeploy, retry, roll_back


def two() -> Pilot:
    """Versions 1.0.0 and 1.1.0 in production."""
    return Pilot().release_to("1.0.0").release_to("1.1.0")


@pytest.mark.parametrize("version", ["", "1.1.0"])
def test_what_is_live_is_deployed_again_without_approval(version: str) -> None:
    """And without copying: it lies there already."""
    pilot = two()
    asked, copied = len(pilot.effects(ef.AskApproval)), len(pilot.effects(ef.Retag))

    decision = redeploy(pilot, version)
    pilot.perform()

    promotion = pilot.promotion("1.1.0", "production")
    assert (promotion.kind, promotion.phase) == (PromotionKind.REDEPLOY, Phase.SUCCEEDED)
    assert (decision.about, promotion.cause) == (str(promotion.number), "redeployed by Olga Operator")
    assert (len(pilot.effects(ef.AskApproval)), len(pilot.effects(ef.Retag))) == (asked, copied)
    assert pilot.release("1.1.0").phase is ReleasePhase.RELEASED


def test_a_redeploy_is_no_new_good_version() -> None:
    """What was good before stays the way back."""
    pilot = two()
    before = pilot.state.environments["production"].good

    redeploy(pilot)
    pilot.perform()

    good = pilot.state.environments["production"].good
    assert [replace(one, revision="") for one in good] == [replace(one, revision="") for one in before]
    assert good[0].revision == pilot.promotion("1.1.0", "production").revision


def test_an_older_good_version_is_a_rollback() -> None:
    """With its hold on what it undoes."""
    pilot = two()

    redeploy(pilot, "1.0.0")
    pilot.perform()

    promotion = pilot.promotion("1.1.0", "production")
    assert (promotion.kind, promotion.phase) == (PromotionKind.ROLLBACK, Phase.ROLLED_BACK)
    assert promotion.cause == "redeploy of 1.0.0 (Olga Operator)"
    assert [one.version for one in pilot.state.holds] == ["1.1.0"]


@pytest.mark.parametrize(
    ("version", "environment", "code"),
    [
        ("1.2.0", "production", "never-succeeded"),
        ("9.9.9", "production", "never-succeeded"),
        ("1.1.0", "moon", "unknown-environment"),
    ],
)
def test_what_never_succeeded_there_has_to_be_promoted(version: str, environment: str, code: str) -> None:
    """The refusal says so."""
    decision = redeploy(two().release_to("1.2.0", approve=False), version, environment)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, code)
    assert code != "never-succeeded" or decision.reason == f"{version} has not succeeded in production; promote it"


def test_where_nothing_is_live_nothing_is_deployed_again() -> None:
    """Not even what waits for its approval."""
    assert redeploy(Pilot().release_to("1.0.0", approve=False)).code == "nothing-live"


def test_one_redeploy_at_a_time() -> None:
    """The second is refused with the first one's number."""
    pilot = two()
    first = redeploy(pilot)

    decision = redeploy(pilot)

    assert decision.reason == f"promotion {first.about} to production is Waiting already"


def test_a_redeploy_of_what_is_not_live_any_more_ends() -> None:
    """Otherwise it would bring an older version without asking anybody."""
    pilot = two().release_to("1.2.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts)
    redeploy(pilot)
    waits = codes(pilot, "1.1.0")
    pilot.perform()

    promotion = pilot.promotion("1.1.0", "production")
    assert waits == ["FactMissing", "SlotTaken"]
    assert (promotion.phase, promotion.reason) == (Phase.SUPERSEDED, "v1.2.0 went live in production meanwhile")
    live = pilot.state.environments["production"].live
    assert live is not None
    assert live.artifact.version.text == "1.2.0"


def test_a_redeploy_where_nothing_counts_as_live_any_more_ends() -> None:
    """A person said that nothing runs there."""
    pilot = two()
    pilot.world.facts = {"foreign": "kubectl delete"}
    redeploy(pilot)
    pilot.perform()
    adopt(pilot, "")

    assert pilot.promotion("1.1.0", "production").reason == "nothing is live in production meanwhile"


def test_while_live_is_unknown_a_redeploy_waits() -> None:
    """Until it is adopted, or rolled back."""
    pilot = two().release_to("1.2.0", approve=False)
    pilot.world.broken["deploy"] = {"changed": True}
    pilot.answer()
    pilot.perform()
    pilot.world.broken.clear()

    redeploy(pilot)
    pilot.perform()
    before = codes(pilot, "1.1.0")
    adopt(pilot, "1.1.0")
    pilot.perform()

    assert before == ["LiveUnknown", "SlotTaken"]
    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


def test_a_redeploy_that_errored_is_retried() -> None:
    """It is resumed like any other."""
    pilot = two()
    pilot.world.broken["deploy"] = {"changed": True}
    redeploy(pilot)
    pilot.perform()
    pilot.world.broken.clear()

    retry(pilot, "1.1.0")
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


@pytest.mark.parametrize(("to", "expected", "held"), [("", "1.0.0", ["1.1.0"]), ("1.1.0", "1.1.0", [])])
def test_a_redeploy_that_errored_is_rolled_back(to: str, expected: str, held: list[str]) -> None:
    """To the version before, or by name to the very version that it deployed."""
    pilot = two()
    pilot.world.broken["deploy"] = {"changed": True}
    redeploy(pilot)
    pilot.perform()
    pilot.world.broken.clear()

    roll_back(pilot, to)
    pilot.perform()

    environment = pilot.state.environments["production"]
    assert environment.live is not None
    assert (environment.live.artifact.version.text, environment.unknown) == (expected, "")
    assert [one.version for one in pilot.state.holds] == held


def test_a_redeploy_of_a_quarantined_version_stays_allowed() -> None:
    """It is deployed by its digest; only going forward by the tag is stopped."""
    pilot = two()
    other = digest("another image")
    pilot.tell(ev.ArtifactAnnounced(**pilot.ids(), version="1.1.0", part=IMAGE, digest=other))
    pilot.tell(ev.TagsRead(**pilot.ids(), effect="x", version="1.1.0", parts=image_and_chart(other, None)))
    assert pilot.release("1.1.0").quarantine

    redeploy(pilot)
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


def test_a_redeploy_queues_behind_nothing_but_the_slot() -> None:
    """Versions that wait in order are no reason to wait."""
    pilot = Pilot(policy(queueing=Queueing.IN_ORDER)).release_to("1.0.1").release_to("1.0.0", approve=False)

    redeploy(pilot)
    pilot.perform()

    assert pilot.promotion("1.0.1", "production").phase is Phase.SUCCEEDED


def test_an_aborted_redeploy_leaves_what_is_live() -> None:
    """There is nothing to go back to but itself."""
    pilot = two()
    redeploy(pilot)
    pilot.perform(ef.GatherFacts)

    ask(pilot, ev.AbortRequested, version="1.1.0", reason="")
    pilot.perform()

    environment = pilot.state.environments["production"]
    assert pilot.promotion("1.1.0", "production").phase is Phase.ABORTED
    assert environment.live is not None
    assert (environment.live.artifact.version.text, environment.slot) == ("1.1.0", None)
    assert roll_back(pilot).outcome is not Outcome.REFUSED
