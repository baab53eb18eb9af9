"""From recorded digests to tags, and from tags to promotions: what can come of it, and who goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.deciding.blockers import why
from shared.domain.deciding.tagging import TAGGING_DEADLINE, known_as
from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.state.build import WouldBlock
from shared.domain.state.phases import ReleasePhase
from shared.domain.values.records import replace
from tests.support.parts import IMAGE, image_and_chart
from tests.support.pilot import AUTHOR, OPERATOR, Pilot, digest, good_result

REF = "refs/heads/release/delivery/v1.0.0"


def recorded(**result: object) -> Pilot:
    """A version whose digests are recorded and whose tags are asked for."""
    pilot = Pilot()
    pilot.world.build = lambda effect: good_result(str(effect.number), **result)
    pilot.push_release("1.0.0", "a" * 40)
    return pilot.perform(ef.ReadTags, ef.Build)


def failed(pilot: Pilot, attempt: int = 1, **said: object) -> Decision:
    """The report that tags could not be put."""
    fields = {"version": "1.0.0", "attempt": attempt, "reason": "HTTP 503", "ours": True, **said}
    return pilot.tell(ev.TaggingFailed(**pilot.ids(), effect="x", **fields))  # type: ignore[arg-type] # as the test says


def retry(pilot: Pilot) -> Decision:
    """An operator's."""
    return pilot.tell(ev.RetryRequested(**pilot.ids(), person=OPERATOR, version="1.0.0"))


def abort(pilot: Pilot) -> Decision:
    """An operator's."""
    return pilot.tell(ev.AbortRequested(**pilot.ids(), person=OPERATOR, version="1.0.0", reason="wrong"))


def statuses(pilot: Pilot, commit: str) -> list[tuple[str, str]]:
    """What was said about a commit."""
    return [(one.state, one.description) for one in pilot.said if one.commit == commit]


def test_recorded_digests_ask_for_tags_and_promote_nothing() -> None:
    """The release stays in Packaging, with its artifact, until both stand."""
    pilot = recorded()
    release = pilot.release("1.0.0")

    assert (release.phase, release.promotions, release.packaged) == (ReleasePhase.PACKAGING, (), False)
    assert release.artifact is not None
    assert pilot.effects(ef.Tag) == [ef.Tag(service=pilot.state.service, version="1.0.0", attempt=1)]


def test_a_release_whose_tags_are_put_says_so_and_until_when() -> None:
    """Slipway itself acts; nothing runs for ever."""
    pilot = recorded()
    [found] = why(pilot.state, pilot.release("1.0.0"), estate=pilot.estate, now=pilot.now)

    assert (found.code, found.reason) == ("Packaging", "v1.0.0 is built; its tags are being put")
    assert (found.who, found.until) == (("slipway",), pilot.now + TAGGING_DEADLINE)
    assert pilot.decisions[-1].wake[0][0] == pilot.now + TAGGING_DEADLINE


def test_tags_that_stand_begin_the_promotions() -> None:
    """And the commit shows it, with what an environment would block."""
    pilot = recorded(would_block=(WouldBlock(environment="production", reason="root"),)).perform(ef.Tag)
    release = pilot.release("1.0.0")

    assert (release.phase, release.packaged, release.tagging) == (ReleasePhase.PACKAGED, True, None)
    assert [one.environment for one in release.promotions] == ["qa", "production"]
    text = f"v1.0.0 is packaged as {digest('image 1').short}; production would block: root"
    assert ("succeeded", text) in statuses(pilot, "a" * 40)


def test_a_build_whose_tags_stand_already_is_packaged_at_once() -> None:
    """A builder elsewhere put them."""
    pilot = recorded(tagged=True)

    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED
    assert pilot.effects(ef.Tag) == []


def test_tags_that_are_not_put_in_time_are_our_error() -> None:
    """A retry goes on with them; what comes late of the first attempt is recorded only."""
    pilot = recorded()
    pilot.pass_time(TAGGING_DEADLINE)
    release = pilot.release("1.0.0")
    assert (release.phase, release.reason) == (
        ReleasePhase.ERRORED,
        "the tags of v1.0.0 were not put in time; retry the release",
    )

    decision = retry(pilot)
    late = pilot.tell(ev.ArtifactTagged(**pilot.ids(), effect="x", version="1.0.0", attempt=1))
    lost = failed(pilot)
    pilot.perform(ef.Tag)

    assert decision.about == "tags 2"
    assert [(one.outcome, one.code) for one in (late, lost)] == [(Outcome.IGNORED, "replaced")] * 2
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED
    assert len(pilot.effects(ef.Build)) == 1


def test_tags_whose_message_went_to_poison_are_our_error() -> None:
    """It is heard of at once, and not at the deadline."""
    pilot = recorded()
    [effect] = pilot.effects(ef.Tag)
    pilot.tell(ev.MessagePoisoned(**pilot.ids(), poison=3, queue="slipway-quick", message_type="tag", effect=effect.id))

    assert pilot.release("1.0.0").phase is ReleasePhase.ERRORED
    assert "see poison 3; retry the release" in pilot.release("1.0.0").reason


def test_a_registry_that_stays_away_is_our_error_and_keeps_the_digests() -> None:
    """The commit shows it; a retry puts the tags."""
    pilot = recorded()
    failed(pilot)
    release = pilot.release("1.0.0")

    assert (release.phase, release.packaged) == (ReleasePhase.ERRORED, False)
    assert release.artifact is not None
    reason = "the tags of v1.0.0 could not be put: HTTP 503; retry the release"
    assert (release.reason, statuses(pilot, "a" * 40)[-1]) == (reason, ("error", reason))


def test_what_the_registry_lost_is_forgotten_and_built_anew_by_a_retry() -> None:
    """The next attempt to tag has another number, whatever the new build's digests are."""
    pilot = recorded()
    failed(pilot, lost=True, reason="image delivery is gone")
    assert (pilot.release("1.0.0").phase, pilot.release("1.0.0").artifact) == (ReleasePhase.ERRORED, None)
    assert pilot.release("1.0.0").reason.endswith("image delivery is gone; retry the release to build it anew")

    retry(pilot)
    pilot.perform(ef.Build, ef.Tag)
    artifact = pilot.release("1.0.0").artifact

    assert artifact is not None
    assert artifact.image.digest == digest("image 2")
    assert [one.id.rpartition(":")[2] for one in pilot.effects(ef.Tag)] == ["1", "2"]
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED


def test_a_mended_commit_takes_a_version_that_the_registry_lost() -> None:
    """No digests are recorded any more."""
    pilot = recorded()
    failed(pilot, lost=True)
    pilot.push_release("1.0.0", "e" * 40)
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    assert pilot.release("1.0.0").commit == "e" * 40
    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED


@pytest.mark.parametrize(("chart", "phase"), [("chart 1", ReleasePhase.PACKAGED), ("other", ReleasePhase.FAILED)])
def test_a_tag_of_what_was_lost_is_ours_and_keeps_nobody_from_the_version(chart: str, phase: ReleasePhase) -> None:
    """The chart's was put before a clean-up took the image; another one is somebody else's."""
    pilot = recorded()
    built = pilot.release("1.0.0").artifact
    assert built is not None
    failed(pilot, lost=True)
    pilot.world.tags["1.0.0"] = replace(built, parts=image_and_chart(digest("image 1"), digest(chart)))
    pilot.push_release("1.0.0", "e" * 40)
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)

    assert pilot.release("1.0.0").phase is phase


def test_attack_a_tag_that_somebody_else_put_ends_the_version() -> None:
    """It is the release's end: no retry, no promotion, no other commit."""
    pilot = recorded()
    failed(pilot, ours=False, reason="delivery:v1.0.0 holds another")
    reason = "the tags of v1.0.0 could not be put: delivery:v1.0.0 holds another; push a higher version"
    assert (pilot.release("1.0.0").phase, pilot.release("1.0.0").reason) == (ReleasePhase.FAILED, reason)
    assert statuses(pilot, "a" * 40)[-1] == ("failed", reason)

    again = retry(pilot)
    promote = ev.PromoteRequested(**pilot.ids(), person=OPERATOR, version="1.0.0", environment="qa")
    promoted, pushed = pilot.tell(promote), pilot.push_release("1.0.0", "e" * 40)

    assert (again.code, again.reason) == ("not-errored", f"v1.0.0 is Failed: {reason}")
    assert (promoted.code, pushed.code) == ("not-packaged", "already-packaged")


@pytest.mark.parametrize("ended", [False, True], ids=["under way", "errored"])
def test_a_commit_that_is_pushed_once_digests_are_recorded_is_refused_naming_them(ended: bool) -> None:
    """Whether tags stand or not; the commit itself is known."""
    pilot = recorded()
    if ended:
        failed(pilot)
    known, decision = pilot.push_release("1.0.0", "a" * 40), pilot.push_release("1.0.0", "e" * 40)

    assert (known.code, decision.code) == ("known", "already-packaged")
    kept = f"v1.0.0 is image {digest('image 1')} and chart {digest('chart 1')} from {'a' * 12}"
    said = f"{'e' * 12} is not released: {kept}; push a higher version"
    assert statuses(pilot, "e" * 40) == [("failed", said)]


def test_a_version_that_is_bound_to_nothing_cannot_be_named() -> None:
    """Whoever asks is wrong."""
    release = replace(recorded().release("1.0.0"), artifact=None)

    with pytest.raises(LookupError, match=r"v1\.0\.0 is bound to nothing"):
        known_as(release)


def test_an_abort_while_tags_are_put_keeps_the_digests_for_a_retry() -> None:
    """The version is theirs for good; a deleted branch stops it in the same way."""
    pilot = recorded()
    abort(pilot)
    assert pilot.release("1.0.0").phase is ReleasePhase.ABORTED
    pilot.perform(ef.Tag)
    assert pilot.release("1.0.0").phase is ReleasePhase.ABORTED

    retry(pilot)
    pilot.tell(ev.BranchDeleted(**pilot.ids(), ref=REF, number=2))
    assert pilot.release("1.0.0").phase is ReleasePhase.ABORTED
    retry(pilot)
    pilot.perform(ef.Tag)

    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGED
    assert len(pilot.effects(ef.Build)) == 1


def test_tags_that_are_being_put_are_not_retried() -> None:
    """Nor those of a service that left the configuration."""
    pilot = recorded()
    under_way = retry(pilot)
    pilot.tell(ev.ServiceRemoved(**pilot.ids()))
    left = retry(pilot)

    assert under_way.reason == "v1.0.0 is Packaging; its tags are being put"
    assert left.reason == "v1.0.0 is Aborted: delivery left the configuration"


def test_reports_of_tags_that_nobody_waits_for_are_recorded_only() -> None:
    """Of an unknown version, and of one that is packaged."""
    pilot = recorded().perform(ef.Tag)
    unknown = pilot.tell(ev.ArtifactTagged(**pilot.ids(), effect="x", version="9.0.0", attempt=1))
    again = pilot.tell(ev.ArtifactTagged(**pilot.ids(), effect="x", version="1.0.0", attempt=1))

    assert [one.code for one in (unknown, again)] == ["replaced", "replaced"]
    assert again.reason == "attempt 1 tagged it, but nobody waits for the tags of v1.0.0"


def test_another_tag_while_ours_are_put_quarantines_the_version() -> None:
    """Who puts them may have looked before."""
    pilot = recorded()
    pilot.tell(ev.ArtifactAnnounced(**pilot.ids(), version="1.0.0", part=IMAGE, digest=digest("other")))
    [asked] = [one for one in pilot.open if isinstance(one, ef.ReadTags)]
    pilot.tell(
        ev.TagsRead(**pilot.ids(), effect=asked.id, version="1.0.0", parts=image_and_chart(digest("other"), None))
    )

    assert "names" in pilot.release("1.0.0").quarantine


def test_a_deadline_that_is_not_over_ends_nothing() -> None:
    """A minute is left."""
    pilot = recorded()
    pilot.pass_time(TAGGING_DEADLINE - timedelta(minutes=1))

    assert pilot.release("1.0.0").phase is ReleasePhase.PACKAGING
    assert pilot.release("1.0.0").pushed_by == AUTHOR
