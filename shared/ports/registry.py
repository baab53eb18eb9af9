"""Where images and charts lie: any OCI registry, named by its host (`fabrikam.azurecr.io`, `localhost:5000`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from shared.domain.values.names import Digest
from shared.ports.errors import Permanent

# Set to `unknown` by a builder that cannot know who its image would run as: then an empty user does not mean root.
USER_LABEL = "dev.slipway.user"
USER_UNKNOWN = "unknown"
HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"


class TagTaken(Permanent):
    """The tag holds another digest than the one that was to be put there; tags are never overwritten."""

    def __init__(self, reference: str, *, expected: Digest, found: Digest | None) -> None:
        self.reference, self.expected, self.found = reference, expected, found
        super().__init__(
            f"{reference} holds {found or 'nothing'} and not {expected}; tags are not overwritten: "
            "release under a new version, or remove the tag if nothing uses it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDescription:
    """What a manifest says of itself; of an index, its first platform speaks.

    `size` are the compressed bytes of configuration and layers, `platforms` like `linux/amd64`, empty where it is not an index.
    `names` are the digests by which a node may say that it runs this: of the manifest, of each platform's and of its configuration.
    `users` says for each platform (empty where it is not an index) what the image runs as, empty for root; a platform whose
    builder could not know is left out.
    """

    digest: Digest
    media_type: str
    config_media_type: str
    size: int
    labels: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    names: tuple[Digest, ...] = ()
    users: tuple[tuple[str, str], ...] = ()

    @property
    def is_chart(self) -> bool:
        """Whether it is a Helm chart and not an image."""
        return self.config_media_type == HELM_CONFIG


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """What a copy did: `copied` is False where the tag held the digest already, and then nothing else was done.

    `blobs_mounted` changed hands inside the registry; `blobs_streamed` went through us because the registry refused to
    mount them; `bytes_downloaded` counts manifests and streamed blobs.
    """

    digest: Digest
    copied: bool
    manifests: int = 0
    blobs_mounted: int = 0
    blobs_streamed: int = 0
    bytes_downloaded: int = 0
    referrers: int = 0


class Registry(Protocol):
    """Reads, copies and pushes by digest.

    Every method raises Transient where the registry is out of reach, busy (with its Retry-After) or at fault, and
    Permanent with `ours` where it does not let us in.
    """

    def digest_of(self, registry: str, repository: str, tag: str) -> Digest | None:
        """What the tag names now; None where the tag or the repository does not exist."""
        ...

    def has(self, registry: str, repository: str, digest: Digest) -> bool:
        """Whether the repository holds the manifest."""
        ...

    def tags(self, registry: str, repository: str) -> Sequence[str]:
        """Every tag of a repository, empty where it does not exist."""
        ...

    def describe(self, registry: str, repository: str, digest: Digest) -> ImageDescription:
        """Read a manifest and the configuration of each platform.

        Raise NotFound, or Permanent where one cannot be read, or there are more platforms than are read.
        """
        ...

    def copy(
        self, registry: str, source_repository: str, target_repository: str, digest: Digest, tag: str
    ) -> CopyReport:
        """Bring an artifact, all platforms of it, into another repository of the same registry under the tag.

        Digests stay. Signatures and SBOMs of it, of its parts and of themselves come along where the target lacks them. The second
        time is harmless. The tag is read back: raise TagTaken where it holds another digest, before or after;
        raise NotFound where the source lacks the digest. The registry has no conditional write: callers serialise
        writers of one tag.
        """
        ...

    def push_image(self, registry: str, repository: str, layer_tar_gz: Path, config: Mapping[str, object]) -> Digest:
        """Push an image of one layer by its digest alone; the same layer and configuration give the same digest.

        `config` is an OCI image configuration without `rootfs`, which is filled in. No tag names it before `tag` does.
        """
        ...

    def push_chart(self, registry: str, repository: str, package: Path) -> Digest:
        """Push a packaged chart by its digest alone; the same package gives the same digest.

        Helm pulls it by digest, and by the tag that it is given. Raise Permanent where the repository does not end in the
        chart's name, as Helm wants it, or where the file is no package; nothing is pushed then.
        """
        ...

    def tag(self, registry: str, repository: str, digest: Digest, tag: str) -> None:
        """Let a tag name what was pushed by digest; harmless where it does, also where tags cannot be put twice.

        The tag is looked at before and read back after: raise TagTaken where it names another digest. Raise NotFound where
        the repository does not hold the digest any more.
        """
        ...
