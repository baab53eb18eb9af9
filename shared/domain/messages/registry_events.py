"""What registries say of a service's artifacts, or what became of their tags, in the past tense."""

from __future__ import annotations

from typing import TypeAlias

from shared.domain.messages.event import Event
from shared.domain.values.artifact import ArtifactPart, PartKind, PartName
from shared.domain.values.names import Digest


class TagsRead(Event, tag="tags-read"):
    """What the registry says that the version's tags name now; a part whose tag names nothing is not among them."""

    effect: str
    version: str
    parts: tuple[ArtifactPart, ...]


class ArtifactTagged(Event, tag="artifact-tagged"):
    """All of the version's tags name what was built: they were read back."""

    effect: str
    version: str
    attempt: int


class TaggingFailed(Event, tag="tagging-failed"):
    """The version's tags could not be put.

    `ours` is False where a tag names something that somebody else put. `lost` says that a part of what was built is not in
    the registry any more.
    """

    effect: str
    version: str
    attempt: int
    reason: str
    ours: bool
    lost: bool = False


class ArtifactAnnounced(Event, tag="artifact-announced"):
    """The registry says that a part of the version was pushed; a hint. Not every registry names the digest."""

    version: str
    part: PartName
    digest: Digest | None


class ArtifactWithdrawn(Event, tag="artifact-withdrawn"):
    """The registry says that a part was deleted from one of the service's repositories; a hint.

    It names the digest, or the version whose tag is gone, or neither: then the whole repository is.
    """

    kind: PartKind
    repository: str
    digest: Digest | None = None
    version: str = ""


RegistryAnswer: TypeAlias = TagsRead | ArtifactTagged | TaggingFailed | ArtifactAnnounced | ArtifactWithdrawn
