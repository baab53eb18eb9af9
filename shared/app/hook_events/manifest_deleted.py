"""A registry's hint: which service counted on what was deleted."""

from __future__ import annotations

from shared.app.handling.handle_event import handle
from shared.app.handling.loaded_service import read_service
from shared.app.hook_events.own_repositories import OwnRepository, id_of, own_repositories
from shared.app.parts import App
from shared.domain.deciding.withdrawing import kept_by
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.events import ArtifactWithdrawn, ManifestDeleted
from shared.telemetry import log_event


def manifest_deleted(app: App, event: ManifestDeleted) -> None:
    """Tell the services that keep the artifact; copies in an environment's namespace count, as we delete none of them.

    What nobody keeps leaves no entry: cleaning up deletes untagged manifests by the thousand.
    """
    sent = 0
    for own in own_repositories(app, event.registry, event.repository):
        withdrawn = _withdrawn(event, own)
        if withdrawn is None:
            continue
        state = read_service(app, own.service).state
        if kept_by(withdrawn, environments=state.environments, releases=state.releases):
            handle(app, withdrawn, Delivery(correlation=event.id))
            sent += 1
    if not sent:
        digest = event.digest.text if event.digest else ""
        fields = {"registry": event.registry, "repository": event.repository, "tag": event.tag, "digest": digest}
        log_event("deletion.ignored", reason="nothing that a service keeps", **fields)


def _withdrawn(event: ManifestDeleted, own: OwnRepository) -> ArtifactWithdrawn | None:
    version = own.version(event.tag) if event.tag and event.digest is None else None
    if event.digest is None and event.tag and version is None:
        return None
    return ArtifactWithdrawn(
        id=id_of(event),
        service=own.service,
        kind=own.part.kind,
        repository=event.repository,
        digest=event.digest,
        version=version.text if version else "",
    )
