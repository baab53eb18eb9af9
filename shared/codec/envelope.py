"""Messages: an event or an effect as a queue carries it, `{"schema":1,"at":…,"delivery":{…},"message":{"type":…,…}}`.

`type` is the word that the message's declaration gives it. A message is read whole, or, where that cannot be, as far as it
says of itself what it is about.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import NamedTuple, TypeAlias, get_args

import msgspec

from shared.codec.errors import UnknownMessage, UnreadableRecord
from shared.codec.memo import Memo
from shared.codec.stored import decoder, is_read, look_closely, written
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Effect, ServiceEffect
from shared.domain.messages.events import EffectDone, HookEvent, ServiceEvent
from shared.domain.messages.reports import Report
from shared.domain.values.errors import InvalidValue
from shared.domain.values.reading import problem_of
from shared.domain.values.records import Record, Time

# Of all messages: an older worker sees that one is newer than itself, also where it does not know the type.
SCHEMA = 1

AnyMessage: TypeAlias = ServiceEvent | EffectDone | HookEvent | ServiceEffect
TYPES = frozenset(str(one.__struct_config__.tag) for one in get_args(AnyMessage))
_REFERENCE = "by-reference"
_IS_REFERENCE = f'"type":"{_REFERENCE}"'


class Envelope(Record):
    """A message as it is sent. `at` is when an event was received or made, or an effect decided."""

    schema: int
    at: Time
    delivery: Delivery
    message: AnyMessage


class ByReference(Record, tag_field="type", tag=_REFERENCE):
    """Stands for a message that no queue can hold, and which is kept as evidence."""

    id: str
    service: str
    repository: str
    sha256: str


class _Referring(Record):
    schema: int
    at: Time
    delivery: Delivery
    message: ByReference


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says of itself, whatever else it says. An effect's id follows from all of it, and is not among this."""

    type: str
    id: str = ""
    service: str = ""
    repository: str = ""
    sha256: str = ""

    @property
    def addressee(self) -> str:
        """The service or the repository that it is about; empty where it does not say."""
        return self.service or self.repository


class _Correlated(msgspec.Struct, frozen=True, kw_only=True):
    correlation: str = ""


class MessageHead(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope, as far as any Slipway writes it."""

    schema: int
    at: Time
    delivery: _Correlated
    message: Heading

    @property
    def correlation(self) -> str:
        """That of the message; empty where it has none."""
        return self.delivery.correlation


class ReadMessage(NamedTuple):
    """What a queue brought: either an event or an effect, never both."""

    at: datetime
    delivery: Delivery
    event: ServiceEvent | EffectDone | HookEvent | None = None
    effect: ServiceEffect | None = None


def encode_event(event: ServiceEvent | HookEvent, *, correlation: str, at: datetime) -> str:
    """Return an event as a queue carries it; `at` is when it was received or made."""
    return _text(Envelope(schema=SCHEMA, at=at, delivery=Delivery(correlation=correlation), message=event))


def encode_report(report: Report, delivery: Delivery, *, at: datetime) -> str:
    """Return what a worker reports as a queue carries it."""
    return _text(Envelope(schema=SCHEMA, at=at, delivery=delivery, message=report))


def encode_effect(effect: ServiceEffect, delivery: Delivery, *, at: datetime) -> str:
    """Return an effect as a queue carries it; `at` is when it was decided."""
    envelope = Envelope(schema=SCHEMA, at=at, delivery=delivery, message=effect)
    text = _text(envelope)
    # Whoever performs it is most often this process, a moment later.
    _READ.keep(text, _opened(envelope))
    return text


def _text(record: Record) -> str:
    return written(record).decode()


def _opened(envelope: Envelope) -> ReadMessage:
    message, effect = envelope.message, isinstance(envelope.message, Effect)
    return ReadMessage(
        at=envelope.at,
        delivery=envelope.delivery,
        event=None if effect else message,  # type: ignore[arg-type]
        effect=message if effect else None,  # type: ignore[arg-type]
    )


@cache
def _envelopes() -> msgspec.json.Decoder[Envelope]:
    return decoder(Envelope)


@cache
def _heads() -> msgspec.json.Decoder[MessageHead]:
    return decoder(MessageHead)


def addressee(text: str) -> str:
    """Say which service or repository a message is about; empty where it does not say."""
    try:
        return parse(text).message.addressee
    except UnreadableRecord:
        return ""


def decode(text: str) -> ReadMessage:
    """Read a message whole.

    Raise UnreadableRecord for a newer schema (give it back to the queue with a delay) and for a damaged message,
    UnknownMessage for a type that no Slipway of this schema sends.
    """
    try:
        envelope = _envelopes().decode(text)
        look_closely(envelope, text.encode())
    except (msgspec.MsgspecError, RecursionError, UnicodeError, InvalidValue) as error:
        raise _why(text, error) from error
    if not is_read(envelope.schema, SCHEMA):
        raise UnreadableRecord("message", found=envelope.schema, known=SCHEMA, problem="is of no known schema")
    return _opened(envelope)


def _why(text: str, error: Exception) -> UnreadableRecord | UnknownMessage:
    head = parse(text)
    type_ = head.message.type
    if head.schema <= SCHEMA and type_ not in TYPES:
        return UnknownMessage(type_)
    path, problem = problem_of(error, Envelope)
    return UnreadableRecord(f"message {type_}", found=head.schema, known=SCHEMA, field=path, problem=problem)


def read_message(text: str) -> ReadMessage:
    """Read a message as `decode` does, or remember it; what came by reference may be large, and is not kept."""
    return _READ.read(text) if len(text) <= _MOST_REMEMBERED else decode(text)


_READ = Memo(decode, 2048)
_MOST_REMEMBERED = 64 * 1024  # characters


def parse(text: str) -> MessageHead:
    """Read what a message says of itself, e.g. to show what lies in a poison queue. Raise UnreadableRecord."""
    try:
        return _heads().decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        path, problem = problem_of(error, MessageHead)
        raise UnreadableRecord("message", found=0, known=SCHEMA, field=path, problem=problem) from error


def reference_to(text: str, sha256: str) -> str:
    """Return a small message that stands for a large one, which is kept as evidence. Raise UnreadableRecord."""
    head = parse(text)
    one = head.message
    message = ByReference(id=one.id, service=one.service, repository=one.repository, sha256=sha256)
    delivery = Delivery(correlation=head.correlation)
    return _text(_Referring(schema=head.schema, at=head.at, delivery=delivery, message=message))


def referred_to(text: str) -> str | None:
    """Return the hash of what a message stands for; None for one that says itself what it is about."""
    if _IS_REFERENCE not in text:
        return None
    one = parse(text).message
    return one.sha256 if one.type == _REFERENCE else None


def effect_id_of(text: str) -> str:
    """Return the id of an encoded effect; raise as `decode` does."""
    found = read_message(text).effect
    return found.id if found is not None else ""
