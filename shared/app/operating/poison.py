"""Messages that failed as often as they may: recorded, told to whom they were for, and settled by people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.app.handling.by_reference import whole
from shared.app.handling.handle_event import handle
from shared.app.operating.effect_lost import effect_lost
from shared.app.operating.finding import NotKnown
from shared.app.operating.operate import ESTATE, Caller, estate_write, request_id
from shared.app.parts import App
from shared.codec.envelope import ReadMessage, decode, parse
from shared.codec.errors import UnknownMessage, UnreadableRecord
from shared.codec.poison import OPEN, OPEN_END, POISON, open_row, settled_row
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import MessagePoisoned
from shared.domain.state.poison import PoisonMessage, Settled, Settling
from shared.domain.values.errors import InvalidValue, Refused
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from shared.domain.values.words import time_text
from shared.ports.errors import NotFound
from shared.ports.store import Loaded, NeedsRows, StaleService, StoreRefused, StoreUnavailable, Write
from shared.telemetry import log_fault, log_warning

_MOST_TYPE, _MOST_ID, _MOST_REASON = 100, 200, 500
NUMBER_PATTERN = "[1-9][0-9]{0,17}"
_READABLE = "it can be read, but whoever took it failed each time; the log says why"
_DEADLY = "nobody has read it, as whoever looked into it died each time; dismiss it"
_GONE = "it was too large for a queue, and its content, which was kept as evidence, is there no more; dismiss it"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What shows of a body: a record without its number, and the message where all of it can be read."""

    record: PoisonMessage
    message: ReadMessage | None = None


def take_poison(app: App, queue: str, body: bytes, delivery: str, *, why: str = "", unread: bool = False) -> None:
    """Keep a message that went to poison, and tell the service that it was for; taken again, nothing is changed.

    `delivery` is the id of the message in the poison queue: what is poisoned once more later has another one; `why`
    is what its host says about it. Whatever the body is, it is taken; only a store out of reach raises. `unread` looks
    into nothing, and tells nobody.
    """
    sha256 = app.evidence.put(body)
    event_id = "poison:" + hashlib.sha256("\n".join((queue, delivery, sha256)).encode()).hexdigest()[:40]
    empty = PoisonMessage(number=0, queue=queue, at=app.now(), sha256=sha256, size=len(body), reason="it is not text")
    seen = _Seen(record=replace(empty, reason=_DEADLY)) if unread else _look_into(app, body, empty, why)

    def fn(loaded: Loaded) -> Write:
        number = loaded.sequence + 1
        found = replace(seen.record, number=number)
        note = f"{_called(found)} went to poison as {number}"
        return estate_write(
            app,
            event_id,
            "message-poisoned",
            None,
            note,
            puts={open_row(number): POISON.encode(found)},
            detail=_traces(found),
        )

    number = app.store.transact(ESTATE, event_id, fn).sequence
    log_warning("message.poisoned", number=number, queue=queue, type=seen.record.type, message=seen.record.message)
    service = _known_service(app, seen.record.service)
    if service is not None:
        _tell(app, service, replace(seen.record, number=number), seen.message)


def _tell(app: App, service: ServiceKey, found: PoisonMessage, message: ReadMessage | None) -> None:
    try:
        event = MessagePoisoned(
            id=f"poison:{found.number}",
            service=service,
            poison=found.number,
            queue=found.queue,
            message_type=found.type,
            effect=effect_lost(app, found.queue, message) if message is not None else "",
        )
        handle(app, event, Delivery(correlation=found.correlation))
    except Exception as error:
        if isinstance(error, StaleService | StoreUnavailable) and not isinstance(error, StoreRefused):
            raise
        # Deciding may be what failed each time; the message is recorded, and must not come round for ever.
        log_fault("message.poison_not_told", error, service=str(service), number=found.number)


def _look_into(app: App, body: bytes, record: PoisonMessage, why: str) -> _Seen:
    try:
        text = body.decode()
        found = _whole_or_none(app, text)
        head = parse(found or text)
    except UnicodeDecodeError:
        return _Seen(record=record)
    except UnreadableRecord as error:
        return _Seen(record=replace(record, reason=str(error)[:_MOST_REASON]))
    said = replace(
        record,
        type=head.message.type[:_MOST_TYPE],
        message=head.message.id[:_MOST_ID],
        service=head.message.addressee[:_MOST_ID],
        correlation=head.correlation[:_MOST_ID],
    )
    if found is None:
        return _Seen(record=replace(said, reason=_GONE))
    try:
        message = decode(found)
    except (UnreadableRecord, UnknownMessage) as error:
        return _Seen(record=replace(said, reason=str(error)[:_MOST_REASON]))
    reason = f"it can be read, but {why}; the log says more"[:_MOST_REASON] if why else _READABLE
    name = message.effect.id[:_MOST_ID] if message.effect is not None else said.message
    return _Seen(record=replace(said, reason=reason, message=name), message=message)


def _whole_or_none(app: App, text: str) -> str | None:
    try:
        return whole(app, text)
    except NotFound:
        return None


def _known_service(app: App, name: str) -> ServiceKey | None:
    """Return the service of that name if anything was ever written of it: nobody's message makes one."""
    try:
        service = ServiceKey.parse(name)
    except InvalidValue:
        return None
    return service if app.store.sequences([str(service)])[str(service)] else None


def _called(found: PoisonMessage) -> str:
    """Name a message for people, by what it said of itself."""
    return f"{found.type or 'an unreadable message'} {found.message}".strip() + f" of {found.queue}"


def _traces(found: PoisonMessage) -> Mapping[str, str]:
    """What the ledger keeps of a message: its content is evidence, and may be anything."""
    texts = {"poison": str(found.number), "queue": found.queue, "sha256": found.sha256}
    return texts | {name: text for name, text in (("type", found.type), ("message", found.message)) if text}


def settle(app: App, caller: Caller, number: int, how: Settling, reason: str) -> PoisonMessage:
    """Send a message to its queue again, or be done with it; asked again under the same key, answer as the first time.

    It is sent before that is written: a crash in between leaves it open, and whatever it asks for may be done twice.
    Raise NotKnown where there is none, Refused where somebody settled it already or no queue can hold it.
    """
    event_id = request_id(app, caller)
    if not app.store.transact(ESTATE, event_id, lambda _: None).duplicate:
        found = _open(app.store.row(ESTATE, open_row(number)), app.store.row(ESTATE, settled_row(number)), number)
        if how is Settling.REQUEUED:
            app.queues.send(found.queue, _text(app, found))
        app.store.transact(
            ESTATE, event_id, lambda loaded: _settled(app, event_id, caller, loaded, number, how, reason)
        )
    return poison(app, number)


def _settled(app: App, event_id: str, caller: Caller, loaded: Loaded, number: int, how: Settling, reason: str) -> Write:
    here, there = open_row(number), settled_row(number)
    if here not in loaded.extra:
        raise NeedsRows([here, there])
    found = _open(loaded.extra[here], loaded.extra[there], number)
    settled = replace(found, settled=Settled(how=how, person=caller.person, at=app.now(), reason=reason))
    note = f"poison {number} {how}, {_called(found)}: {reason or 'no reason given'}"
    return estate_write(
        app,
        event_id,
        f"poison-{how}",
        caller,
        note,
        puts={there: POISON.encode(settled)},
        deletes=frozenset({here}),
        detail=_traces(found),
    )


def _open(row: bytes | None, settled: bytes | None, number: int) -> PoisonMessage:
    if row is not None:
        return POISON.decode(row)
    before = POISON.decode(settled).settled if settled is not None else None
    if before is None:
        raise NotKnown("unknown-poison", f"there is no message {number} in poison; GET /api/poison lists them")
    raise Refused(
        "already-settled", f"message {number} was {before.how} by {before.person.name} at {time_text(before.at)}"
    )


def _text(app: App, found: PoisonMessage) -> str:
    try:
        return body_of(app, found).decode()
    except UnicodeDecodeError as error:
        raise Refused("not-text", f"message {found.number} is not text, and no queue takes it; dismiss it") from error


def body_of(app: App, found: PoisonMessage) -> bytes:
    """Return what the message was; raise NotKnown where a store was restored without it."""
    try:
        return app.evidence.get(found.sha256)
    except NotFound as error:
        raise NotKnown("unknown-body", f"the body of message {found.number} is not kept any more") from error


def text_of(app: App, found: PoisonMessage) -> str:
    """Return what the message says, for people: marks for what is no text. Raise NotKnown as `body_of` does."""
    text = body_of(app, found).decode(errors="replace")
    try:
        return whole(app, text)
    except (NotFound, UnreadableRecord, UnicodeDecodeError):
        return text


def number_of(text: str) -> int:
    """Read a message's number as a route has it; raise NotKnown for what is none."""
    if re.fullmatch(NUMBER_PATTERN, text) is None:
        raise NotKnown("unknown-poison", f"{text[:100]!r} is no number of a message in poison")
    return int(text)


def poison(app: App, number: int) -> PoisonMessage:
    """Return a message that went to poison, settled or not; raise NotKnown."""
    row = app.store.row(ESTATE, open_row(number)) or app.store.row(ESTATE, settled_row(number))
    if row is None:
        raise NotKnown("unknown-poison", f"there is no message {number} in poison; GET /api/poison lists them")
    return POISON.decode(row)


def open_poison(app: App, *, after: int = 0, most: int) -> tuple[PoisonMessage, ...]:
    """Return messages that nobody has settled, the newest first; `after` goes on below that number."""
    start = open_row(after - 1) if after else OPEN
    return tuple(POISON.decode(row) for _, row in app.store.range(ESTATE, start, OPEN_END, most=most))
