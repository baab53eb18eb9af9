"""Workers at once, and workers that died: each change of a branch is told once, and none is lost."""

from __future__ import annotations

from collections.abc import Callable

from shared.app.hook_events.inspect_push import inspect_push
from shared.codec.repository import TIPS, tip_row
from shared.domain.messages import events as ev
from shared.domain.state.repository import Tip
from shared.domain.values.records import replace
from tests.support.app_looks import latest
from tests.support.app_parts import Harness
from tests.support.outside import SHIPPING

FEATURE = "refs/heads/feature/delivery/x"
CODE = "src/shipping/delivery/app.py"


def told(slipway: Harness, ref: str, id_: str = "p") -> None:
    """Inspect a push as its message would have it inspected."""
    inspect_push(slipway.app, ev.PushReceived(id=id_, repository=SHIPPING, ref=ref))


def tip(slipway: Harness, ref: str) -> Tip:
    """What is known of a branch."""
    row = slipway.app.rows.get(SHIPPING, tip_row(ref))
    assert row is not None
    return TIPS.decode(row.value)


def changes(slipway: Harness) -> list[str]:
    """Ids of the pushes that delivery was told of."""
    return [one.event_id for one in slipway.timeline() if one.event_type == "change-found"]


def claim(slipway: Harness, ref: str, claimed: Tip) -> None:
    """Leave a tip as a worker that died would have left it."""
    slipway.app.rows.overwrite(SHIPPING, tip_row(ref), TIPS.encode(claimed))


def test_a_claim_that_a_dead_worker_left_is_told_by_the_next(slipway: Harness) -> None:
    """From where the change began, and then whatever was pushed since."""
    base = slipway.outside.commit(FEATURE, {"docs/x.md": b"1"})
    told(slipway, FEATURE)
    first = slipway.outside.commit(FEATURE, {CODE: b"1"})
    claim(slipway, FEATURE, Tip(commit=first, number=2, previous=base, sent=False))
    second = slipway.outside.commit(FEATURE, {CODE: b"2"})
    told(slipway, FEATURE)

    assert changes(slipway)[-2:] == [f"shipping:{FEATURE}:2:delivery", f"shipping:{FEATURE}:3:delivery"]
    assert tip(slipway, FEATURE) == Tip(commit=second, number=3, previous=first, sent=True)


def meanwhile(slipway: Harness, asked: int, happens: Callable[[], None]) -> None:
    """Have something happen when the source is asked for the n-th time."""
    left = iter(range(1, asked))

    def look() -> None:
        if next(left, None) is None:
            happens()
        else:
            slipway.outside.troubles.before["source"] = look

    slipway.outside.troubles.before["source"] = look


def test_two_workers_at_once_tell_of_a_change_once(slipway: Harness) -> None:
    """The one that loses the claim looks again and finds nothing left to tell."""
    slipway.outside.commit(FEATURE, {CODE: b"1"})
    # Which branch is the default one, where it stands, where this one stands.
    meanwhile(slipway, 3, lambda: told(slipway, FEATURE, id_="other"))
    told(slipway, FEATURE, id_="this")

    assert [one for one in changes(slipway) if FEATURE in one] == [f"shipping:{FEATURE}:1:delivery"]
    assert latest(slipway).correlation == "other"
    assert tip(slipway, FEATURE).number == 1


def test_a_worker_that_was_overtaken_marks_nothing_as_told(slipway: Harness) -> None:
    """Its claim is finished by the other; a newer claim, not told yet, is told and not only marked."""
    first = slipway.outside.commit(FEATURE, {CODE: b"1"})
    second = Tip(commit="", number=2, previous=first, sent=False)

    def others() -> None:
        told(slipway, FEATURE, id_="other")
        commit = slipway.outside.commit(FEATURE, {CODE: b"2"})
        claim(slipway, FEATURE, replace(second, commit=commit))

    meanwhile(slipway, 4, others)
    told(slipway, FEATURE, id_="this")

    assert [one for one in changes(slipway) if FEATURE in one] == [
        f"shipping:{FEATURE}:1:delivery",
        f"shipping:{FEATURE}:2:delivery",
    ]
    assert [one.correlation for one in slipway.timeline()[-2:]] == ["other", "this"]
    assert tip(slipway, FEATURE).sent


def test_a_claim_that_was_lost_is_not_told_under_the_winners_number(slipway: Harness) -> None:
    """The winner claimed an older commit and has not told of it yet; it is told first, and the newer one after it."""
    first = slipway.outside.commit(FEATURE, {CODE: b"1"})

    def other() -> None:
        claim(slipway, FEATURE, Tip(commit=first, number=1, previous=None, sent=False))
        slipway.outside.commit(FEATURE, {CODE: b"2"})

    meanwhile(slipway, 3, other)
    told(slipway, FEATURE)

    [one, two] = [entry for entry in slipway.timeline() if FEATURE in entry.event_id]
    assert (one.event_id, two.event_id) == tuple(f"shipping:{FEATURE}:{n}:delivery" for n in (1, 2))
    assert first[:12] in one.notes[0]
