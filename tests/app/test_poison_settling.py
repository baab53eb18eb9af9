"""What people do with messages in poison: have them delivered again, or dismiss them, once."""

from __future__ import annotations

from typing import Any

import pytest

from shared.app.operating.finding import NotKnown
from shared.app.operating.operate import ESTATE
from shared.app.operating.poison import open_poison, poison, settle
from shared.app.take_message import take_message
from shared.domain.messages.effects import ReadTags
from shared.domain.messages.queues import EVENTS_QUEUE, queue_of
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.poison import Settling
from shared.domain.values.errors import Refused
from tests.support.app_looks import Before, all_but, latest, queued, the
from tests.support.app_parts import Harness
from tests.support.in_poison import PUSH, poisoned, settled, written
from tests.support.outside import RITA, SAM


def test_a_requeued_message_is_delivered_again(slipway: Harness) -> None:
    """As it was; who did that and why is on record."""
    body = written(PUSH)
    number = poisoned(slipway, body).number

    found = settled(slipway, number)

    assert found.settled is not None
    assert (found.settled.how, found.settled.person, found.settled.reason) == (Settling.REQUEUED, RITA, "mended")
    assert open_poison(slipway.app, most=9) == ()
    [message] = slipway.receive("events")
    assert message.body.encode() == body
    entry = latest(slipway, ESTATE)
    assert (entry.event_type, entry.person) == ("poison-requeued", RITA)
    assert entry.notes == ("poison 1 requeued, push-received p-1 of slipway-events: mended",)
    take_message(slipway.app, EVENTS_QUEUE, message.body)


def test_a_dismissed_message_is_sent_nowhere(slipway: Harness) -> None:
    """It stays on record."""
    number = poisoned(slipway).number

    found = settled(slipway, number, Settling.DISMISSED)

    assert (queued(slipway, "events"), open_poison(slipway.app, most=9)) == (0, ())
    assert poison(slipway.app, number) == found
    assert latest(slipway, ESTATE).event_type == "poison-dismissed"


def test_asked_again_under_the_same_key_nothing_is_changed(slipway: Harness) -> None:
    """The answer is that of the first time, and nothing is sent twice."""
    number = poisoned(slipway).number
    first = settled(slipway, number, key="k")

    again = settled(slipway, number, key="k")

    assert (again, queued(slipway, "events"), len(slipway.timeline(ESTATE))) == (first, 1, 2)


@pytest.mark.parametrize("how", Settling)
def test_what_is_settled_is_not_settled_again(slipway: Harness, how: Settling) -> None:
    """The second person is told who was faster; nothing is sent twice."""
    number = poisoned(slipway).number
    settled(slipway, number)

    with pytest.raises(Refused, match="message 1 was requeued by Rita Manager at 2026") as told:
        settled(slipway, number, how, person=SAM)

    assert (told.value.code, queued(slipway, "events")) == ("already-settled", 1)


def test_of_two_at_one_instant_one_is_told(slipway: Harness) -> None:
    """The first to be written down counts."""
    number = poisoned(slipway).number
    store, first = slipway.app.store, slipway.app
    dismissed = slipway.caller("POST dismiss", person=SAM)

    class Meanwhile(Before):
        """Somebody else is between the look and the write: after the question whether it was asked before."""

        def row(self, service: str, key: str) -> bytes | None:
            found = store.row(service, key)
            self._happens.append(lambda: settle(first, dismissed, number, Settling.DISMISSED, ""))
            del self._happens[1:]
            return found

    with pytest.raises(Refused, match="dismissed by Sam"):
        settled(slipway.wrap(store=Meanwhile(store, lambda: None)), number)

    assert len(slipway.timeline(ESTATE)) == 2


@pytest.mark.parametrize("how", Settling)
def test_what_never_was_there_is_not_known(slipway: Harness, how: Settling) -> None:
    """Nothing is written."""
    with pytest.raises(NotKnown, match="there is no message 5 in poison"):
        settled(slipway, 5, how)
    with pytest.raises(NotKnown, match="there is no message 5 in poison"):
        poison(slipway.app, 5)

    assert slipway.timeline(ESTATE) == []


def test_what_is_no_text_can_only_be_dismissed(slipway: Harness) -> None:
    """Queues carry text."""
    number = poisoned(slipway, b"\xff").number

    with pytest.raises(Refused, match="dismiss it"):
        settled(slipway, number)

    assert settled(slipway, number, Settling.DISMISSED).settled is not None


def test_an_effect_that_nobody_waits_for_any_more_may_be_requeued(slipway: Harness) -> None:
    """It finds that out and does nothing."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("gather-facts"))
    effect = the(slipway, ReadTags)
    [message] = slipway.receive("gather-facts")
    slipway.receiver.poison(message, reason="a defect")
    number = poisoned(slipway, message.body.encode(), queue=queue_of("gather-facts")).number
    errored = slipway.release("1.0.0").phase

    settled(slipway, number)
    slipway.pump()

    assert (effect.version, errored) == ("1.0.0", ReleasePhase.ERRORED)
    assert slipway.release("1.0.0").phase is ReleasePhase.ERRORED


def test_pages_go_on_where_the_last_one_ended(slipway: Harness) -> None:
    """The newest first, and none twice."""
    for number in range(1, 6):
        poisoned(slipway, delivery=f"m-{number}")
    settled(slipway, 4, Settling.DISMISSED)

    pages = [open_poison(slipway.app, most=2), open_poison(slipway.app, after=3, most=2)]

    assert [[one.number for one in page] for page in pages] == [[5, 3], [2, 1]]
    assert open_poison(slipway.app, after=1, most=2) == ()


def test_what_was_settled_is_not_read_again(slipway: Harness) -> None:
    """A list costs what is open, however long the history."""
    for number in range(1, 22, 2):
        assert poisoned(slipway, delivery=f"m-{number}").number == number
        settled(slipway, number, Settling.DISMISSED)
    last, read = poisoned(slipway, delivery="last"), list[str]()

    class Counting:
        def range(self, service: str, start: str, end: str, *, most: int) -> Any:
            found = store.range(service, start, end, most=1000)
            read.extend(key for key, _ in found)
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    store = slipway.app.store
    found = open_poison(slipway.wrap(store=Counting()).app, most=50)

    assert (found, len(read)) == ((last,), 1)
