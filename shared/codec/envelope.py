"""Messages: an event or an effect in its envelope ↔ the text that a queue carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from shared.codec.effects import EFFECTS
from shared.codec.errors import UnknownMessage, UnreadableRecord
from shared.codec.events import EVENTS
from shared.codec.fields import Fields
from shared.codec.kinds import AnyKind
from shared.codec.memo import Memo
from shared.codec.outside import OUTSIDE, OutsideKind
from shared.codec.poison import POISONED
from shared.codec.primitives import Json, dump_text, parse_service, read, time_text, whole
from shared.codec.requests import REQUESTS
from shared.domain.effects import ServiceEffect
from shared.domain.errors import InvalidValue
from shared.domain.events import OutsideEvent, ServiceEvent

_EVENTS: tuple[AnyKind, ...] = (*EVENTS, *REQUESTS, POISONED)
_BY_NAME: Mapping[str, AnyKind] = {kind.name: kind for kind in _EVENTS + EFFECTS}
_BY_TYPE: Mapping[type[Any], AnyKind] = {kind.type: kind for kind in _EVENTS + EFFECTS}
_OUTSIDE_BY_NAME: Mapping[str, OutsideKind[Any]] = {kind.name: kind for kind in OUTSIDE}
_OUTSIDE_BY_TYPE: Mapping[type[Any], OutsideKind[Any]] = {kind.type: kind for kind in OUTSIDE}
_EFFECT_NAMES = frozenset(kind.name for kind in EFFECTS)

SCHEMA = max(*(kind.schema for kind in _EVENTS + EFFECTS), *(kind.schema for kind in OUTSIDE))


_SERVICE = '"service":"'
_REFERENCE = "by-reference"
_IS_REFERENCE = f'"type":"{_REFERENCE}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message as it is sent, its body not yet read. `service` is empty where the message belongs to none yet.

    `correlation` goes from a message to all that it leads to; `tries` counts how often an effect was put off. `order`
    rises with every effect of a service, so that an older one that comes late is known by it; 0 where it has none.
    """

    schema: int
    type: str
    id: str
    service: str
    correlation: str
    at: datetime
    body: Mapping[str, object]
    tries: int = 0
    order: int = 0


class Message(NamedTuple):
    """What a queue brought: either an event or an effect, never both."""

    correlation: str
    at: datetime
    event: ServiceEvent | OutsideEvent | None = None
    effect: ServiceEffect | None = None
    tries: int = 0
    order: int = 0


def type_name(message: ServiceEvent | OutsideEvent | ServiceEffect) -> str:
    """Return the name of a message's type, as it is on the wire and in the ledger."""
    kind = _BY_TYPE.get(type(message)) or _OUTSIDE_BY_TYPE[type(message)]
    return kind.name


def encode_event(event: ServiceEvent | OutsideEvent, *, correlation: str, at: datetime) -> str:
    """Return an event as a queue carries it; `at` is when it was received or made."""
    outside = _OUTSIDE_BY_TYPE.get(type(event))
    if outside is not None:
        values = _sealed(outside.name, outside.schema, event.id, outside.about(event), correlation, at)
        return dump_text({**values, "body": outside.encode(event)})
    return _encode(event, correlation, at)


def encode_effect(effect: ServiceEffect, *, correlation: str, at: datetime, tries: int = 0, order: int = 0) -> str:
    """Return an effect as a queue carries it; `at` is when it was decided."""
    text = _encode(effect, correlation, at, tries, order)
    # Whoever performs it is most often this process, a moment later.
    _READ.keep(text, Message(effect=effect, correlation=correlation, at=at, tries=tries, order=order))
    return text


def _encode(message: Any, correlation: str, at: datetime, tries: int = 0, order: int = 0) -> str:
    kind = _BY_TYPE[type(message)]
    values = _sealed(kind.name, kind.schema, message.id, str(message.service), correlation, at)
    if tries:
        values["tries"] = whole(tries)
    if order:
        values["order"] = whole(order)
    values["body"] = kind.encode(message)
    return dump_text(values)


def _sealed(name: str, schema: int, id_: str, service: str, correlation: str, at: datetime) -> Json:
    return {
        "schema": schema,
        "type": name,
        "id": id_,
        "service": service,
        "correlation": correlation,
        "at": time_text(at),
    }


def addressee(text: str) -> str:
    """Say which service or repository a message is about, without reading it; empty where it does not say."""
    # Keys are sorted: what comes after the content is the envelope's own.
    _, found, rest = text.rpartition(_SERVICE)
    return rest.partition('"')[0] if found else ""


def decode(text: str) -> Message:
    """Read a message whole.

    Raise UnreadableRecord for a newer schema (give it back to the queue with a delay) and for a damaged message,
    UnknownMessage for a type that no Slipway of this schema sends.
    """
    envelope = parse(text)
    body = Fields(f"message {envelope.type}", SCHEMA, dict(envelope.body), path="body.", schema=envelope.schema)
    outside = _OUTSIDE_BY_NAME.get(envelope.type)
    if outside is not None:
        event = outside.decode(envelope.id, body)
        body.done()
        if outside.about(event) != envelope.service:
            raise _damaged(envelope, "service", f"is {envelope.service!r}, but the content is about another")
        return Message(event=event, correlation=envelope.correlation, at=envelope.at, tries=envelope.tries)
    kind = _BY_NAME.get(envelope.type)
    if kind is None:
        raise UnknownMessage(envelope.type)
    try:
        service = parse_service(envelope.service)
    except InvalidValue as error:
        raise _damaged(envelope, "service", str(error)) from error
    found = kind.decode(envelope.id, service, body)
    body.done()
    if envelope.type not in _EFFECT_NAMES:
        return Message(event=found, correlation=envelope.correlation, at=envelope.at, tries=envelope.tries)
    if found.id != envelope.id:
        raise _damaged(envelope, "id", f"is {envelope.id}, but the content is that of {found.id}")
    return Message(
        effect=found,
        correlation=envelope.correlation,
        at=envelope.at,
        tries=envelope.tries,
        order=envelope.order,
    )


def read_message(text: str) -> Message:
    """Read a message as `decode` does, or remember it."""
    return _READ.read(text)


_READ = Memo(decode, 2048)


def _damaged(envelope: Envelope, field: str, problem: str) -> UnreadableRecord:
    kind = f"message {envelope.type}"
    return UnreadableRecord(kind, found=envelope.schema, known=SCHEMA, field=field, problem=problem)


def parse(text: str) -> Envelope:
    """Read an envelope and leave its body alone, e.g. to show what lies in a poison queue. Raise UnreadableRecord."""
    return read("message", SCHEMA, text, _decode_envelope)


def _decode_envelope(fields: Fields) -> Envelope:
    return Envelope(
        schema=fields.schema,
        type=fields.text("type"),
        id=fields.text("id"),
        service=fields.text("service"),
        correlation=fields.text("correlation"),
        at=fields.time("at"),
        body=fields.object("body"),
        tries=fields.number("tries", 0),
        order=fields.number("order", 0),
    )


def reference_to(text: str, sha256: str) -> str:
    """Return a small message that stands for a large one, which is kept as evidence. Raise UnreadableRecord."""
    one = parse(text)
    values = _sealed(_REFERENCE, one.schema, one.id, one.service, one.correlation, one.at)
    return dump_text({**values, "body": {"sha256": sha256}})


def referred_to(text: str) -> str | None:
    """Return the hash of what a message stands for; None for one that says itself what it is about."""
    if _IS_REFERENCE not in text:
        return None
    one = parse(text)
    return Fields("message", SCHEMA, dict(one.body), path="body.").text("sha256") if one.type == _REFERENCE else None


def effect_id_of(text: str) -> str:
    """Return the id of an encoded message; raise UnreadableRecord."""
    return parse(text).id
