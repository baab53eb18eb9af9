"""Performing: put off while that helps, reported once, and out of the outbox when it is done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.parts import Timing
from shared.app.take_message import take_message
from shared.codec.envelope import decode
from shared.domain.messages import events as ev
from shared.domain.messages.effects import CancelBuild, Deploy, ObserveRollout
from shared.domain.messages.queues import queue_of
from shared.domain.state.phases import Phase
from shared.ports.errors import Permanent, Transient
from tests.support.app_looks import Mute, all_but, do, latest, open_effects, queued, the
from tests.support.app_parts import DELIVERY, Harness

BUSY = Transient("busy")
SECOND = timedelta(seconds=1)
LONGEST = timedelta(minutes=5)


def upto(slipway: Harness, kind: str) -> None:
    """Release up to an effect of a kind."""
    slipway.push_release("1.0.0")
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


def test_what_is_out_of_reach_is_tried_again_after_twice_as_long_each_time(slipway: Harness) -> None:
    """From the first pause on."""
    slipway.wrap(timing=Timing(first_retry=SECOND, most_tries=9))
    upto(slipway, "deploy")
    effect = the(slipway, Deploy)
    slipway.outside.troubles.add("applier.write", *[BUSY] * 9)
    alone(slipway, "deploy")
    pauses = []
    for tries in range(4):
        do(slipway, effect, tries=tries)
        pauses.append(delay(slipway, "deploy") // SECOND)

    assert pauses == [1, 2, 4, 8]


def test_no_pause_is_longer_than_five_minutes(slipway: Harness) -> None:
    """However often it was tried, and whatever the outside says."""
    slipway.wrap(timing=Timing(first_retry=SECOND, most_tries=99))
    upto(slipway, "deploy")
    effect = the(slipway, Deploy)
    slipway.outside.troubles.add("applier.write", BUSY, Transient("busy", retry_after=timedelta(days=1)))
    alone(slipway, "deploy")
    do(slipway, effect, tries=20)
    backed_off = delay(slipway, "deploy")
    do(slipway, effect)

    assert (backed_off, delay(slipway, "deploy")) == (LONGEST, LONGEST)


def test_the_outside_is_asked_again_when_it_said(slipway: Harness) -> None:
    """Its Retry-After is taken at its word."""
    upto(slipway, "deploy")
    slipway.outside.troubles.add("applier.write", Transient("busy", retry_after=timedelta(seconds=42)))
    alone(slipway, "deploy")
    effect = Deploy(service=DELIVERY, number=1, attempt=1)
    do(slipway, effect)

    assert delay(slipway, "deploy") == timedelta(seconds=42)


def test_a_message_that_is_put_off_counts_its_tries_and_keeps_its_correlation(slipway: Harness) -> None:
    """So that the end of patience comes, and the trace goes on."""
    upto(slipway, "deploy")
    slipway.outside.troubles.add("applier.write", BUSY)
    [first] = slipway.receive("deploy")
    slipway.take(first)
    slipway.receiver.delete(first)
    slipway.outside.clock.advance(SECOND)
    [again] = slipway.receive("deploy")

    sent, before = decode(again.body).delivery, decode(first.body).delivery
    assert (sent.tries, sent.redelivered) == (1, True)
    assert (sent.correlation, sent.effect_number) == (before.correlation, before.effect_number)


def test_looking_again_begins_to_count_anew(slipway: Harness) -> None:
    """The environment answered: earlier trouble is over."""
    upto(slipway, "observe-rollout")
    slipway.outside.environments.slow["delivery", "qa", "1.0.0"] = 1
    alone(slipway, "observe-rollout")
    do(slipway, ObserveRollout(service=DELIVERY, number=1, attempt=1), tries=2)
    slipway.outside.clock.advance(SECOND)
    [again] = slipway.receive("observe-rollout")

    assert decode(again.body).delivery.tries == 0


def test_an_effect_without_a_report_leaves_the_outbox(slipway: Harness) -> None:
    """And others of the same decision stay."""
    upto(slipway, "build")
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    others = [one for one in open_effects(slipway) if not isinstance(one, CancelBuild)]
    do(slipway, the(slipway, CancelBuild))

    assert [one for one in open_effects(slipway) if not isinstance(one, CancelBuild)] == others


def test_what_was_kept_back_by_a_crash_is_sent_when_its_cause_is_delivered_again(slipway: Harness) -> None:
    """The report was committed, its effects were not sent; the message that led to it comes again."""
    upto(slipway, "deploy")
    effect, queues = the(slipway, Deploy), slipway.app.queues
    do(slipway.wrap(queues=Mute()), effect)
    before = queued(slipway, "observe-rollout")
    do(slipway.wrap(queues=queues), effect)

    assert (before, queued(slipway, "observe-rollout")) == (0, 1)


def test_a_copy_of_a_message_sends_nothing_again(slipway: Harness) -> None:
    """Whoever had the first one sends what it led to; only where that one comes again may it have been kept back."""
    upto(slipway, "deploy")
    [message] = slipway.receive("deploy")
    queues = slipway.app.queues
    take_message(slipway.wrap(queues=Mute()).app, queue_of("deploy"), message.body)
    slipway.wrap(queues=queues)

    take_message(slipway.app, queue_of("deploy"), message.body)
    by_the_copy = queued(slipway, "observe-rollout")
    take_message(slipway.app, queue_of("deploy"), message.body, redelivered=True)

    assert (by_the_copy, queued(slipway, "observe-rollout")) == (0, 1)


@pytest.mark.parametrize("again", [False, True])
def test_a_second_report_sends_what_the_first_led_to_only_where_its_message_comes_again(
    slipway: Harness, again: bool
) -> None:
    """Both were under way at once, and whoever reported first may have died before anything was sent."""
    upto(slipway, "observe-rollout")
    [message] = slipway.receive("observe-rollout")
    app, muted = slipway.app, slipway.wrap(queues=Mute()).app
    slipway.outside.troubles.before["watcher.observe"] = lambda: take_message(
        muted, queue_of("observe-rollout"), message.body
    )

    take_message(app, queue_of("observe-rollout"), message.body, redelivered=again)

    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"
    assert queued(slipway, "gather-facts") == (1 if again else 0)


def test_only_the_first_report_of_an_attempt_counts(slipway: Harness) -> None:
    """Two workers perform one effect; the second one's word changes nothing."""
    upto(slipway, "observe-rollout")
    effect = the(slipway, ObserveRollout)
    slipway.outside.troubles.before["watcher.observe"] = lambda: do(slipway, effect)
    slipway.outside.environments.slow["delivery", "qa", "1.0.0"] = 0
    do(slipway, effect)

    reports = [one for one in slipway.timeline() if one.event_id == f"{effect.id}:done"]
    assert len(reports) == 1
    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"


def test_reports_carry_on_the_correlation_of_their_effect(slipway: Harness) -> None:
    """From the push to the rollout it is one trace."""
    slipway.push_release("1.0.0")
    slipway.pump()
    begun = next(one for one in slipway.timeline() if one.event_id.startswith("shipping:refs/heads/release"))
    ended = latest(slipway)

    assert ended.event_type == "facts-gathered"
    assert begun.correlation == ended.correlation


def test_attack_a_program_that_answers_with_a_book(slipway: Harness) -> None:
    """The release says how it failed, and no message of it is too large to be kept."""
    upto(slipway, "deploy")
    slipway.outside.troubles.add("applier.write", Permanent(f"{'no ' * 100_000}; read it"))
    slipway.pump()

    failed = slipway.promotion("1.0.0", "qa")
    assert failed.phase is Phase.FAILED
    assert failed.reason.startswith("no no no")
    assert "; read it" in failed.reason
    assert len(failed.reason) < 2500
    assert slipway.receiver.poison_queues() == []
