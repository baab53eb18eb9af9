"""Azure Container Registry's own web hooks. What Event Grid brings of it has the same shape inside; see acr_events.py.

https://learn.microsoft.com/azure/container-registry/container-registry-webhook-reference
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.domain.messages.events import ManifestDeleted, TagPushed
from shared.domain.values.names import Digest
from shared.inbound.json_body import Id, Name, NeededName, decode
from shared.inbound.registry_hook import MaybeDigest, Request
from shared.inbound.registry_message import RegistryMessage

PUSH, DELETE, CHART_PUSH, CHART_DELETE = "push", "delete", "chart_push", "chart_delete"
_PUSHES, _DELETIONS = (PUSH, CHART_PUSH), (DELETE, CHART_DELETE)
# Charts of the old kind lie in no OCI repository; nothing here could deploy them.
_RETIRED = "application/vnd.acr.helm.chart"


class AcrKind(msgspec.Struct, frozen=True, kw_only=True):
    """What the target alone says: whether it counts."""

    tag: Name | None = None
    mediaType: Name | None = None


class AcrTarget(AcrKind, frozen=True, kw_only=True):
    """What was pushed or deleted."""

    repository: NeededName
    digest: MaybeDigest | None = None


class AcrChange(msgspec.Struct, frozen=True, kw_only=True):
    """An action on a target."""

    target: AcrTarget
    request: Request | None = None


class LookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a change as says whether it counts."""

    target: AcrKind | None = None


class AcrBody(msgspec.Struct, frozen=True, kw_only=True):
    """A web hook's envelope; what is in it depends on the action."""

    id: Id
    action: NeededName
    target: AcrTarget | None = None
    request: Request | None = None


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    action: NeededName


def changes_in(found: Mapping[str, object]) -> RegistryMessage:
    """Return what a web hook says happened. Raise Unacceptable naming the field."""
    message = decode(found, _Envelope)
    return read_message(message.id, message.action, found)


def read_message(
    id_: str, action: str, found: Mapping[str, object], *, registry: str = "", at: str = ""
) -> RegistryMessage:
    """Return what an action on a target comes to; `registry` is its host, where the request names none."""
    if action not in (*_PUSHES, *_DELETIONS):
        # Also ping, which tries the address, and quarantine, which tells of a push that nobody may pull yet.
        return RegistryMessage(passed_over=(f"the action {action[:100]} changes nothing that is released",))
    kind = decode(found, LookedAt, at).target or AcrKind()
    if kind.mediaType == _RETIRED:
        return RegistryMessage(passed_over=("a chart of a retired chart repository; charts are OCI artifacts",))
    if action in _PUSHES and not kind.tag:
        return RegistryMessage(passed_over=("an untagged manifest, e.g. one platform of an index",))
    message = decode(found, AcrChange, at)
    repository, tag = message.target.repository, message.target.tag or ""
    digest = Digest(message.target.digest) if message.target.digest else None
    host = (message.request and message.request.host) or registry
    if not host:
        return RegistryMessage(passed_over=(f"{repository[:100]} is of no registry: request.host is missing",))
    if action in _PUSHES:
        return RegistryMessage((TagPushed(id=id_, registry=host, repository=repository, tag=tag, digest=digest),))
    return RegistryMessage((ManifestDeleted(id=id_, registry=host, repository=repository, tag=tag, digest=digest),))
