"""What registries say of a service's artifacts, or what became of their tags, in the past tense."""

from __future__ import annotations

from typing import TypeAlias

from shared.domain.event import Event
from shared.domain.names import Digest


class TagsRead(Event, tag="tags-read"):
    """What the registry says that the version's tags name now."""

    effect: str
    version: str
    image: Digest | None
    chart: Digest | None


class ArtifactTagged(Event, tag="artifact-tagged"):
    """Both of the version's tags name what was built: they were read back."""

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
    """The registry says that the version's image, or its chart, was pushed; a hint. Not every registry names the digest."""

    version: str
    digest: Digest | None
    chart: bool = False


class ArtifactWithdrawn(Event, tag="artifact-withdrawn"):
    """The registry says that an image, or a chart, was deleted from one of the service's repositories; a hint.

    It names the digest, or the version whose tag is gone, or neither: then the whole repository is.
    """

    repository: str
    digest: Digest | None = None
    version: str = ""
    chart: bool = False


RegistryAnswer: TypeAlias = TagsRead | ArtifactTagged | TaggingFailed | ArtifactAnnounced | ArtifactWithdrawn
