"""What a push is compared with, and what its commits ask for."""

from __future__ import annotations

from shared.app.hook_events.inspect_push import inspect_push
from shared.domain.drafts.decision import Outcome
from shared.domain.messages import events as ev
from tests.support.app_looks import latest
from tests.support.app_parts import PACKAGE, Harness
from tests.support.outside import MAIN, SHIPPING

FEATURE = "refs/heads/feature/delivery/x"
CODE = "src/shipping/delivery/app.py"
OTHER = "src/shipping/package/app.py"


def told(slipway: Harness, ref: str) -> None:
    """Inspect a push as its message would have it inspected."""
    inspect_push(slipway.app, ev.PushReceived(id="p", repository=SHIPPING, ref=ref))


def validated(slipway: Harness, ref: str) -> bool:
    """Whether a build of the branch was asked for or waits."""
    return ref in slipway.state().validations


def test_a_push_is_compared_with_the_tip_before(slipway: Harness) -> None:
    """What an earlier push changed is not changed by this one."""
    slipway.outside.commit(FEATURE, {CODE: b"1"})
    told(slipway, FEATURE)
    entries = len(slipway.timeline())
    slipway.outside.commit(FEATURE, {"docs/x.md": b"1"})
    told(slipway, FEATURE)

    assert len(slipway.timeline()) == entries


def test_a_new_branch_is_compared_with_where_it_left_the_default_one(slipway: Harness) -> None:
    """What main has got since is not the branch's doing."""
    base = slipway.outside.source.refs(SHIPPING)[MAIN]
    slipway.outside.commit(MAIN, {CODE: b"main went on"})
    slipway.outside.commit(FEATURE, {"docs/x.md": b"1"}, base=base)
    told(slipway, FEATURE)

    assert not validated(slipway, FEATURE)


def test_a_new_branch_without_a_commit_of_its_own_changes_nothing(slipway: Harness) -> None:
    """Whatever the history of the default branch has changed and marked."""
    slipway.outside.source.refs(SHIPPING)[FEATURE] = slipway.outside.source.refs(SHIPPING)[MAIN]
    told(slipway, FEATURE)

    assert not validated(slipway, FEATURE)


def test_a_rewritten_branch_is_compared_with_where_it_left_the_default_one(slipway: Harness) -> None:
    """The commit before is no ancestor any more; comparing with it would count what was taken back."""
    base = slipway.outside.source.refs(SHIPPING)[MAIN]
    slipway.outside.commit(FEATURE, {CODE: b"1"}, base=base)
    told(slipway, FEATURE)
    slipway.pump()
    slipway.outside.commit(FEATURE, {"docs/x.md": b"1"}, base=base)
    told(slipway, FEATURE)

    assert not validated(slipway, FEATURE)


def test_a_rewritten_default_branch_concerns_everybody(slipway: Harness) -> None:
    """There is nothing sensible to compare it with."""
    slipway.outside.commit(MAIN, {"docs/x.md": b"1"})
    told(slipway, MAIN)
    base = slipway.outside.source.merge_base(SHIPPING, *[slipway.outside.source.refs(SHIPPING)[MAIN]] * 2)
    parent = next(one.id for one in slipway.outside.source.commits(SHIPPING, None, str(base)) if one.id != base)
    slipway.outside.source.refs(SHIPPING)[MAIN] = parent
    told(slipway, MAIN)

    assert latest(slipway).event_id == f"shipping:{MAIN}:3:delivery"
    assert latest(slipway, PACKAGE).event_id == f"shipping:{MAIN}:3:package"


def test_a_branch_of_a_repository_without_a_default_branch_is_taken_whole(slipway: Harness) -> None:
    """Every file of it is new."""
    slipway.outside.commit(FEATURE, {"docs/x.md": b"1"})
    slipway.outside.delete(MAIN)
    told(slipway, FEATURE)

    assert validated(slipway, FEATURE)


def test_a_marker_in_any_commit_of_the_push_asks_for_no_validation(slipway: Harness) -> None:
    """It is noted with the marker, and nothing is built."""
    slipway.outside.commit(FEATURE, {CODE: b"1"}, message="Try [skip ci]")
    slipway.outside.commit(FEATURE, {CODE: b"2"}, message="Go on")
    told(slipway, FEATURE)

    assert latest(slipway).outcome is Outcome.IGNORED
    assert latest(slipway).reason == "a commit says [skip ci]"
    assert not validated(slipway, FEATURE)


def test_a_marker_of_an_earlier_push_does_not_count(slipway: Harness) -> None:
    """Only what is new is asked."""
    slipway.outside.commit(FEATURE, {CODE: b"1"}, message="Try [skip ci]")
    told(slipway, FEATURE)
    slipway.outside.commit(FEATURE, {CODE: b"2"}, message="Go on")
    told(slipway, FEATURE)

    assert validated(slipway, FEATURE)


def test_a_marker_somewhere_in_the_history_does_not_keep_a_repository_from_its_first_validation(fresh: Harness) -> None:
    """Seen for the first time, the default branch is no push of all its commits."""
    fresh.outside.commit(MAIN, {CODE: b"1"}, message="Once [skip ci]")
    fresh.outside.commit(MAIN, {CODE: b"2"}, message="Go on")
    told(fresh, MAIN)

    assert validated(fresh, MAIN)


def test_a_marker_in_the_newest_commit_counts_at_first_sight_too(fresh: Harness) -> None:
    """It is the one commit that was pushed for certain."""
    fresh.outside.commit(MAIN, {CODE: b"1"}, message="Not now [skip ci]")
    told(fresh, MAIN)

    assert not validated(fresh, MAIN)
