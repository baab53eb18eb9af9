"""When an effect is done, and when it or its message is sent again: the rules by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.app.handling import at_least_once as rules
from shared.app.parts import Timing
from shared.codec.envelope import encode_effect
from shared.codec.errors import HalfWritten, UnreadableRecord
from shared.domain.drafts.decision import Outcome, SaidOfCommit
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build, SetStatus
from shared.domain.messages.events import BuildReported, MessagePoisoned, ServiceEvent, TimePassed
from shared.domain.state.build import BuildOutcome, BuildResult
from shared.ports.errors import Permanent, Transient
from shared.ports.store import Message, StaleService, StoreRefused, StoreUnavailable, outbox_key
from tests.support.app_parts import DELIVERY, SECOND
from tests.support.clock import NOON

BUILD = Build(service=DELIVERY, number=3, attempt=1)
OTHER = Build(service=DELIVERY, number=4, attempt=1)
NUMBER = rules.first_number(7) + 2
TWICE, ELSE = outbox_key(7, 5), outbox_key(9, 0)
REPORT = BuildReported(
    id="r",
    service=DELIVERY,
    effect=BUILD.id,
    number=3,
    attempt=1,
    result=BuildResult(outcome=BuildOutcome.FAILED, reason="no"),
)
TIME = TimePassed(id="t", service=DELIVERY)
POISON = MessagePoisoned(
    id="p", service=DELIVERY, poison=1, queue="slipway-build", message_type="build", effect=BUILD.id
)


def message(effect: Build, at: timedelta = timedelta(0)) -> Message:
    """An effect as the outbox has it."""
    return Message(queue="slipway-build", body=encode_effect(effect, Delivery(), at=NOON + at))


OUTBOX = {rules.row_of(NUMBER): message(BUILD), TWICE: message(BUILD), ELSE: message(OTHER)}


def test_an_effects_number_names_its_row_in_the_outbox() -> None:
    """The n-th of a decision."""
    assert rules.row_of(NUMBER) == outbox_key(7, 2)


@pytest.mark.parametrize(
    ("event", "number", "done"),
    [
        (REPORT, NUMBER, {rules.row_of(NUMBER)}),
        (REPORT, rules.first_number(5), set()),
        (REPORT, 0, {rules.row_of(NUMBER), TWICE}),
        (TIME, NUMBER, set()),
        (POISON, 0, {rules.row_of(NUMBER), TWICE}),
    ],
    ids=["its number", "gone", "no number", "no report", "poison"],
)
def test_a_report_takes_its_effect_out_of_the_outbox(event: ServiceEvent, number: int, done: set[str]) -> None:
    """By its number; where it has none, whatever asks for that effect."""
    assert rules.done_by(event, Delivery(effect_number=number), OUTBOX) == done


def test_only_the_first_report_counts() -> None:
    """One whose effect is there no more is that report once more; one that is ignored for another reason is recorded."""
    numbered, row = Delivery(effect_number=NUMBER), frozenset({rules.row_of(NUMBER)})

    assert rules.reported_before(Outcome.IGNORED, numbered, frozenset())
    assert not rules.reported_before(Outcome.IGNORED, numbered, row)
    assert not rules.reported_before(Outcome.IGNORED, Delivery(), frozenset())
    assert not rules.reported_before(Outcome.MOVED, numbered, frozenset())


def test_a_report_is_known_again_by_its_effect_and_needs_no_mark() -> None:
    """Every other event does, but time that passes; poison is told again under the same id."""
    row = frozenset({rules.row_of(NUMBER)})

    assert [rules.needs_mark(REPORT, row), rules.needs_mark(TIME, frozenset())] == [False, False]
    assert [rules.needs_mark(REPORT, frozenset()), rules.needs_mark(POISON, row)] == [True, True]


@pytest.mark.parametrize(
    ("delivery", "there", "unsent"),
    [
        (Delivery(effect_number=NUMBER), True, False),
        (Delivery(effect_number=NUMBER), False, False),
        (Delivery(effect_number=NUMBER, redelivered=True), True, False),
        (Delivery(effect_number=NUMBER, redelivered=True), False, True),
        (Delivery(), False, True),
    ],
)
def test_what_was_reported_before_may_have_left_something_unsent(delivery: Delivery, there: bool, unsent: bool) -> None:
    """By this very message, whose first taker may have died; a copy's taker sees to its own."""
    assert rules.unsent_behind(delivery, there=there) is unsent


def test_a_hint_stands_for_what_was_decided_since_and_is_not_known_to_be_sent() -> None:
    """What is older has a message or a hint of its own; what this look decided was sent by it."""
    outbox = {
        outbox_key(1, 0): message(BUILD, -SECOND),
        outbox_key(2, 0): message(BUILD),
        outbox_key(3, 0): message(OTHER),
    }

    assert set(rules.perhaps_unsent(outbox, since=NOON, sequence=3)) == {outbox_key(2, 0)}


def test_each_try_waits_twice_as_long_but_never_too_long() -> None:
    """Or as long as the outside asks for, within the same bound."""
    timing = Timing(first_retry=SECOND, most_tries=3)
    waits = [rules.retry_after(tries, Transient("busy"), timing) for tries in (1, 2, 3, 20)]

    assert waits == [SECOND, 2 * SECOND, 4 * SECOND, rules.LONGEST_RETRY]
    assert rules.retry_after(1, Transient("busy", retry_after=9 * SECOND), timing) == 9 * SECOND
    assert [rules.used_up(tries, timing) for tries in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("error", "after"),
    [
        (StoreRefused("400"), None),
        (StoreUnavailable("gone", retry_after=SECOND), SECOND),
        (Transient("busy", retry_after=2 * SECOND), 2 * SECOND),
        (Transient("busy"), 5 * SECOND),
        (StaleService("x"), 5 * SECOND),
        (HalfWritten("rows", found=1, known=1), 5 * SECOND),
        (UnreadableRecord("message", found=2, known=1, problem="is newer"), timedelta(minutes=5)),
        (UnreadableRecord("message", found=1, known=1, problem="is torn"), None),
        (Permanent("no", ours=True), None),
        (KeyError("x"), None),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_message_is_put_back_where_its_trouble_goes_by_itself(error: Exception, after: timedelta | None) -> None:
    """What another delivery cannot mend goes to poison."""
    assert rules.put_back_after(error) == after


def test_what_a_message_says_of_its_worker_is_never_believed() -> None:
    """Attack: an effect that names production's worker. The queue it lies in says whose it is; put back, it says nothing."""
    forged = Delivery(worker="production", effect_number=NUMBER)

    assert forged.taken("nonprod", redelivered=False).worker == "nonprod"
    assert [one.worker for one in (forged.put_back(), forged.put_off(1))] == ["", ""]
    assert forged.put_off(0).redelivered is False


def test_newer_words_about_a_commit_take_the_older_ones_out_of_the_outbox() -> None:
    """Those of the same commit and context; what asks for something else stays."""
    places = [("a" * 40, "slipway/x"), ("a" * 40, "slipway/y"), ("b" * 40, "slipway/x")]
    asked = [SetStatus(service=DELIVERY, commit=commit, context=context, about=1) for commit, context in places]
    outbox = OUTBOX | {
        outbox_key(1, number): Message(queue="slipway-people", body=encode_effect(one, Delivery(), at=NOON))
        for number, one in enumerate(asked)
    }
    words = SaidOfCommit(commit="a" * 40, context="slipway/x", state="failed", description="why")

    assert rules.overtaken([words], outbox) == {outbox_key(1, 0)}
    assert rules.overtaken([], outbox) == frozenset()
