"""Adopting: a person says what runs."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import effects as ef
from shared.domain.state.phases import Phase
from tests.support.pilot import Pilot
from tests.support.pilot_more import HOUR, adopt, asked, codes, retry, roll_back


def changed_by_hand() -> Pilot:
    """Version 1.1.0 waits for production, where somebody changed 1.0.0 by hand."""
    pilot = Pilot().release_to("1.0.0")
    pilot.push_release("1.1.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    pilot.perform(ef.GatherFacts, ef.Deploy)
    pilot.world.facts = {"foreign": "revision 0123 was not written by Slipway"}
    return pilot.perform()


def unknown(*, version: str = "1.1.0") -> Pilot:
    """Version 1.1.0 errored while it was deployed to production."""
    pilot = Pilot().release_to("1.0.0").release_to(version, approve=False)
    pilot.world.broken["deploy"] = {"changed": True}
    pilot.answer()
    pilot.perform()
    pilot.world.broken.clear()
    return pilot


def test_what_was_changed_by_hand_stands_in_the_way() -> None:
    """Nobody is asked to approve on top of it."""
    pilot = changed_by_hand()

    assert codes(pilot, "1.1.0") == ["LiveUnknown", "ApprovalNeeded"]
    assert pilot.promotion("1.1.0", "production").reason == (
        "production was changed by hand: revision 0123 was not written by Slipway; adopt it, or roll back"
    )
    assert len(asked(pilot.sent)) == 1


def test_a_change_is_adopted_once_however_often_it_is_read() -> None:
    """It stays in the environment until something is deployed."""
    pilot = changed_by_hand()

    decision = adopt(pilot, "1.0.0")
    pilot.perform()
    pilot.pass_time(2 * HOUR)
    pilot.answer()
    pilot.perform(ef.GatherFacts)

    assert "production: v1.0.0 adopted as live by Olga Operator: looked" in decision.notes
    assert pilot.promotion("1.1.0", "production").phase is Phase.RETAGGING


def test_another_change_by_hand_is_another_matter() -> None:
    """Adopting one is no licence for the next."""
    pilot = changed_by_hand()
    adopt(pilot, "1.0.0")
    pilot.world.facts = {"foreign": "revision 4567 was not written by Slipway"}
    pilot.perform()

    assert codes(pilot, "1.1.0") == ["LiveUnknown", "ApprovalNeeded"]


def test_what_is_deployed_next_ends_the_adoption() -> None:
    """What runs is Slipway's own again."""
    pilot = changed_by_hand()
    adopt(pilot, "1.0.0")
    pilot.perform()
    pilot.world.facts = {}
    pilot.answer()
    pilot.perform()

    assert pilot.state.environments["production"].adopted == ""


def test_a_rollback_needs_no_adoption() -> None:
    """It writes over whatever is there."""
    pilot = changed_by_hand()
    pilot.world.facts = {}
    roll_back(pilot, environment="qa")
    pilot.perform()

    assert pilot.promotion("1.1.0", "qa").phase is Phase.ROLLED_BACK


@pytest.mark.parametrize(("version", "live"), [("1.0.0", "1.0.0"), ("", "")])
def test_an_unknown_live_version_is_known_by_a_persons_word(version: str, live: str) -> None:
    """An earlier good version, or nothing that counts; the slot is free."""
    pilot = unknown()
    before = pilot.state.environments["production"]

    decision = adopt(pilot, version)

    after = pilot.state.environments["production"]
    assert before.unknown == "promotion 4 ended Errored while deploying; retry it"
    assert before.slot is not None
    assert (after.unknown, after.slot) == ("", None)
    assert (after.live.artifact.version.text if after.live else "") == live
    assert decision.notes[-1].startswith(f"production: {f'v{live}' if live else 'nothing'} adopted")


def test_until_then_nothing_else_goes_forward() -> None:
    """Retry, adopt or roll back."""
    pilot = unknown().release_to("1.2.0", approve=False)
    before = codes(pilot, "1.2.0")

    adopt(pilot, "1.0.0")
    pilot.perform()

    assert before == ["LiveUnknown", "ApprovalNeeded", "SlotTaken"]
    assert codes(pilot, "1.2.0") == ["ApprovalNeeded"]


def test_adopting_an_earlier_version_does_not_end_a_retry() -> None:
    """What is live is what it was when the promotion started."""
    pilot = unknown()
    adopt(pilot, "1.0.0")

    retry(pilot, "1.1.0")
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


def test_while_something_is_deployed_it_keeps_its_slot() -> None:
    """A person's word does not let a second deployment in."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts)

    adopt(pilot, "1.0.0")

    slot = pilot.state.environments["production"].slot
    assert slot is not None
    assert slot.promotion == 4
    pilot.perform()
    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("version", "environment", "code", "said"),
    [
        ("1.1.0", "production", "no-such-target", "there is 1.0.0"),
        ("1.0.0", "moon", "unknown-environment", "nothing was ever deployed to moon"),
    ],
)
def test_only_what_was_good_there_can_be_adopted(version: str, environment: str, code: str, said: str) -> None:
    """Slipway has to be able to bring it back."""
    decision = adopt(unknown(), version, environment)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, code)
    assert said in decision.reason


def test_where_nothing_was_ever_good_only_nothing_can_be_adopted() -> None:
    """A first deployment errored half-way."""
    pilot = Pilot()
    pilot.world.broken["deploy"] = {"changed": True}
    pilot.release_to("1.0.0", approve=False)

    assert adopt(pilot, "1.0.0", "qa").reason == "1.0.0 was never good in qa; there is none"
    adopt(pilot, "", "qa")
    assert pilot.state.environments["qa"].unknown == ""
