"""Who pushed a release is known from the push that told of it, or from one that comes late."""

from __future__ import annotations

from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from tests.support.pilot import AUTHOR, MANAGER, SECOND, Pilot

BRANCH = "refs/heads/release/delivery/v1.0.0"


def pushed(pilot: Pilot, commit: str = "b" * 40, *, ref: str = BRANCH) -> Decision:
    return pilot.tell(ev.PusherFound(**pilot.ids(), ref=ref, commit=commit, pushed_by=SECOND))


def test_whoever_pushed_what_is_released_is_the_last_pusher() -> None:
    """The commit was told of by somebody else's message."""
    pilot = Pilot()
    pilot.push_release("1.0.0")

    decision = pushed(pilot)

    release = pilot.release("1.0.0")
    assert (release.pushed_by, release.pushers) == (SECOND, (AUTHOR, SECOND))
    assert decision.notes == ("v1.0.0: bbbbbbbbbbbb was pushed by Sam Second",)


def test_whoever_pushed_a_commit_before_it_is_one_of_the_pushers() -> None:
    """The last one stays who pushed the commit that is released."""
    pilot = Pilot()
    pilot.push_release("1.0.0")

    pushed(pilot, "a" * 40)

    release = pilot.release("1.0.0")
    assert (release.pushed_by, release.pushers) == (AUTHOR, (AUTHOR, SECOND))


def test_authors_are_read_again_for_what_waits_only() -> None:
    """What has started does not ask any more."""
    pilot = Pilot().release_to("1.0.0", approve=False)
    before = pilot.promotion("1.0.0", "qa")

    pushed(pilot)

    waiting = pilot.promotion("1.0.0", "production")
    assert (waiting.facts, pilot.promotion("1.0.0", "qa")) == (None, before)
    assert pilot.perform(ef.GatherFacts).answer(MANAGER).outcome is Outcome.MOVED


def test_a_pusher_of_a_release_that_has_ended_is_kept_with_it() -> None:
    """It may be promoted again."""
    pilot = Pilot().release_to("1.0.0")

    pushed(pilot)

    assert SECOND in pilot.release("1.0.0").pushers


def test_a_known_pusher_and_a_branch_that_released_nothing_are_recorded_only() -> None:
    """Nothing follows from either."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pushed(pilot)

    assert pushed(pilot).code == "known"
    assert pushed(pilot, ref="refs/heads/release/delivery/v9.0.0").code == "unknown-release"
    assert pushed(pilot, ref="refs/heads/main").code == "unknown-release"


def test_whoever_pushed_what_waits_to_be_packaged_is_its_last_pusher() -> None:
    """Nobody was named for it when it was found; they are once it is packaged."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags)
    pilot.push(BRANCH, "c" * 40, by=None)
    pushed(pilot, "c" * 40)
    pilot.perform()

    release = pilot.release("1.0.0")
    assert (release.commit, release.pushed_by, release.unnamed) == ("c" * 40, SECOND, ())


def test_a_push_that_nobody_is_named_for_is_counted_as_well() -> None:
    """It was known before the release was, e.g. as its service was not configured."""
    pilot = Pilot()
    pilot.push_release("1.0.0")
    decision = pilot.tell(ev.PusherFound(**pilot.ids(), ref=BRANCH, commit="a" * 40, pushed_by=None))

    release = pilot.release("1.0.0")
    assert (release.pushed_by, release.unnamed) == (AUTHOR, ("a" * 40,))
    assert decision.notes == ("v1.0.0: aaaaaaaaaaaa was pushed by somebody who is not named",)
