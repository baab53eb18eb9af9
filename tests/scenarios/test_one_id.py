"""One id leads from a push to production: through every line of the log, every message and every ledger entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.adapters.page_people import PagePeople
from shared.app.operating.operate import add_hold
from shared.domain.messages.events import PushReceived
from shared.domain.state.phases import Phase, ReleasePhase
from shared.ports.errors import Transient
from shared.ports.queues import Received
from tests.support.app_parts import Harness, branch
from tests.support.log_lines import log_lines
from tests.support.outside import ADA, SHIPPING

HOOK = "delivery-of-the-hook"
Lines = list[dict[str, Any]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged by the test."""
    with log_lines() as found:
        yield found


def push(slipway: Harness, version: str, id_: str = HOOK) -> Harness:
    """Push a release branch, told of by a hook with this delivery id."""
    ref = branch(version)
    slipway.outside.commit(ref, {"src/shipping/delivery/version": version.encode()})
    slipway.send(PushReceived(id=id_, repository=SHIPPING, ref=ref, pushed_by=ADA))
    return slipway


def test_every_line_of_a_release_has_the_id_of_its_push(slipway: Harness, lines: Lines) -> None:
    """From the first to the last; a click has an id of its own beside it."""
    push(slipway, "1.0.0").pump().approve()

    types = {one["type"] for one in lines if one["event"] == "event.handled"}
    assert slipway.release("1.0.0").phase is ReleasePhase.RELEASED
    assert types >= {"change-found", "build-reported", "facts-gathered", "approval-answered"}
    assert types >= {"artifact-retagged", "artifact-deployed", "rollout-observed"}
    assert [one for one in lines if one["correlation"] != HOOK] == []
    assert {one["type"] for one in lines if "request" in one} == {"approval-answered"}


def test_what_an_adapter_says_has_the_id_of_what_it_is_done_for(slipway: Harness, lines: Lines) -> None:
    """It knows nothing of ids itself, nor does whoever logs that something is tried again."""

    slipway.wrap(people=PagePeople())
    slipway.outside.troubles.add("builder.build", Transient("the builder is busy"))

    push(slipway, "1.0.0").pump()

    said = {one["event"]: (one["correlation"], one["queue"]) for one in lines}
    assert said["approval.asked"] == (HOOK, "slipway-people")
    assert said["effect.put_off"] == (HOOK, "slipway-build")


def test_entries_in_the_ledger_have_the_id_of_the_release_that_they_moved(slipway: Harness) -> None:
    """Also where a click or the tick moved it."""
    push(slipway, "1.0.0").pump()
    slipway.approve()

    said = {one.event_type: one.correlation for one in slipway.timeline() if "v1.0.0" in " ".join(one.notes)}

    assert len(said) > 5
    assert set(said.values()) == {HOOK}


def test_what_a_tick_lets_go_on_goes_on_under_the_id_of_its_push(slipway: Harness, lines: Lines) -> None:
    """The tick's own id stands beside it, once."""
    until = slipway.outside.clock() + timedelta(hours=1)
    caller = slipway.caller("holds", "k")
    add_hold(slipway.app, caller, scope="environment:qa", reason="audit", until=until)
    push(slipway, "1.0.0").pump()
    assert slipway.promotion("1.0.0", "qa").phase is Phase.WAITING
    lines.clear()

    slipway.tick(timedelta(hours=2))

    moved = [one for one in lines if "v1.0.0" in str(one.get("notes"))]
    assert slipway.live("qa") == "1.0.0"
    assert {one["correlation"] for one in moved} == {HOOK}
    assert len([one for one in moved if "request" in one]) == 1


def test_a_later_push_that_ends_a_waiting_version_is_told_of_under_both_ids(slipway: Harness, lines: Lines) -> None:
    """Each release keeps its own; the one decision about both names them."""
    push(slipway, "1.0.0", "first").pump()
    push(slipway, "1.0.1", "second").pump()

    assert slipway.release("1.0.0").phase is ReleasePhase.SUPERSEDED
    both = [one for one in lines if one.get("releases") == ["first", "second"]]
    assert [one["correlation"] for one in both] == ["second"]


def test_a_click_that_is_refused_has_its_own_id(slipway: Harness, lines: Lines) -> None:
    """It moved no release."""
    push(slipway, "1.0.0").pump().answer(request="0" * 64)

    assert lines[-1]["outcome"] == "refused"
    assert lines[-1]["correlation"] == lines[-1]["request"] != HOOK


def test_no_line_has_a_body_in_it(slipway: Harness, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are named, never printed."""
    bodies: list[str] = []
    take = Harness.take

    def taken(harness: Harness, message: Received) -> None:
        bodies.append(message.body)
        take(harness, message)

    monkeypatch.setattr(Harness, "take", taken)

    push(slipway, "1.0.0").pump()

    text = "\n".join(map(str, lines))
    assert bodies
    assert [one for one in bodies if one in text or one.partition('"message":')[2][:60] in text] == []
