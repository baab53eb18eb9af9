"""Artifacts and what was deployed ↔ JSON."""

from __future__ import annotations

from collections.abc import Iterable

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


class ArtifactTable:
    """The artifacts of one record, each written once: whoever deployed one names it by its place in the table."""

    __slots__ = ("_artifacts",)

    def __init__(self, artifacts: Iterable[Artifact] = ()) -> None:
        self._artifacts = list(artifacts)

    def place(self, artifact: Artifact) -> int:
        """Return the artifact's place; a new one is put at the end."""
        for place, known in enumerate(self._artifacts):
            if known is artifact or known == artifact:
                return place
        self._artifacts.append(artifact)
        return len(self._artifacts) - 1

    def add_to(self, values: Json) -> None:
        """Put the table into its record, after everything else was."""
        if self._artifacts:
            values["artifacts"] = [encode_artifact(artifact) for artifact in self._artifacts]

    @staticmethod
    def of(fields: Fields) -> ArtifactTable:
        """Read the table of a record, before anything else is."""
        return ArtifactTable(fields.many("artifacts", decode_artifact))

    def at(self, fields: Fields, name: str) -> Artifact:
        """Read the artifact that a field names."""
        place = fields.number(name)
        if not 0 <= place < len(self._artifacts):
            raise fields.damaged(name, f"names artifact {place} of {len(self._artifacts)}")
        return self._artifacts[place]

    def encode(self, deployed: Deployed) -> Json:
        """A deployed artifact as an object."""
        values: Json = {
            "artifact": self.place(deployed.artifact),
            "manifests": deployed.manifests,
            "promotion": whole(deployed.promotion),
            "at": time_text(deployed.at),
        }
        if deployed.authors:
            values["authors"] = deployed.authors
        if deployed.registry_namespace is not None:
            values["namespace"] = deployed.registry_namespace
        return values

    def decode(self, fields: Fields) -> Deployed:
        """See encode."""
        return Deployed(
            artifact=self.at(fields, "artifact"),
            manifests=fields.text("manifests"),
            promotion=fields.number("promotion"),
            at=fields.time("at"),
            authors=fields.text("authors", ""),
            registry_namespace=fields.maybe_text("namespace"),
        )
