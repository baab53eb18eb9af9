"""Charts out of a registry: who fetches them, and the look at what came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from shared.adapters.helm_charts import metadata
from shared.adapters.helm_charts.children import Children
from shared.ports.errors import NotFound, Permanent


class Registries(Protocol):
    """Reads charts as who we are. What it raises is what every registry's adapter does (ports/registry.py)."""

    def knows(self, registry: str) -> bool:
        """Whether we say who we are there."""
        ...

    def tags(self, registry: str, repository: str) -> Sequence[str]:
        """Every tag."""
        ...

    def chart(self, registry: str, repository: str, reference: str) -> bytes:
        """Return the packaged chart that a tag or a digest names, bounded and compared with its digests.

        Raise Damaged where what came is not what they name.
        """
        ...


class NoRegistries:
    """We are known nowhere, and nothing is fetched."""

    def knows(self, _registry: str) -> bool:
        """See Registries."""
        return False

    def tags(self, _registry: str, _repository: str) -> Sequence[str]:
        """See Registries."""
        return ()

    def chart(self, _registry: str, repository: str, reference: str) -> bytes:
        """See Registries."""
        raise NotFound(f"{repository}, {reference}")


def keep(children: Children, content: bytes, package: Path, place: str, name: str, version: str) -> Path:
    """Write what came from a place; raise Permanent where it is not the chart that was asked for."""
    package.parent.mkdir(parents=True, exist_ok=True)
    package.write_bytes(content)
    about = metadata.of_package(children, package)
    if (about.name, about.version) != (name, version):
        package.unlink()
        raise Permanent(f"{place} is chart {about.name} {about.version} and not {name} {version}")
    return package
