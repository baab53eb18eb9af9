"""What a promotion does once it has left Waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.deciding import running
from shared.domain.drafts.draft import Draft
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import Deadlines, OnFirstFailure
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import Presence
from shared.domain.state.release import EnvironmentState
from shared.domain.values.records import replace
from tests.support.pilot import NOON, OPERATOR, PRODUCTION, QA, Pilot, policy

DEADLINES = Deadlines(retagging=timedelta(minutes=1), deploying=timedelta(minutes=2), verifying=timedelta(minutes=3))
TIMED = policy(QA, replace(PRODUCTION, deadlines=DEADLINES))


def approved(pilot: Pilot, *performed: type[ef.Effect], version: str = "1.0.0") -> Pilot:
    """In production, with the given effects done and no other."""
    pilot.release_to(version, approve=False)
    pilot.answer()
    return pilot.perform(ef.GatherFacts, *performed)


def perform_all_but(pilot: Pilot, kept: str) -> None:
    while others := [one for one in pilot.open if one.id != kept]:
        pilot.perform_one(pilot.open.index(others[0]))


def live(pilot: Pilot, name: str = "production") -> str | None:
    found = pilot.state.environments[name].live
    return found.artifact.version.text if found else None


def failing_production(pilot: Pilot) -> Pilot:
    """The rollout of 1.1.0 in production fails after 1.0.0 was released."""
    pilot.release_to("1.0.0")
    pilot.world.unhealthy = {4}
    pilot.release_to("1.1.0", approve=False)
    pilot.answer()
    return pilot


def test_a_promotion_takes_the_slot_and_pins_its_plan() -> None:
    """A policy that changes now does not change what has started."""
    pilot = approved(Pilot())
    slot = pilot.state.environments["production"].slot
    assert slot is not None
    assert (slot.promotion, slot.version) == (2, "1.0.0")

    pilot.tell(ev.PolicyChanged(**pilot.ids(), policy=policy(QA, replace(PRODUCTION, namespace="other"), digest="e")))

    assert pilot.promotion("1.0.0", "production").pinned_policy == PRODUCTION


def test_production_is_copied_deployed_and_watched_in_this_order() -> None:
    """An environment with its own registry namespace is retagged first."""
    pilot = Pilot().release_to("1.0.0")

    steps = [one.subject for one in pilot.sent if isinstance(one, ef.Retag | ef.Deploy | ef.ObserveRollout)]

    assert steps == ["1:deploy:1", "1:observe-rollout:1", "2:retag:1", "2:deploy:1", "2:observe-rollout:1"]


def test_what_succeeded_is_live_and_first_among_the_good() -> None:
    """With the manifests that were checked; the slot is free."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")

    environment = pilot.state.environments["production"]

    assert [one.artifact.version.text for one in environment.good] == ["1.1.0", "1.0.0"]
    assert environment.live == environment.good[0]
    assert environment.good[0].manifests == "m" * 64
    assert environment.slot is None


def test_only_the_last_good_artifacts_are_kept() -> None:
    """A record does not grow with the years."""
    pilot = Pilot(policy(QA))
    for minor in range(7):
        pilot.release_to(f"1.{minor}.0", approve=False)

    good = pilot.state.environments["qa"].good

    assert [one.artifact.version.text for one in good] == ["1.6.0", "1.5.0", "1.4.0", "1.3.0", "1.2.0"]


def test_a_failed_rollout_is_rolled_back_at_once() -> None:
    """Failed, and a rollback promotion linked to it brings back the last good version."""
    pilot = failing_production(Pilot()).perform()

    failed, rollback = (one for one in pilot.release("1.1.0").promotions if one.environment == "production")
    assert (failed.phase, failed.reason) == (Phase.FAILED, "0 of 1 replicas are ready")
    assert (rollback.kind, rollback.phase, rollback.undoes) == (PromotionKind.ROLLBACK, Phase.ROLLED_BACK, 4)
    assert live(pilot) == "1.0.0"
    assert pilot.release("1.1.0").phase is ReleasePhase.ROLLED_BACK


def test_after_a_failed_rollout_the_artifact_is_held() -> None:
    """Until a person lifts the hold; once, however often it fails."""
    pilot = failing_production(Pilot()).perform()
    draft = Draft(pilot.state, Estate(), NOON)

    running.hold_artifact(draft, pilot.release("1.1.0"), "again")

    (hold,) = pilot.state.holds
    assert (hold.id, hold.version) == ("delivery-v1.1.0", "1.1.0")
    assert "0 of 1 replicas are ready" in hold.reason
    assert draft.holds == pilot.state.holds


def test_a_rollback_goes_ahead_of_every_waiter() -> None:
    """A version that waits with its approval lets it pass."""
    pilot = failing_production(Pilot())
    watched = "shipping~delivery:4:observe-rollout:1"
    perform_all_but(pilot, watched)
    pilot.push_release("1.2.0")
    perform_all_but(pilot, watched)
    pilot.answer()
    perform_all_but(pilot, watched)
    assert pilot.promotion("1.2.0", "production").reason == "promotion 4 is being deployed to production"

    pilot.perform()

    starts = [note for one in pilot.decisions for note in one.notes if "production" in note and "Waiting →" in note]
    assert starts[-2:] == [
        "v1.1.0 production #7 rollback: Waiting → Deploying",
        "v1.2.0 production #6 forward: Waiting → Retagging",
    ]


@pytest.mark.parametrize(
    ("rule", "removed"),
    [(OnFirstFailure.LEAVE, []), (OnFirstFailure.UNINSTALL, ["1:remove:1"])],
)
def test_a_first_deployment_that_fails_has_nothing_to_go_back_to(rule: OnFirstFailure, removed: list[str]) -> None:
    """Failed, nothing is live; it is left or taken away, as the environment says."""
    pilot = Pilot(policy(replace(QA, on_first_failure=rule)))
    pilot.world.unhealthy = {1}

    pilot.release_to("1.0.0", approve=False)

    assert live(pilot, "qa") is None
    assert [one.phase for one in pilot.release("1.0.0").promotions] == [Phase.FAILED]
    assert [one.subject for one in pilot.effects(ef.Remove)] == removed
    assert pilot.state.holds == ()


def test_a_fault_that_changed_nothing_is_not_rolled_back() -> None:
    """The release failed; what is live stays."""
    pilot = Pilot().release_to("1.0.0")
    pilot.world.broken["retag"] = {"ours": False}

    pilot.release_to("1.1.0")

    assert pilot.promotion("1.1.0", "production").phase is Phase.FAILED
    assert live(pilot) == "1.0.0"
    assert pilot.state.holds == ()


@pytest.mark.parametrize("changed", [False, True])
def test_our_own_fault_ends_in_errored(changed: bool) -> None:
    """Where the environment may have been touched, what is live is unknown until a retry."""
    pilot = Pilot()
    pilot.world.broken["retag"] = {"changed": changed}

    pilot.release_to("1.0.0")

    production = pilot.promotion("1.0.0", "production")
    assert (production.phase, production.resume_at) == (Phase.ERRORED, Phase.RETAGGING)
    assert (pilot.state.environments["production"].slot is not None) is changed
    assert bool(pilot.state.environments["production"].unknown) is changed


def test_a_retry_that_waits_gives_the_slot_back_once_what_is_live_was_adopted() -> None:
    """Nobody holds an environment that deploys nothing."""
    pilot = Pilot()
    pilot.world.broken["deploy"] = {"changed": True}
    pilot.release_to("1.0.0", approve=False)
    assert pilot.state.environments["qa"].slot is not None
    pilot.tell(ev.RetryRequested(**pilot.ids(), version="1.0.0", person=OPERATOR))

    pilot.tell(ev.LiveAdopted(**pilot.ids(), environment="qa", version="", reason="empty", person=OPERATOR))

    assert pilot.promotion("1.0.0", "qa").phase is Phase.WAITING
    assert pilot.state.environments["qa"].slot is None


def test_a_rollback_starts_only_when_the_failed_attempt_can_no_longer_write() -> None:
    """Not while the deployment that was given up may still be at it."""
    pilot = Pilot(TIMED).release_to("1.0.0")
    approved(pilot, ef.Retag, version="1.1.0")
    pilot.tell(ev.AbortRequested(**pilot.ids(), version="1.1.0", person=OPERATOR))
    given_up = next(one for one in pilot.open if isinstance(one, ef.Deploy))
    pilot.open.remove(given_up)
    pilot.perform()
    assert pilot.promotion("1.1.0", "production").reason == "promotion 4 may still write"

    pilot.tell(ev.ArtifactDeployed(**pilot.ids(), effect=given_up.id, number=4, attempt=1, revision="r"))
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLED_BACK


def test_a_rollback_target_that_is_gone_gives_way_to_the_next_older_good_one() -> None:
    """What can be copied again is good enough."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    pilot.world.unhealthy = {6}
    pilot.release_to("1.2.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts, ef.Retag, ef.Deploy)
    pilot.world.facts["targets"] = ((4, Presence.GONE), (2, Presence.COPYABLE))

    pilot.perform()

    assert live(pilot) == "1.0.0"


def test_a_rollback_without_any_target_keeps_the_slot_and_calls_people() -> None:
    """RollbackFailed: what is live is unknown, and nothing goes forward."""
    pilot = failing_production(Pilot())
    pilot.perform(ef.GatherFacts, ef.Retag, ef.Deploy)
    pilot.world.presence = Presence.GONE

    pilot.perform()

    rollback = pilot.promotion("1.1.0", "production")
    environment = pilot.state.environments["production"]
    assert rollback.phase is Phase.ROLLBACK_FAILED
    assert rollback.reason == "nothing to go back to: v1.0.0 cannot be had any more"
    assert environment.unknown == f"rollback 5 failed: {rollback.reason}"
    assert environment.slot is not None
    assert environment.slot.promotion == 5


def test_a_rollback_that_fails_keeps_the_slot_too() -> None:
    """Whatever its step; it is not rolled back itself."""
    pilot = failing_production(Pilot())
    pilot.world.unhealthy = {4, 5}

    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.ROLLBACK_FAILED
    assert pilot.state.environments["production"].slot is not None
    assert pilot.release("1.1.0").phase is ReleasePhase.FAILED


def test_what_was_never_packaged_cannot_be_brought_anywhere() -> None:
    """Asking for it is a defect."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    release = pilot.release("1.0.0")
    promotion = replace(Pilot().release_to("1.0.0").promotion("1.0.0", "qa"), target=None)

    with pytest.raises(LookupError, match=r"release v1\.0\.0 has no artifact to promote"):
        running.brought(release, promotion, NOON)


def test_nothing_starts_without_a_plan() -> None:
    """Its environment having left, that is a defect."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    draft = Draft(replace(pilot.state, policy=None), Estate(), NOON)
    draft.put_environment(EnvironmentState(name="production"))

    with pytest.raises(LookupError, match="promotion 2 of shipping~delivery has started without a policy"):
        running.begin(draft, 2, Phase.DEPLOYING)
