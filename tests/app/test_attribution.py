"""Who is behind a push: nobody's commits are put down to somebody else."""

from __future__ import annotations

import pytest

from shared.codec.repository import TIPS, tip_row
from shared.domain.messages.events import PushReceived
from shared.domain.state.repository import Pushed, Tip
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from tests.support.app_parts import Harness, branch
from tests.support.outside import ADA, MAIN, RITA, SAM, SHIPPING, SLIPWAY_YAML

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


def test_who_pushed_what_was_overtaken_does_not_approve_it_either(slipway: Harness) -> None:
    """Both pushed a part of it, whoever wrote the commits and whichever message came first."""
    first = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    second = slipway.outside.commit(BRANCH, {"x": b"2"}, by=ADA)
    told(slipway, first, RITA)
    told(slipway, second, SAM)
    slipway.pump()

    assert slipway.answer(RITA).code == "author"
    assert {one.id for one in slipway.release("1.0.0").pushers} >= {"rita", "sam"}


def test_who_pushed_does_not_approve_although_the_tick_saw_the_branch_before_their_message_came(
    slipway: Harness,
) -> None:
    """Attack: push what somebody else wrote while the doors are slow, and approve it oneself."""
    commit = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    slipway.tick()
    told(slipway, commit, RITA)
    slipway.pump()

    release = slipway.release("1.0.0")
    assert release.pushed_by == RITA
    assert slipway.answer(RITA).code == "author"


def test_a_vote_that_was_given_before_it_was_known_who_pushed_does_not_count_any_more(slipway: Harness) -> None:
    """Two have to approve, and the first of them turns out to have pushed it."""
    two = SLIPWAY_YAML.replace("minimum: 1", "minimum: 2").encode()
    slipway.push(MAIN, {"slipway.yaml": two})
    first = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"2"}, by=ADA), ADA)
    slipway.pump()
    slipway.answer(RITA)
    told(slipway, first, RITA)
    slipway.pump()

    found = slipway.promotion("1.0.0", "production").approval
    assert found is not None
    assert found.votes == ()


def test_who_pushed_what_is_not_released_is_nobody_of_it(slipway: Harness) -> None:
    """A commit that came after the version was packaged, was forced away, names no version, or is told of twice."""
    commit = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    told(slipway, commit, ADA)
    slipway.pump()
    entries = len(slipway.timeline())
    told(slipway, commit, ADA)
    slipway.outside.commit(BRANCH, {"x": b"2"}, by=ADA)
    told(slipway, "f" * 40, SAM)
    odd = branch("oddly")
    slipway.send(PushReceived(id="odd", repository=SHIPPING, ref=odd, commit="f" * 40, pushed_by=SAM))
    slipway.pump()

    assert SAM not in slipway.release("1.0.0").pushers
    assert [one.event_type for one in slipway.timeline()[entries:]] == ["change-found"]


def unconfigured(slipway: Harness) -> None:
    """Take the service out of the configuration."""
    without = SLIPWAY_YAML.replace("  delivery:", "  other:")
    slipway.push(MAIN, {"slipway.yaml": without.encode()})


def test_who_pushed_before_the_service_was_configured_does_not_approve_what_comes_of_it(slipway: Harness) -> None:
    """Attack: push to a service that is not there yet, have somebody else push on, and approve it oneself."""
    unconfigured(slipway)
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA), RITA)
    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.encode()})
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"2"}, by=ADA), ADA)
    slipway.pump()

    assert RITA in slipway.release("1.0.0").pushers
    assert slipway.answer(RITA).code == "author"
    assert kept(slipway) == ()


def kept(slipway: Harness) -> tuple[Pushed, ...]:
    """Who is known to have pushed what no release has taken in."""
    row = slipway.app.rows.get(SHIPPING, tip_row(BRANCH))
    assert row is not None
    return TIPS.decode(row.value).pushed


def test_what_was_pushed_and_forced_away_is_nobodys_part_of_the_release(slipway: Harness) -> None:
    """It is kept until it comes back, once for each that pushed it."""
    unconfigured(slipway)
    first = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    told(slipway, first, RITA)
    told(slipway, first, RITA)
    slipway.outside.delete(BRANCH)
    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.encode()})
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"2"}, by=ADA), ADA)

    assert RITA not in slipway.release("1.0.0").pushers
    assert kept(slipway) == (Pushed(first, RITA),)


def test_a_branch_that_is_gone_has_nobody_who_pushed_it(slipway: Harness) -> None:
    """And nothing grows by telling of it."""
    unconfigured(slipway)
    told(slipway, "f" * 40, RITA)

    assert slipway.app.rows.get(SHIPPING, tip_row(BRANCH)) is None


def test_no_more_is_kept_of_somebody_who_pushes_on_and_on(slipway: Harness) -> None:
    """A row has room for a hundred; somebody else is still noted."""
    unconfigured(slipway)
    commit = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    told(slipway, commit, RITA)
    row = slipway.app.rows.get(SHIPPING, tip_row(BRANCH))
    assert row is not None
    many = tuple(Pushed(f"{number:040x}", RITA) for number in range(100))
    full = replace(TIPS.decode(row.value), pushed=many)
    slipway.app.rows.overwrite(SHIPPING, tip_row(BRANCH), TIPS.encode(full))

    told(slipway, commit, RITA)
    told(slipway, commit, SAM)

    assert kept(slipway) == (*many, Pushed(commit, SAM))


def test_two_who_pushed_are_both_noted_where_their_messages_are_read_at_once(slipway: Harness) -> None:
    """Whoever comes second looks again."""
    unconfigured(slipway)
    commit = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    told(slipway, commit, ADA)
    rows, tip = slipway.app.rows, tip_row(BRANCH)
    put, other = rows.put, Pushed(commit, SAM)

    def overtaken(partition: str, key: str, value: bytes, *, etag: str | None) -> str:
        found = rows.get(partition, key)
        if found is not None and key == tip and other not in TIPS.decode(found.value).pushed:
            old = TIPS.decode(found.value)
            rows.overwrite(partition, key, TIPS.encode(replace(old, pushed=(*old.pushed, other))))
        return put(partition, key, value, etag=etag)

    slipway.app.rows.put = overtaken  # type: ignore[method-assign]  # somebody is faster each time
    told(slipway, commit, RITA)

    assert kept(slipway) == (Pushed(commit, ADA), other, Pushed(commit, RITA))


def test_a_claim_that_a_dead_worker_left_is_not_put_down_to_whoever_comes_next(slipway: Harness) -> None:
    """The tip was claimed before anything was told; the next message is of another push."""
    tip = slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA)
    row = TIPS.encode(Tip(commit=tip, number=1, previous=None, sent=False))
    slipway.app.rows.put(SHIPPING, tip_row(BRANCH), row, etag=None)
    told(slipway, "f" * 40, SAM)

    release = slipway.release("1.0.0")
    assert (release.commit, SAM in release.pushers) == (tip, False)


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


@pytest.mark.parametrize("mail", ["\uff52elease-manager@example.com", "release-manager@example.com,"])
def test_attack_push_with_ones_own_mail_spelled_otherwise_and_approve(slipway: Harness, mail: str) -> None:
    """A pusher is held to what an author is; an operator answers for either."""
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"1"}, by=ADA), Person(id=mail, name="Rita", mails=(mail,)))
    slipway.pump()

    answer = slipway.answer(RITA)

    assert answer.code == "unlinked-author"
    assert f"pusher Rita, whose mail {mail!a} is not written as mails are" in answer.reason


def test_the_default_branch_is_read_whatever_the_message_says_of_another(slipway: Harness) -> None:
    """Its tip has a message of its own, but its configuration must not be older than what it rules."""
    commit = slipway.outside.commit(MAIN, {"y": b"1"})
    told(slipway, slipway.outside.commit(BRANCH, {"x": b"1"}), ADA)

    row = slipway.app.rows.get(SHIPPING, tip_row(MAIN))
    assert row is not None
    assert TIPS.decode(row.value).commit == commit
