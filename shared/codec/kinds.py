"""What a table of messages is made of: a name on the wire, and how its body is written and read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.codec.fields import Fields
from shared.codec.primitives import Json
from shared.domain.names import ServiceKey

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One type of message. `decode` is given id and service, which the envelope holds, and the body.

    `schema` is the number of the change that brought the type or last changed its body: numbers are counted over all
    messages, so that an older worker sees that a message is newer than itself, also where it does not know the type.
    """

    name: str
    type: type[T]
    encode: Callable[[T], Json]
    decode: Callable[[str, ServiceKey, Fields], T]
    schema: int = 1


AnyKind = Kind[Any]


def no_body(_: object) -> Json:
    """The body of a message that says everything by its type."""
    return {}
