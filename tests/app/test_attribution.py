"""Who is behind a push: nobody's commits are put down to somebody else."""

from __future__ import annotations

from shared.codec.repository import decode_tip, tip_row
from shared.domain.events import PushReceived
from shared.domain.names import Person
from tests.support.app_parts import Harness, branch
from tests.support.outside import ADA, MAIN, SAM, SHIPPING

BRANCH = branch("1.0.0")


def told(slipway: Harness, commit: str, by: Person) -> None:
    """Deliver a hook's message about a branch of a release, up to the decision."""
    slipway.send(PushReceived(id=f"{by.id}:{commit}", repository=SHIPPING, ref=BRANCH, commit=commit, pushed_by=by))
    slipway.pump("events", "inspect-push")


def test_a_push_that_was_overtaken_does_not_speak_for_the_one_that_came_after(slipway: Harness) -> None:
    """Attack: push right after somebody else, have it charged to them, and approve it oneself."""
    first = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    second = slipway.outside.commit(BRANCH, {"x": b"2"}, by=ADA)
    told(slipway, first, ADA)
    told(slipway, second, SAM)

    release = slipway.release("1.0.0")
    assert (release.commit, release.pushed_by) == (second, SAM)


def test_a_deletion_is_told_by_a_commit_of_zeros(slipway: Harness) -> None:
    """As git's hook writes it."""
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"1"}), ADA)
    slipway.outside.delete(BRANCH)
    told(slipway, "0" * 40, ADA)

    assert slipway.release("1.0.0").phase == "Aborted"


def test_a_pusher_without_a_mail_leaves_nobody_who_is_surely_not_the_author(slipway: Harness) -> None:
    """Attack: push as somebody without a mail, and approve under another identity."""
    nobody = Person(id="nobody", name="Nobody")
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"1"}), nobody)
    slipway.pump()

    answer = slipway.answer()

    assert answer.code == "unlinked-author"


def test_the_default_branch_is_read_whatever_the_message_says_of_another(slipway: Harness) -> None:
    """Its tip has a message of its own, but its configuration must not be older than what it rules."""
    commit = slipway.outside.commit(MAIN, {"y": b"1"})
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"1"}), ADA)

    row = slipway.app.rows.get(SHIPPING, tip_row(MAIN))
    assert row is not None
    assert decode_tip(row.value).commit == commit
