"""Messages in poison ↔ stored bytes, and the event that tells a service of one.

They are rows of the partition `estate` outside of what decisions read.

Open ones lie together, the newest first; those that a person has settled lie elsewhere, so that reading the open ones
costs the same however many there were before.
"""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.kinds import AnyKind, Kind
from shared.codec.primitives import Json, decode_person, dump, encode_person, read, time_text, whole
from shared.domain.events import MessagePoisoned
from shared.domain.names import ServiceKey
from shared.domain.poison import PoisonMessage, Settled, Settling

SCHEMA = 1
OPEN, SETTLED = "2~poison~", "3~poison~"
OPEN_END = f"{OPEN}\x7f"

_LAST = 10**20 - 1


def open_row(number: int) -> str:
    """Name the row of a message that nobody has settled."""
    return f"{OPEN}{_LAST - number:020d}"


def settled_row(number: int) -> str:
    """Name the row of one that somebody has."""
    return f"{SETTLED}{_LAST - number:020d}"


def encode_poison(found: PoisonMessage) -> bytes:
    """Return a message in poison as it is stored."""
    values: Json = {
        "number": whole(found.number),
        "queue": found.queue,
        "at": time_text(found.at),
        "sha256": found.sha256,
        "size": whole(found.size),
        "reason": found.reason,
    }
    for name, text in (
        ("type", found.type),
        ("message", found.message),
        ("service", found.service),
        ("correlation", found.correlation),
    ):
        if text:
            values[name] = text
    if found.settled is not None:
        values["settled"] = {
            "how": found.settled.how.value,
            "person": encode_person(found.settled.person),
            "at": time_text(found.settled.at),
            "reason": found.settled.reason,
        }
    return dump(SCHEMA, values)


def decode_poison(data: bytes) -> PoisonMessage:
    """Read a message in poison; raise UnreadableRecord."""
    return read("poison", SCHEMA, data, _decode_poison)


def _decode_poison(fields: Fields) -> PoisonMessage:
    return PoisonMessage(
        number=fields.number("number"),
        queue=fields.text("queue"),
        at=fields.time("at"),
        sha256=fields.text("sha256"),
        size=fields.number("size"),
        reason=fields.text("reason"),
        type=fields.text("type", ""),
        message=fields.text("message", ""),
        service=fields.text("service", ""),
        correlation=fields.text("correlation", ""),
        settled=fields.maybe("settled", _decode_settled),
    )


def _decode_settled(fields: Fields) -> Settled:
    return Settled(
        how=fields.word("how", Settling),
        person=fields.one("person", decode_person),
        at=fields.time("at"),
        reason=fields.text("reason"),
    )


def _poisoned(event: MessagePoisoned) -> Json:
    effect = {"effect": event.effect} if event.effect else {}
    return {"poison": whole(event.poison), "queue": event.queue, "type": event.type, **effect}


def _to_poisoned(id_: str, service: ServiceKey, body: Fields) -> MessagePoisoned:
    return MessagePoisoned(
        id=id_,
        service=service,
        poison=body.number("poison"),
        queue=body.text("queue"),
        type=body.text("type"),
        effect=body.text("effect", ""),
    )


POISONED: AnyKind = Kind("message-poisoned", MessagePoisoned, _poisoned, _to_poisoned, schema=2)
