"""A registry's hint: which service and version a pushed tag belongs to."""

from __future__ import annotations

from shared.app.configuration import policy_in_force
from shared.app.handle_event import handle
from shared.app.parts import App
from shared.domain.errors import InvalidVersion
from shared.domain.events import ArtifactAnnounced, TagPushed
from shared.domain.version import Version
from shared.telemetry import log_event


def tag_pushed(app: App, event: TagPushed) -> None:
    """Tell the service whose image or chart repository this is; copies under `prod/` are our own doing."""
    for repository in app.source.repositories():
        policy = policy_in_force(app, repository)
        for one in policy.services if policy else ():
            chart = event.repository == one.chart_repository
            if one.registry != event.registry or not (chart or event.repository == one.image_repository):
                continue
            try:
                version = Version.parse(event.tag) if chart else Version.from_tag(event.tag)
            except InvalidVersion:
                break
            announced = ArtifactAnnounced(
                id=event.id, service=one.service, version=version.text, digest=event.digest, chart=chart
            )
            handle(app, announced, correlation=event.id)
            return
    log_event("tag.ignored", registry=event.registry, repository=event.repository, tag=event.tag)
