"""What registries say of a service's artifacts ↔ bodies of messages."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.kinds import AnyKind, Kind
from shared.codec.primitives import Json, maybe_digest, whole
from shared.domain.events import ArtifactAnnounced, ArtifactTagged, ArtifactWithdrawn, TaggingFailed, TagsRead
from shared.domain.names import ServiceKey


def _tags_read(event: TagsRead) -> Json:
    values: Json = {"effect": event.effect, "version": event.version}
    if event.image is not None:
        values["image"] = event.image.text
    if event.chart is not None:
        values["chart"] = event.chart.text
    return values


def _to_tags_read(id_: str, service: ServiceKey, body: Fields) -> TagsRead:
    return TagsRead(
        id=id_,
        service=service,
        effect=body.text("effect"),
        version=body.text("version"),
        image=maybe_digest(body, "image"),
        chart=maybe_digest(body, "chart"),
    )


def _attempt(event: ArtifactTagged | TaggingFailed) -> Json:
    return {"effect": event.effect, "version": event.version, "attempt": whole(event.attempt)}


def _to_artifact_tagged(id_: str, service: ServiceKey, body: Fields) -> ArtifactTagged:
    return ArtifactTagged(
        id=id_,
        service=service,
        effect=body.text("effect"),
        version=body.text("version"),
        attempt=body.number("attempt"),
    )


def _tagging_failed(event: TaggingFailed) -> Json:
    lost = {"lost": True} if event.lost else {}
    return {**_attempt(event), "reason": event.reason, "ours": event.ours, **lost}


def _to_tagging_failed(id_: str, service: ServiceKey, body: Fields) -> TaggingFailed:
    return TaggingFailed(
        id=id_,
        service=service,
        effect=body.text("effect"),
        version=body.text("version"),
        attempt=body.number("attempt"),
        reason=body.text("reason"),
        ours=body.flag("ours"),
        lost=body.flag("lost", False),
    )


def _artifact_announced(event: ArtifactAnnounced) -> Json:
    return {"version": event.version, **_manifest(event)}


def _manifest(event: ArtifactAnnounced | ArtifactWithdrawn) -> Json:
    named = {"digest": event.digest.text} if event.digest is not None else {}
    return {**named, "chart": True} if event.chart else {**named}


def _to_artifact_announced(id_: str, service: ServiceKey, body: Fields) -> ArtifactAnnounced:
    return ArtifactAnnounced(
        id=id_,
        service=service,
        version=body.text("version"),
        digest=maybe_digest(body, "digest"),
        chart=body.flag("chart", False),
    )


def _artifact_withdrawn(event: ArtifactWithdrawn) -> Json:
    version = {"version": event.version} if event.version else {}
    return {"repository": event.repository, **version, **_manifest(event)}


def _to_artifact_withdrawn(id_: str, service: ServiceKey, body: Fields) -> ArtifactWithdrawn:
    return ArtifactWithdrawn(
        id=id_,
        service=service,
        repository=body.text("repository"),
        digest=maybe_digest(body, "digest"),
        version=body.text("version", ""),
        chart=body.flag("chart", False),
    )


REGISTRY_EVENTS: tuple[AnyKind, ...] = (
    Kind("tags-read", TagsRead, _tags_read, _to_tags_read),
    Kind("artifact-tagged", ArtifactTagged, _attempt, _to_artifact_tagged),
    Kind("tagging-failed", TaggingFailed, _tagging_failed, _to_tagging_failed),
    Kind("artifact-announced", ArtifactAnnounced, _artifact_announced, _to_artifact_announced, schema=2),
    Kind("artifact-withdrawn", ArtifactWithdrawn, _artifact_withdrawn, _to_artifact_withdrawn, schema=2),
)
