"""Artifacts and what was deployed ↔ JSON."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.primitives import Json, digest, time_text, version, whole
from shared.domain.artifact import Artifact
from shared.domain.promotion import Deployed


def encode_artifact(artifact: Artifact) -> Json:
    """An artifact as an object."""
    return {
        "registry": artifact.registry,
        "image": artifact.image_repository,
        "image_digest": artifact.image_digest.text,
        "chart": artifact.chart_repository,
        "chart_digest": artifact.chart_digest.text,
        "commit": artifact.commit,
        "version": artifact.version.text,
    }


def decode_artifact(fields: Fields) -> Artifact:
    """See encode_artifact."""
    return Artifact(
        registry=fields.text("registry"),
        image_repository=fields.text("image"),
        image_digest=digest(fields, "image_digest"),
        chart_repository=fields.text("chart"),
        chart_digest=digest(fields, "chart_digest"),
        commit=fields.text("commit"),
        version=version(fields, "version"),
    )


def encode_deployed(deployed: Deployed) -> Json:
    """A deployed artifact as an object."""
    return {
        "artifact": encode_artifact(deployed.artifact),
        "manifests": deployed.manifests,
        "promotion": whole(deployed.promotion),
        "at": time_text(deployed.at),
    }


def decode_deployed(fields: Fields) -> Deployed:
    """See encode_deployed."""
    return Deployed(
        artifact=fields.one("artifact", decode_artifact),
        manifests=fields.text("manifests"),
        promotion=fields.number("promotion"),
        at=fields.time("at"),
    )
