"""Aborting a release in each of its phases."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from tests.support.pilot import OPERATOR, QA, Pilot, environment, policy


def abort(pilot: Pilot, version: str = "1.0.0", reason: str = "") -> Decision:
    return pilot.tell(ev.AbortRequested(**pilot.ids(), version=version, person=OPERATOR, reason=reason))


def in_production(*performed: type[ef.Effect], version: str = "1.1.0") -> Pilot:
    """A second version in production, with the given steps done."""
    pilot = Pilot().release_to("1.0.0").release_to(version, approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts, *performed)


@pytest.mark.parametrize("phase", [ReleasePhase.VALIDATING, ReleasePhase.PACKAGING])
def test_what_is_not_packaged_is_aborted_with_its_build(phase: ReleasePhase) -> None:
    """The reason names who and why, and reaches the commit."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    if phase is ReleasePhase.PACKAGING:
        pilot.perform(ef.ReadTags)
    assert pilot.release("1.0.0").phase is phase

    decision = abort(pilot, reason="wrong branch")

    release = pilot.release("1.0.0")
    assert (release.phase, release.reason) == (ReleasePhase.ABORTED, "aborted by Olga Operator: wrong branch")
    assert len(pilot.effects(ef.CancelBuild)) == int(phase is ReleasePhase.PACKAGING)
    assert [one.state for one in decision.statuses] == ["error"]


def test_what_waits_is_aborted_and_its_request_withdrawn() -> None:
    """The people who were asked are told who stopped it."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    abort(pilot)

    assert pilot.promotion("1.0.0", "production").phase is Phase.ABORTED
    assert pilot.release("1.0.0").phase is ReleasePhase.ABORTED
    (closed,) = (one for one in pilot.sent if isinstance(one, ef.CloseApproval))
    assert closed.reason == "Aborted: aborted by Olga Operator"


def test_during_retagging_it_stops_and_the_tag_stays() -> None:
    """Nothing was deployed, so nothing is rolled back."""
    pilot = in_production()
    assert pilot.promotion("1.1.0", "production").phase is Phase.RETAGGING

    abort(pilot, "1.1.0")
    pilot.perform()

    production = pilot.promotion("1.1.0", "production")
    assert (production.phase, production.kind) == (Phase.ABORTED, PromotionKind.FORWARD)
    assert pilot.release("1.1.0").phase is ReleasePhase.ABORTED
    assert pilot.state.environments["production"].slot is None


@pytest.mark.parametrize("performed", [(ef.Retag,), (ef.Retag, ef.Deploy)])
def test_during_deploying_and_verifying_it_is_rolled_back(performed: tuple[type[ef.Effect], ...]) -> None:
    """To the last good version, and without a hold: the version may be fine."""
    pilot = in_production(*performed)

    abort(pilot, "1.1.0")
    pilot.perform()

    forward, rollback = (one for one in pilot.release("1.1.0").promotions if one.environment == "production")
    assert (forward.phase, rollback.phase) == (Phase.ABORTED, Phase.ROLLED_BACK)
    assert pilot.state.holds == ()
    assert pilot.release("1.1.0").phase is ReleasePhase.ROLLED_BACK


def test_every_environment_that_is_under_way_is_stopped() -> None:
    """Those that have succeeded keep the version."""
    pilot = Pilot(policy(QA, environment("staging"), environment("test")))
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts, ef.Deploy)
    pilot.tell(ev.RolloutObserved(**pilot.ids(), effect="x", number=1, attempt=1, healthy=True, reason=""))

    abort(pilot)

    phases = {one.environment: one.phase for one in pilot.release("1.0.0").promotions}
    assert phases == {"qa": Phase.SUCCEEDED, "staging": Phase.ABORTED, "test": Phase.ABORTED}


def test_the_first_deployment_is_fenced_until_it_can_no_longer_write() -> None:
    """The next version starts only after the given-up one has reported."""
    pilot = Pilot(policy(QA))
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts)
    (given_up,) = (one for one in pilot.open if isinstance(one, ef.Deploy))
    pilot.open.remove(given_up)
    abort(pilot)

    pilot.release_to("1.1.0", approve=False)
    assert pilot.promotion("1.1.0", "qa").reason == "promotion 1 may still write"
    pilot.tell(ev.ArtifactDeployed(**pilot.ids(), effect=given_up.id, number=1, attempt=1, revision="r"))
    pilot.perform()

    assert pilot.release("1.0.0").phase is ReleasePhase.ABORTED
    assert pilot.promotion("1.1.0", "qa").phase is Phase.SUCCEEDED


def test_a_rollback_is_not_aborted() -> None:
    """The way back is not cut off."""
    pilot = in_production(ef.Retag, ef.Deploy)
    abort(pilot, "1.1.0")

    decision = abort(pilot, "1.1.0")

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "rolling-back")
    assert pilot.perform().promotion("1.1.0", "production").phase is Phase.ROLLED_BACK


def test_what_has_ended_is_not_aborted() -> None:
    """The caller is told how it ended."""
    decision = abort(Pilot().release_to("1.0.0"))

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "ended")
    assert decision.reason == "v1.0.0 has ended: Released; nothing is under way"


def test_a_version_without_release_is_not_aborted() -> None:
    """The caller is told that there is none."""
    decision = abort(Pilot(), "9.9.9")

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "unknown-release")
