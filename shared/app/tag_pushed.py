"""A registry's hint: which service and version a pushed tag belongs to."""

from __future__ import annotations

from shared.app.handle_event import handle
from shared.app.parts import App
from shared.app.registry_places import Place, id_of, places
from shared.domain.events import ArtifactAnnounced, TagPushed
from shared.telemetry import log_event


def tag_pushed(app: App, event: TagPushed) -> None:
    """Tell the service whose image or chart repository this is; copies in an environment's namespace are our own doing."""
    found = places(app, event.registry, event.repository)
    named = [(place, version) for place in found if not place.namespace and (version := place.version(event.tag))]
    if not named:
        _ignore(event, found[0] if found else None)
        return
    place, version = named[0]
    announced = ArtifactAnnounced(
        id=id_of(event), service=place.service, version=version.text, digest=event.digest, chart=place.chart
    )
    handle(app, announced, correlation=event.id)


def _ignore(event: TagPushed, place: Place | None) -> None:
    reason = "the tag is no version" if place else "no service in force has this repository"
    if place is not None and place.namespace:
        reason = f"ours: a copy of {place.service} in the namespace {place.namespace}"
    log_event("tag.ignored", reason=reason, registry=event.registry, repository=event.repository, tag=event.tag)
