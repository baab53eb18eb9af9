"""A registry's notifications, in the envelope of CNCF distribution.

https://distribution.github.io/distribution/about/notifications/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from shared.domain.messages.events import ManifestDeleted, RegistryEvent, TagPushed
from shared.domain.values.names import DIGEST_PATTERN, Digest
from shared.inbound.json_body import Id, Name, NeededName, Text, bad, decode, looks
from shared.inbound.problems import Unacceptable
from shared.inbound.registry_message import RegistryMessage

MARK = "events"
_MOST_EVENTS, _MOST_DIGEST = 1000, 2000
_MOST_SHOWN, _SHOWN = 10, 200
_A_DIGEST = "a digest such as sha256:<64 hexadecimal digits>"
_MANIFESTS = frozenset(
    {
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    }
)
_SEVERAL = Meta(max_length=_MOST_EVENTS)
MaybeDigest: TypeAlias = Annotated[str, looks(f"({DIGEST_PATTERN})?", _A_DIGEST, most=_MOST_DIGEST)]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry was asked."""

    host: Name | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What an event is about; what is no manifest has other digests, and need not be named."""

    repository: Text | None = None
    tag: Name | None = None
    mediaType: Text | None = None
    digest: Text | None = None
    url: Text | None = None


class RegistryEventBody(msgspec.Struct, frozen=True, kw_only=True):
    """One event; only pushes of tagged manifests, and deletions, are read."""

    id: Text | None = None
    action: Text | None = None
    target: Target | None = None
    request: Request | None = None


class RegistryBody(msgspec.Struct, frozen=True, kw_only=True):
    """A registry's envelope: one event that cannot be read does not refuse the others."""

    events: Annotated[tuple[RegistryEventBody, ...], _SEVERAL]


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    events: Annotated[tuple[Any, ...], _SEVERAL]


class _Action(msgspec.Struct, frozen=True, kw_only=True):
    action: Text | None = None


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    repository: NeededName
    digest: MaybeDigest | None = None


class _Change(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    target: _Manifest


def changes_in(found: Mapping[str, object]) -> RegistryMessage:
    """Return pushes of tagged manifests, and deletions; pulls, blobs and untagged children mean nothing to us.

    An event that cannot be read is passed over where there are others: a registry sends the envelope again until it is
    taken, and nothing after it. Raise Unacceptable naming the field where none can be read.
    """
    faults: list[Unacceptable] = []
    found_events: list[RegistryEvent | None] = []
    for index, one in enumerate(decode(found, _Envelope).events):
        try:
            found_events.append(_change(one, f"{MARK}[{index}]"))
        except Unacceptable as fault:
            faults.append(fault)
    if faults and not found_events:
        raise faults[0]
    reasons = [str(fault)[:_SHOWN] for fault in faults[:_MOST_SHOWN]]
    return RegistryMessage(tuple(one for one in found_events if one is not None), tuple(reasons))


def _change(found: object, at: str) -> RegistryEvent | None:
    action = decode(found, _Action, at).action
    if action not in ("push", "delete"):
        return None
    body = decode(found, RegistryEventBody, at)
    target = body.target or Target()
    if action == "push" and not (target.tag and target.mediaType in _MANIFESTS):
        return None
    change = decode(found, _Change, at)
    repository, registry = change.target.repository, _registry(body, target, at)
    digest = Digest(change.target.digest) if change.target.digest else None
    if action == "delete":
        return ManifestDeleted(
            id=change.id, registry=registry, repository=repository, tag=target.tag or "", digest=digest
        )
    if digest is None:
        raise bad(f"{at}.target.digest", "is missing")
    tag = target.tag or ""
    return TagPushed(id=f"{change.id}:{tag}", registry=registry, repository=repository, tag=tag, digest=digest)


def _registry(event: RegistryEventBody, target: Target, at: str) -> str:
    if event.request and event.request.host:
        return event.request.host
    try:
        host = urlsplit(target.url or "").netloc
    except ValueError as error:
        raise bad(f"{at}.target.url", "is not an address") from error
    if not host:
        raise bad(f"{at}.request.host", "is missing, and target.url names no host either")
    return host
