"""A registry's hint: which service and version a pushed tag belongs to."""

from __future__ import annotations

from shared.app.handling.handle_event import handle
from shared.app.hook_events.own_repositories import OwnRepository, id_of, own_repositories
from shared.app.parts import App
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import ArtifactAnnounced, TagPushed
from shared.telemetry import log_event


def tag_pushed(app: App, event: TagPushed) -> None:
    """Tell the service whose image or chart repository this is; copies in an environment's namespace are our own doing."""
    found = own_repositories(app, event.registry, event.repository)
    named = [(own, version) for own in found if not own.namespace and (version := own.version(event.tag))]
    if not named:
        _ignore(event, found[0] if found else None)
        return
    own, version = named[0]
    announced = ArtifactAnnounced(
        id=id_of(event), service=own.service, version=version.text, digest=event.digest, part=own.part
    )
    handle(app, announced, Delivery(correlation=event.id))


def _ignore(event: TagPushed, own: OwnRepository | None) -> None:
    reason = "the tag is no version" if own else "no service in force has this repository"
    if own is not None and own.namespace:
        reason = f"ours: a copy of {own.service} in the namespace {own.namespace}"
    log_event("tag.ignored", reason=reason, registry=event.registry, repository=event.repository, tag=event.tag)
