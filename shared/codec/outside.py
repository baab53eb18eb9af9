"""Events that belong to no service yet ↔ bodies of messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shared.codec.fields import Fields
from shared.codec.primitives import Json, decode_person, encode_person, maybe_digest
from shared.domain.events import ManifestDeleted, PushReceived, TagPushed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OutsideKind(Generic[T]):
    """One type of message without a service. `about` is what the envelope shows instead; see kinds.Kind."""

    name: str
    type: type[T]
    encode: Callable[[T], Json]
    decode: Callable[[str, Fields], T]
    about: Callable[[T], str]
    schema: int = 1


def _push(event: PushReceived) -> Json:
    values: Json = {"repository": event.repository, "ref": event.ref}
    if event.commit:
        values["commit"] = event.commit
    if event.before:
        values["before"] = event.before
    if event.pushed_by is not None:
        values["pushed_by"] = encode_person(event.pushed_by)
    return values


def _to_push(id_: str, body: Fields) -> PushReceived:
    return PushReceived(
        id=id_,
        repository=body.text("repository"),
        ref=body.text("ref"),
        commit=body.text("commit", ""),
        before=body.text("before", ""),
        pushed_by=body.maybe("pushed_by", decode_person),
    )


def _tag(event: TagPushed) -> Json:
    named = {"digest": event.digest.text} if event.digest is not None else {}
    return {"registry": event.registry, "repository": event.repository, "tag": event.tag, **named}


def _to_tag(id_: str, body: Fields) -> TagPushed:
    return TagPushed(
        id=id_,
        registry=body.text("registry"),
        repository=body.text("repository"),
        tag=body.text("tag"),
        digest=maybe_digest(body, "digest"),
    )


def _deleted(event: ManifestDeleted) -> Json:
    values: Json = {"registry": event.registry, "repository": event.repository}
    if event.tag:
        values["tag"] = event.tag
    if event.digest is not None:
        values["digest"] = event.digest.text
    return values


def _to_deleted(id_: str, body: Fields) -> ManifestDeleted:
    return ManifestDeleted(
        id=id_,
        registry=body.text("registry"),
        repository=body.text("repository"),
        tag=body.text("tag", ""),
        digest=maybe_digest(body, "digest"),
    )


OUTSIDE: tuple[OutsideKind[Any], ...] = (
    OutsideKind("push-received", PushReceived, _push, _to_push, lambda event: event.repository),
    OutsideKind("tag-pushed", TagPushed, _tag, _to_tag, lambda _: "", schema=2),
    OutsideKind("manifest-deleted", ManifestDeleted, _deleted, _to_deleted, lambda _: "", schema=2),
)
