"""Helm charts: dependencies, package, lint, push, pull, render. Small enough to swap the library behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shared.domain.names import Digest
from shared.domain.setting import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding:
    """What lint says of a chart: `error` fails a build, `warning` and `info` are shown."""

    severity: str
    path: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What to render a chart with: values files in order (later wins), then single settings (`image.tag` → what it becomes)."""

    release_name: str
    namespace: str
    values: tuple[bytes, ...] = ()
    set: tuple[tuple[str, Setting | str], ...] = ()

    @property
    def settings(self) -> dict[str, Setting]:
        """The single settings by their keys, in order; a bare text is a text."""
        return {key: value if isinstance(value, Setting) else Setting(value) for key, value in self.set}


class Charts(Protocol):
    """Raise Permanent for a chart that is at fault, with file and line where known; Transient for the outside."""

    def lint(self, chart: Path) -> Sequence[LintFinding]:
        """Look at a chart folder; findings are data."""
        ...

    def package(self, chart: Path, *, version: str, app_version: str, into: Path) -> Path:
        """Fetch dependencies and write `<name>-<version>.tgz` below `into`; the same content gives the same bytes."""
        ...

    def push(self, package: Path, registry: str, repository: str) -> Digest:
        """Push to `oci://<registry>/<repository>`, whose last part is the chart's name; return the manifest's digest."""
        ...

    def pull(self, registry: str, repository: str, digest: Digest, *, version: str, into: Path) -> Path:
        """Fetch the chart that the digest names and return the package; raise NotFound, or Permanent if the bytes differ.

        The folder `into` is made if it is not there.
        """
        ...

    def render(self, chart: Path, rendering: Rendering) -> bytes:
        """Render a package or folder to manifests (YAML documents) without a cluster."""
        ...

    def parse(self, manifests: bytes) -> Sequence[Mapping[str, object]]:
        """Read manifests as plain objects, one for each document that is not empty."""
        ...
