"""When an effect is done, when it is sent again, and what of it counts: the rules, in one place.

A decision and the effects that it asks for are written in one batch: each effect is a row of the *outbox*, with a number
that rises. What is in the outbox is not known to be done, and may be sent again by anybody; so an effect is performed
*at least once*, and doing it twice is harmless, as whoever performs it looks before it acts. The decision that takes
an effect's report takes its row out of the outbox in the same batch; one with newer words about a commit takes out
the older ones. So *the first result of an attempt counts*: a report
whose effect is there no more is that report once more, and changes nothing. A crash between a decision and its sending
leaves rows that nobody has sent. Three send them: whoever is given the same message again, whoever is given the message
of the reported effect again, and the tick, by the hint that was written before the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from shared.app.parts import Timing
from shared.codec.envelope import effect_id_of, read_message
from shared.codec.errors import HalfWritten, UnreadableRecord
from shared.domain.drafts.decision import Outcome, SaidOfCommit
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import SetStatus
from shared.domain.messages.events import MessagePoisoned, ServiceEvent, TimePassed
from shared.domain.messages.queues import queue_of
from shared.ports.errors import Transient
from shared.ports.store import Message, StaleService, StoreRefused, StoreUnavailable, outbox_key, outbox_prefix

# More than a decision can have effects: a batch has 100 rows.
_NUMBERS = 1000
LONGEST_RETRY = timedelta(minutes=5)
_NEWER = timedelta(minutes=5)
_RETRY = timedelta(seconds=5)


def first_number(sequence: int) -> int:
    """Return the number of the first effect of the decision that commits as `sequence`; the others follow."""
    return sequence * _NUMBERS


def row_of(effect_number: int) -> str:
    """Name the outbox row of an effect."""
    return outbox_key(*divmod(effect_number, _NUMBERS))


# Done


def done_by(event: ServiceEvent, delivery: Delivery, outbox: Mapping[str, Message]) -> frozenset[str]:
    """Name the outbox rows that an event is the report of; without a number all of that effect's."""
    effect = getattr(event, "effect", "")
    if not effect:
        return frozenset()
    if delivery.effect_number:
        return frozenset({row_of(delivery.effect_number)} & outbox.keys())
    return frozenset(key for key, message in outbox.items() if effect_id_of(message.body) == effect)


def overtaken(statuses: Sequence[SaidOfCommit], outbox: Mapping[str, Message]) -> frozenset[str]:
    """Name the outbox rows of statuses that a decision has newer words for: nobody needs to say the older ones."""
    places = {(one.commit, one.context) for one in statuses}
    if not places:
        return frozenset()
    queue = queue_of(SetStatus.kind)
    found = ((key, read_message(one.body).effect) for key, one in outbox.items() if one.queue == queue)
    return frozenset(key for key, one in found if isinstance(one, SetStatus) and (one.commit, one.context) in places)


def reported_before(outcome: Outcome, delivery: Delivery, done: frozenset[str]) -> bool:
    """Whether an event is a report that was taken before: its effect has left the outbox with the first one."""
    return outcome is Outcome.IGNORED and bool(delivery.effect_number) and not done


def needs_mark(event: ServiceEvent, done: frozenset[str]) -> bool:
    """Whether an event is to be known again by its id: a report is, by its effect; time that passes is nobody's event.

    What takes poison in is delivered again with its effect still named.
    """
    return isinstance(event, MessagePoisoned) or not (done or isinstance(event, TimePassed))


# Sent again


def unsent_behind(delivery: Delivery, *, there: bool) -> bool:
    """Whether what an effect had led to may not be sent; `there`: the effect was in the outbox until now.

    One that is not there was reported before. If by this very message, a crash may have kept back what the report had
    led to, and nobody else would send it; if by a copy of it, whoever had that one has seen to it. What has no number was
    sent by hand.
    """
    return not there and (delivery.redelivered or not delivery.effect_number)


def perhaps_unsent(outbox: Mapping[str, Message], *, since: datetime, sequence: int) -> Mapping[str, Message]:
    """Choose what a hint stands for: whoever decided it may have died before it was sent.

    What was decided before `since`, the hint's time, has a message or a hint of its own behind it; what was decided as
    `sequence` is sent.
    """
    sent = outbox_prefix(sequence)
    return {key: one for key, one in outbox.items() if not key.startswith(sent) and read_message(one.body).at >= since}


# Put off


def used_up(tries: int, timing: Timing) -> bool:
    """Whether an effect was tried as often as it may."""
    return tries >= timing.most_tries


def retry_after(tries: int, error: Transient, timing: Timing) -> timedelta:
    """Say when to try an effect again: twice as late each time, or as late as the outside said."""
    return min(error.retry_after or timing.first_retry * 2 ** (tries - 1), LONGEST_RETRY)


def put_back_after(error: Exception) -> timedelta | None:
    """Say when a message is delivered again whose trouble goes by itself; None where another delivery mends nothing.

    Azure's host would count it as a failure: five of them are poison, and an hour without tables must not make releases
    errored.
    """
    match error:
        case StoreRefused():
            return None
        case StoreUnavailable():
            return error.retry_after
        case Transient():
            return error.retry_after or _RETRY
        case StaleService() | HalfWritten():
            # Rows that are being written are whole in a moment; if their writer died, the tick finishes its work.
            return _RETRY
        case UnreadableRecord():
            # A newer Slipway wrote it; an upgraded worker will read it.
            return _NEWER if error.newer else None
        case _:
            return None
