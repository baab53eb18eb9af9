"""Whether what runs is what the manifests name, by digest."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shared.domain.rollouts.observed import Look
from shared.domain.values.names import Digest

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """An image that a container runs, in Kubernetes' words (`image_id`), where the manifest names `image`; empty: nobody named it."""

    object: str
    container: str
    image: str
    image_id: str

    @property
    def wanted(self) -> Digest | None:
        """The digest that the manifest names; None where it pins none, and nothing can be compared."""
        return _digest(self.image.partition("@")[2])

    def repository_in(self, registry: str) -> str | None:
        """Return the image's repository in a registry; None where it is another's."""
        host, _, name = self.image.partition("@")[0].partition("/")
        folder, slash, last = name.rpartition("/")
        return f"{folder}{slash}{last.partition(':')[0]}" if name and host == registry else None

    @property
    def differs(self) -> bool:
        """Whether another digest runs than the manifest names; an index and its platform's manifest differ, too."""
        return self.wanted is not None and self.wanted != _digest(self.image_id)

    def is_one_of(self, digests: Collection[Digest]) -> bool:
        """Whether it runs by one of these digests."""
        return _digest(self.image_id) in digests

    @property
    def sentence(self) -> str:
        """Say what runs instead."""
        found = self.image_id or "an image of which the node says no digest"
        return f"{self.object}, container {self.container} runs {found} and not {self.image}"


def ran(look: Look) -> tuple[Ran, ...]:
    """Return what runs in pods of the current revision, each once."""
    return tuple(dict.fromkeys(_each(look)))


def beside(images: Collection[Ran]) -> tuple[str, ...]:
    """Name the containers that run although no manifest names them, each with its image; the first few of many."""
    return tuple(
        f"{one.object}, container {one.container}: {one.image_id or 'no image yet'}" for one in images if not one.image
    )[:_MOST]


def _each(look: Look) -> Iterator[Ran]:
    for workload in look.workloads:
        for pod in workload.pods:
            for one in () if pod.leaving else pod.containers:
                yield Ran(object=workload.object, container=one.name, image=one.image, image_id=one.image_id)


def _digest(text: str) -> Digest | None:
    """The last one: what stands before it is a name, and names are anybody's."""
    found = _DIGEST.findall(text)
    return Digest(found[-1]) if found else None
