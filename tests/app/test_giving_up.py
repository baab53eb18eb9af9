"""Giving up: whose fault it was, what is undone, and what is asked for again all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.app.handling.handle_event import handle
from shared.domain.messages import events as ev
from shared.domain.messages.effects import (
    AskApproval,
    CancelBuild,
    Deploy,
    GatherFacts,
    ObserveRollout,
    ReadTags,
    Retag,
)
from shared.ports.errors import Permanent, Transient
from tests.support.app_looks import all_but, do, open_effects, queued, the
from tests.support.app_parts import DELIVERY, Harness

BUSY = Transient("busy")
SECOND = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)
STEPS: dict[str, tuple[type[Any], str]] = {
    "deploy": (Deploy, "applier.write"),
    "observe-rollout": (ObserveRollout, "watcher.observe"),
    "retag": (Retag, "registry.copy"),
}


def upto(slipway: Harness, kind: str) -> None:
    """Release up to an effect of a kind, in production where it copies."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but(kind))
    if kind == "retag":
        slipway.answer()
        slipway.pump(*all_but(kind))


def delay(slipway: Harness, kind: str) -> timedelta:
    """How long it is until a message of the kind is seen, which is then taken away."""
    began = slipway.outside.clock()
    for _ in range(3600):
        for message in slipway.receive(kind):
            slipway.receiver.delete(message)
            return slipway.outside.clock() - began
        slipway.outside.clock.advance(SECOND)
    raise AssertionError(f"nothing of {kind} is sent")


def alone(slipway: Harness, kind: str) -> None:
    """Take away what was sent already."""
    while found := slipway.receive(kind):
        slipway.receiver.delete(found[0])


@pytest.mark.parametrize("kind", list(STEPS))
def test_a_step_out_of_reach_for_good_is_our_fault(slipway: Harness, kind: str) -> None:
    """Errored, after the last try, with the outside's words."""
    upto(slipway, kind)
    effect_type, call = STEPS[kind]
    slipway.outside.troubles.add(call, *[BUSY] * 3)
    effect = the(slipway, effect_type)
    slipway.pump(kind)
    environment = "production" if kind == "retag" else "qa"
    promotion = slipway.promotion("1.0.0", environment)

    assert (promotion.phase, promotion.reason) == ("Errored", "busy")
    assert effect not in open_effects(slipway)
    assert f"{effect.id}:done" in [one.event_id for one in slipway.timeline()]


@pytest.mark.parametrize("kind", list(STEPS))
@pytest.mark.parametrize(("ours", "phase"), [(True, "Errored"), (False, "Failed")])
def test_a_step_that_is_refused_says_whose_fault_it_is(slipway: Harness, kind: str, ours: bool, phase: str) -> None:
    """At once: trying again cannot help."""
    upto(slipway, kind)
    effect_type, call = STEPS[kind]
    slipway.outside.troubles.add(call, Permanent("no", ours=ours))
    do(slipway, the(slipway, effect_type))
    promotion = slipway.promotion("1.0.0", "production" if kind == "retag" else "qa")

    assert (promotion.phase, promotion.reason) == (phase, "no")


def test_a_deployment_that_was_refused_changed_nothing(slipway: Harness) -> None:
    """What is live is still known, and nothing is undone."""
    slipway.release_to("0.9.0")
    upto(slipway, "deploy")
    slipway.outside.troubles.add("applier.write", Permanent("values do not fit"))
    do(slipway, the(slipway, Deploy))
    slipway.pump()

    assert slipway.environment("qa").unknown == ""
    assert slipway.live("qa") == "0.9.0"
    assert [one.kind for one in slipway.release("1.0.0").promotions if one.environment == "qa"] == ["forward"]


def test_a_deployment_that_may_have_been_cut_short_leaves_live_unknown(slipway: Harness) -> None:
    """Nothing goes forward until somebody retries or says what is live."""
    slipway.release_to("0.9.0")
    upto(slipway, "deploy")
    slipway.outside.troubles.add("applier.write", *[BUSY] * 3)
    slipway.pump("deploy")

    assert slipway.environment("qa").unknown


def test_a_build_out_of_reach_for_good_is_our_fault(slipway: Harness) -> None:
    """Errored can be retried; Failed asks for another commit."""
    upto(slipway, "build")
    slipway.outside.troubles.add("builder.build", *[BUSY] * 3)
    slipway.pump("build")

    assert slipway.release("1.0.0").phase == "Errored"
    assert slipway.release("1.0.0").reason == "busy"


@pytest.mark.parametrize("error", [BUSY, Permanent("no"), Permanent("no", ours=True)])
def test_facts_that_cannot_be_read_are_asked_for_again_and_nothing_ends(slipway: Harness, error: Exception) -> None:
    """A promotion that waits has time; it shows what it waits for."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    do(slipway, the(slipway, ReadTags))
    slipway.pump(*all_but("gather-facts"))
    effect = the(slipway, GatherFacts)
    slipway.outside.troubles.add("applier.read", error)
    alone(slipway, "gather-facts")
    do(slipway, effect, tries=9)
    before = slipway.promotion("1.0.0", "qa")
    slipway.tick(timedelta(minutes=2))
    after = slipway.promotion("1.0.0", "qa")

    assert (before.phase, before.trouble, effect in open_effects(slipway)) == ("Waiting", str(error), False)
    assert before.reason == f"the outside cannot be read: {error}; it is tried again"
    assert (after.phase, after.trouble) == ("Succeeded", "")


def test_tags_that_cannot_be_read_are_read_a_minute_later(slipway: Harness) -> None:
    """The release waits for nothing else."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    effect = the(slipway, ReadTags)
    slipway.outside.troubles.add("registry.read", Permanent("not let in", ours=True))
    alone(slipway, "gather-facts")
    do(slipway, effect)

    assert delay(slipway, "gather-facts") == timedelta(minutes=1)


def test_facts_that_were_asked_for_again_are_not_asked_for_twice_for_ever(slipway: Harness) -> None:
    """A question that the next one has replaced ends, or trouble that lasts a week would pile up."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    do(slipway, the(slipway, ReadTags))
    slipway.pump(*all_but("gather-facts"))
    old = the(slipway, GatherFacts)
    slipway.outside.clock.advance(timedelta(minutes=10))
    handle(slipway.app, ev.TimePassed(id="t", service=DELIVERY))
    asked = [one for one in open_effects(slipway) if isinstance(one, GatherFacts)]
    slipway.outside.troubles.add("charts.pull", BUSY)
    alone(slipway, "gather-facts")
    do(slipway, old)

    assert [one.asked for one in asked] == [1, 2]
    assert queued(slipway, "gather-facts") == 0
    assert old not in open_effects(slipway)


def test_tags_that_were_asked_for_again_are_read_once(slipway: Harness) -> None:
    """The answer to an older question would be about a commit that was replaced."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    slipway.push("refs/heads/release/delivery/v1.0.0", {"x": b"2"})
    slipway.pump(*all_but("gather-facts"))
    old, new = [one for one in open_effects(slipway) if isinstance(one, ReadTags)]
    do(slipway, old)
    before = slipway.release("1.0.0").phase
    do(slipway, new)

    assert (before, slipway.release("1.0.0").phase) == ("Validating", "Packaging")


def test_people_out_of_reach_are_asked_when_they_are_back(slipway: Harness) -> None:
    """A question that is never put keeps a release waiting until it expires, and nobody knows why."""
    upto(slipway, "ask-approval")
    effect = the(slipway, AskApproval)
    slipway.outside.troubles.add("people.ask", *[BUSY] * 4)
    alone(slipway, "ask-approval")
    do(slipway, effect, tries=9)
    pause = delay(slipway, "ask-approval")
    slipway.outside.troubles.clear("people.ask")
    do(slipway, effect)

    assert pause == LONGEST
    assert len(slipway.outside.people.open) == 1


@pytest.mark.parametrize("error", [Permanent("the channel is gone"), Permanent("not let in", ours=True)])
def test_a_question_that_cannot_be_put_there_is_left_to_the_page(slipway: Harness, error: Exception) -> None:
    """It is open all the same, and can be answered."""
    upto(slipway, "ask-approval")
    effect = the(slipway, AskApproval)
    slipway.outside.troubles.add("people.ask", error)
    alone(slipway, "ask-approval")
    do(slipway, effect)

    assert queued(slipway, "ask-approval") == 0
    assert effect not in open_effects(slipway)
    assert slipway.promotion("1.0.0", "production").approval is not None


@pytest.mark.parametrize("error", [BUSY, Permanent("no")])
def test_what_only_informs_is_left_at_last(slipway: Harness, error: Exception) -> None:
    """A build that cannot be cancelled ends by itself, and its result does not count."""
    upto(slipway, "build")
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    effect = the(slipway, CancelBuild)
    slipway.outside.troubles.add("builder.cancel", error)
    alone(slipway, "cancel")
    do(slipway, effect, tries=9)

    assert queued(slipway, "cancel") == 0
    assert effect not in open_effects(slipway)
