"""A release by each of its endings, from the push of its branch on."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome, BuildResult
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.ports.errors import Permanent, Transient
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import DELIVERY, PACKAGE, Harness, branch
from tests.support.outside import ADA

DAY = timedelta(days=1)


def test_a_version_that_is_healthy_and_approved_is_released(slipway: Harness) -> None:
    """From the push to production, with the digest that QA ran."""
    release = slipway.release_to("1.0.0")

    assert release.phase is ReleasePhase.RELEASED
    assert release.artifact is not None
    assert slipway.live("production") == "1.0.0"
    pinned = f"delivery:v1.0.0@{release.artifact.image.digest}"
    assert slipway.running("qa").image == f"localhost:5000/{pinned}"
    assert slipway.running("production").image == f"localhost:5000/prod/{pinned}"
    assert [one.phase for one in release.promotions] == [Phase.SUCCEEDED, Phase.SUCCEEDED]


def test_a_released_version_says_so_on_its_commit(slipway: Harness) -> None:
    """The author sees it where the code is."""
    release = slipway.release_to("1.0.0")

    said = slipway.statuses(release.commit)

    assert said["slipway/delivery/v1.0.0"].description == "v1.0.0 is Released"
    assert said["slipway/delivery/v1.0.0/production"].state == "succeeded"


def test_one_no_ends_a_release_as_rejected(slipway: Harness) -> None:
    """A rejected version is in QA and never reaches production."""
    slipway.release_to("1.0.0", approve=False)
    slipway.answer(approve=False, comment="the figures are wrong")

    release = slipway.pump().release("1.0.0")

    assert release.phase is ReleasePhase.REJECTED
    assert "Rita Manager" in release.reason
    assert slipway.outside.environments.live("production", "delivery") is None
    assert slipway.outside.people.open == []


def test_a_question_that_nobody_answers_expires(slipway: Harness) -> None:
    """After seven days the tick ends it, and the question is closed."""
    slipway.release_to("1.0.0", approve=False)

    slipway.tick(7 * DAY + timedelta(minutes=1))

    assert slipway.release("1.0.0").phase is ReleasePhase.EXPIRED
    assert slipway.outside.people.open == []


def test_a_build_that_fails_ends_the_release_as_failed(slipway: Harness) -> None:
    """The reason is the build's, on the commit too."""
    slipway.outside.builder.outcomes[branch("1.0.0")] = BuildResult(
        outcome=BuildOutcome.FAILED, reason="2 of 5 unit tests failed"
    )

    release = slipway.release_to("1.0.0", approve=False)

    assert (release.phase, release.reason) == (ReleasePhase.FAILED, "2 of 5 unit tests failed")
    assert slipway.statuses(release.commit)["slipway/delivery/v1.0.0"].description == "2 of 5 unit tests failed"


def test_a_first_deployment_that_fails_leaves_nothing_live(slipway: Harness) -> None:
    """There is no way back, and what comes after it is skipped."""
    slipway.outside.environments.health["delivery", "qa", "1.0.0"] = RolloutState.DEGRADED

    release = slipway.release_to("1.0.0", approve=False)

    assert release.phase is ReleasePhase.FAILED
    assert slipway.live("qa") == ""
    assert [one.phase for one in release.promotions] == [Phase.FAILED, Phase.SKIPPED]


def test_a_registry_that_stays_out_of_reach_ends_in_errored_and_a_retry_goes_on(slipway: Harness) -> None:
    """Errored is ours: the promotion resumes where it stopped, with the approval that it has."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.troubles.add("registry.copy", *(Transient("registry: 503") for _ in range(3)))
    slipway.approve()
    errored = slipway.release("1.0.0")

    slipway.ask(ev.RetryRequested, version="1.0.0")

    slipway.pump()
    assert errored.phase is ReleasePhase.ERRORED
    assert "registry: 503" in errored.reason
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
    assert len(slipway.outside.people.asked) == 1


def test_trouble_that_passes_is_no_ending(slipway: Harness) -> None:
    """Two refusals are fewer than it takes to give up."""
    slipway.outside.troubles.add("applier.write", Transient("git: timeout"), Transient("git: timeout"))

    release = slipway.release_to("1.0.0")

    assert release.phase is ReleasePhase.RELEASED


def test_what_the_platform_refuses_for_good_is_errored_at_once(slipway: Harness) -> None:
    """A fault of ours is not the release's."""
    slipway.outside.troubles.add("applier.write", Permanent("environments.git: permission denied", ours=True))

    release = slipway.release_to("1.0.0", approve=False)

    assert release.phase is ReleasePhase.ERRORED
    assert slipway.live("qa") == ""


def test_a_newer_version_of_the_line_supersedes_one_that_waits(slipway: Harness) -> None:
    """The older question is withdrawn and says by what."""
    slipway.release_to("1.0.0", approve=False)
    older = slipway.request()

    slipway.release_to("1.0.1", approve=False)

    assert slipway.release("1.0.0").phase is ReleasePhase.SUPERSEDED
    assert "v1.0.1" in slipway.outside.people.closed[older]
    assert slipway.approve().outcome is Outcome.MOVED
    assert slipway.live("production") == "1.0.1"


def test_a_hotfix_passes_while_a_version_of_another_line_waits(slipway: Harness) -> None:
    """Lines are major.minor; what waits for an approval blocks nobody."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.2.0", approve=False)

    slipway.release_to("1.0.1")

    assert slipway.live("production") == "1.0.1"
    assert slipway.release("1.2.0").phase is ReleasePhase.PACKAGED
    assert slipway.promotion("1.2.0", "production").phase is Phase.WAITING


def test_a_person_aborts_what_waits(slipway: Harness) -> None:
    """Aborted, with a name and a reason."""
    slipway.release_to("1.0.0", approve=False)

    slipway.ask(ev.AbortRequested, version="1.0.0", reason="the customer moved")

    release = slipway.pump().release("1.0.0")
    assert release.phase is ReleasePhase.ABORTED
    assert "Rita Manager: the customer moved" in release.reason
    assert slipway.outside.people.open == []


def test_a_failed_rollout_in_production_goes_back_by_itself(slipway: Harness) -> None:
    """The bad version is held, the good one is live again, and a higher version passes."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    release = slipway.release_to("1.1.0")

    slipway.release_to("1.1.1")

    assert release.phase is ReleasePhase.ROLLED_BACK
    assert [(one.kind, one.phase) for one in release.promotions] == [
        (PromotionKind.FORWARD, Phase.SUCCEEDED),
        (PromotionKind.FORWARD, Phase.FAILED),
        (PromotionKind.ROLLBACK, Phase.ROLLED_BACK),
    ]
    assert [hold.version for hold in slipway.state().holds] == ["1.1.0"]
    assert slipway.live("production") == "1.1.1"
    versions = [one.version for one in slipway.outside.environments.applied["production/delivery"]]
    assert versions == ["1.0.0", "1.1.0", "1.0.0", "1.1.1"]


def test_the_rollback_applies_the_manifests_that_were_good(slipway: Harness) -> None:
    """Byte for byte what ran before."""
    slipway.release_to("1.0.0")
    good = slipway.running("production").manifests
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED

    slipway.release_to("1.1.0")

    assert slipway.running("production").manifests == good


def test_two_services_are_released_side_by_side(slipway: Harness) -> None:
    """One that waits for its approval holds up nobody else."""
    slipway.release_to("1.0.0", approve=False)

    slipway.release_to("2.0.0", PACKAGE)

    assert slipway.live("production", PACKAGE) == "2.0.0"
    assert slipway.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_the_author_cannot_approve_even_as_an_approver(slipway: Harness) -> None:
    """Refused and recorded, and the question stays open for others."""
    slipway.release_to("1.0.0", approve=False)

    handled = slipway.answer(ADA, groups=("release-managers",))

    assert handled.outcome is Outcome.REFUSED
    assert slipway.timeline(DELIVERY)[-1].person == ADA
    assert slipway.approve().outcome is Outcome.MOVED
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
