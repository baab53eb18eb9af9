"""Pushes of a release branch, and the branch's end."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.build import BuildOutcome
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.values.records import replace
from tests.support.parts import image_and_chart
from tests.support.pilot import AUTHOR, PRODUCTION, QA, SECOND, Pilot, digest, environment, good_result, policy

BRANCH = "refs/heads/release/delivery/v1.0.0"


def statuses(pilot: Pilot, commit: str) -> list[tuple[str, str]]:
    return [(one.state, one.description) for one in pilot.said if one.commit == commit]


def packaging(commit: str = "a" * 40) -> Pilot:
    pilot = Pilot()
    pilot.push_release("1.0.0", commit)
    return pilot.perform(ef.ReadTags)


def delete(pilot: Pilot) -> Decision:
    return pilot.tell(ev.BranchDeleted(**pilot.ids(), ref=BRANCH, number=2))


def test_a_release_begins_with_checking_its_version() -> None:
    """The registry is asked before anything is built."""
    pilot = Pilot()

    pilot.push_release("1.0.0", "a" * 40)

    release = pilot.release("1.0.0")
    assert (release.phase, release.commit, release.pushed_by) == (ReleasePhase.VALIDATING, "a" * 40, AUTHOR)
    assert [one.subject for one in pilot.open] == [
        "v1.0.0:read-tags:1",
        "aaaaaaaaaaaa:set-status:slipway/delivery/v1.0.0:2",
    ]


def test_a_new_version_is_packaged_by_one_build() -> None:
    """Once the registry has said that it is new."""
    pilot = packaging()

    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGING
    assert [one.subject for one in pilot.effects(ef.Build)] == ["b1:build:1"]


def test_the_same_push_again_is_no_news_while_the_version_is_checked() -> None:
    """The registry is asked once."""
    pilot = Pilot()
    pilot.push_release("1.0.0", "a" * 40)

    decision = pilot.push_release("1.0.0", "a" * 40)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


def test_a_newer_commit_takes_over_while_the_version_is_checked() -> None:
    """It is what is packaged, on behalf of who pushed it."""
    pilot = Pilot()
    pilot.push_release("1.0.0", "a" * 40)
    pilot.push(BRANCH, "e" * 40, by=SECOND)

    pilot.perform(ef.ReadTags)

    release = pilot.release("1.0.0")
    assert release.build is not None
    assert (release.build.commit, release.commit, release.pushed_by) == ("e" * 40, "e" * 40, SECOND)
    assert len(pilot.effects(ef.Build)) == 1


def test_the_commit_that_is_being_packaged_is_no_news() -> None:
    """The same push again is recorded only."""
    decision = packaging("a" * 40).push_release("1.0.0", "a" * 40)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "known")


def test_packaging_starts_again_from_a_new_commit_while_no_tag_exists() -> None:
    """The older build is cancelled, and its late result does not count."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)

    pilot.perform(ef.ReadTags)
    late = pilot.tell(ev.BuildReported(**pilot.ids(), effect="x", number=1, attempt=1, result=good_result("1")))

    assert [one.subject for one in pilot.effects(ef.CancelBuild)] == ["b1:cancel-build:1"]
    assert pilot.release("1.0.0").commit == "e" * 40
    assert late.code == "replaced"


def test_a_new_commit_comes_too_late_once_a_tag_exists() -> None:
    """The push is refused naming the digest; the build goes on."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)

    pilot.tell(ev.TagsRead(**pilot.ids(), effect="x", version="1.0.0", parts=image_and_chart(digest("image 1"), None)))

    state, text = statuses(pilot, "e" * 40)[-1]
    assert state == "failed"
    assert str(digest("image 1")) in text
    release = pilot.release("1.0.0")
    assert (release.phase, release.commit, release.next_push) == (ReleasePhase.PACKAGING, "a" * 40, None)


def test_a_new_commit_comes_too_late_where_the_tags_name_what_was_built() -> None:
    """A builder that puts tags itself has bound the version; the newer commit is told so, with both digests."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)
    pilot.world.build = lambda effect: good_result("1", tagged=True)

    pilot.perform(ef.Build, ef.Tag)

    state, text = statuses(pilot, "e" * 40)[-1]
    assert state == "failed"
    assert str(digest("image 1")) in text
    assert str(digest("chart 1")) in text
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_commit_that_was_pushed_before_digests_were_recorded_takes_the_version() -> None:
    """Also where the build of the older commit ends before the registry has answered."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)
    pilot.perform(ef.Build)
    assert (pilot.release("1.0.0").phase, pilot.release("1.0.0").artifact) == (ReleasePhase.VALIDATING, None)

    pilot.world.build = lambda effect: good_result("2")
    pilot.perform()

    artifact = pilot.release("1.0.0").artifact
    assert artifact is not None
    assert (artifact.commit, artifact.image.digest) == ("e" * 40, digest("image 2"))
    assert statuses(pilot, "a" * 40)[-1] == ("error", "it went well, but v1.0.0 was not bound to it yet")


def test_a_build_that_fails_gives_way_to_the_commit_that_was_pushed_meanwhile() -> None:
    """The version is checked again from it and packaged."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)
    pilot.world.build = lambda effect: good_result("1", outcome=BuildOutcome.FAILED, reason="test_weight failed")
    pilot.perform(ef.Build, ef.Tag)
    assert pilot.release("1.0.0").phase is ReleasePhase.VALIDATING

    pilot.world.build = lambda effect: good_result("2")
    pilot.perform()

    assert statuses(pilot, "a" * 40)[-1] == ("failed", "test_weight failed")
    artifact = pilot.release("1.0.0").artifact
    assert artifact is not None
    assert artifact.commit == "e" * 40


def test_a_branch_that_is_put_back_forgets_the_commit_between() -> None:
    """What is being packaged is right again."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)
    pilot.push_release("1.0.0", "a" * 40)

    pilot.perform()

    artifact = pilot.release("1.0.0").artifact
    assert artifact is not None
    assert artifact.commit == "a" * 40
    assert pilot.effects(ef.CancelBuild) == []


def test_a_release_that_failed_to_build_is_tried_again_from_a_new_commit() -> None:
    """The version is free until it is packaged."""
    pilot = packaging()
    pilot.world.build = lambda effect: good_result("1", outcome=BuildOutcome.FAILED, reason="no")
    pilot.perform()
    assert pilot.release("1.0.0").phase is ReleasePhase.FAILED

    pilot.push_release("1.0.0", "e" * 40)

    release = pilot.release("1.0.0")
    assert (release.phase, release.result) == (ReleasePhase.VALIDATING, None)


@pytest.mark.parametrize("checked", [False, True])
def test_a_deleted_branch_aborts_what_is_not_packaged(checked: bool) -> None:
    """A build that runs is cancelled, and the commit says why."""
    pilot = Pilot()
    pilot.push_release("1.0.0", "a" * 40)
    if checked:
        pilot.perform(ef.ReadTags)

    delete(pilot)

    release = pilot.release("1.0.0")
    assert (release.phase, release.reason, release.build) == (ReleasePhase.ABORTED, "the branch was deleted", None)
    assert len(pilot.effects(ef.CancelBuild)) == int(checked)
    assert statuses(pilot, "a" * 40)[-1] == ("error", "v1.0.0 is aborted: the branch was deleted")


def test_a_commit_that_waited_for_its_turn_hears_of_the_end_too() -> None:
    """Nobody looks at a pending status for ever."""
    pilot = packaging()
    pilot.push_release("1.0.0", "e" * 40)

    delete(pilot)

    assert statuses(pilot, "e" * 40)[-1] == ("error", "v1.0.0 is aborted: the branch was deleted")


def test_a_deleted_branch_withdraws_the_request_for_production() -> None:
    """Before the last environment's slot is taken the release is Aborted."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    delete(pilot)

    assert pilot.release("1.0.0").phase is ReleasePhase.ABORTED
    assert pilot.promotion("1.0.0", "production").phase is Phase.ABORTED
    (closed,) = (one for one in pilot.sent if isinstance(one, ef.CloseApproval))
    assert closed.reason == "Aborted: the branch was deleted"


def test_a_deleted_branch_lets_what_runs_in_an_earlier_environment_finish() -> None:
    """Only what waits is aborted."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag, ef.GatherFacts)

    delete(pilot)
    pilot.perform()

    assert pilot.promotion("1.0.0", "qa").phase is Phase.SUCCEEDED
    assert pilot.promotion("1.0.0", "production").phase is Phase.ABORTED
    assert pilot.release("1.0.0").phase is ReleasePhase.ABORTED


def test_a_deleted_branch_is_recorded_only_once_the_last_environment_has_the_slot() -> None:
    """The deployment goes on."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    pilot.answer()
    pilot.perform(ef.GatherFacts)
    assert pilot.promotion("1.0.0", "production").phase is Phase.RETAGGING

    delete(pilot)
    pilot.perform()

    assert pilot.release("1.0.0").phase is ReleasePhase.RELEASED
    assert pilot.release("1.0.0").branch_deleted


def test_one_of_two_last_environments_is_enough_to_be_past_aborting() -> None:
    """The version is out; the other goes on too."""
    pilot = Pilot(policy(QA, environment("asia", after=("qa",)), replace(PRODUCTION, name="europe")))
    pilot.release_to("1.0.0", approve=False)
    assert pilot.promotion("1.0.0", "asia").phase is Phase.SUCCEEDED

    delete(pilot)

    assert pilot.promotion("1.0.0", "europe").phase is Phase.WAITING


def test_deleting_a_branch_of_which_nothing_is_under_way_is_recorded_only() -> None:
    """Released versions keep their history."""
    pilot = Pilot().release_to("1.0.0")

    decision = delete(pilot)

    assert (decision.outcome, decision.code) == (Outcome.IGNORED, "not-under-way")


def test_a_branch_that_comes_back_is_released_after_all() -> None:
    """Deleting it before it was packaged spent nothing."""
    pilot = packaging()
    delete(pilot)

    pilot.push_release("1.0.0", "a" * 40)
    pilot.perform()

    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED
    assert not pilot.release("1.0.0").branch_deleted
