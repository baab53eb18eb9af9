"""What Chart.yaml says, of a folder or of a package."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

from shared.ports.errors import Permanent

_FILE = "file://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Name and version of a chart, and the repositories of its dependencies."""

    name: str
    version: str
    repositories: tuple[str, ...] = ()

    @property
    def folders(self) -> tuple[str, ...]:
        """Dependencies that are folders beside the chart, as written after `file://`."""
        return tuple(each.removeprefix(_FILE) for each in self.repositories if each.startswith(_FILE))

    @property
    def hosts(self) -> frozenset[str]:
        """Registries that dependencies come from."""
        found = (
            each.removeprefix("oci://").partition("/")[0] for each in self.repositories if each.startswith("oci://")
        )
        return frozenset(found)


def of_folder(chart: Path) -> Metadata:
    """Read a folder's Chart.yaml; raise Permanent where it is missing or no YAML."""
    try:
        return _read((chart / "Chart.yaml").read_bytes(), f"{chart.name}/Chart.yaml")
    except OSError as error:
        raise Permanent(
            f"{chart.name}/Chart.yaml cannot be read: {error.strerror}; is this the chart's folder?"
        ) from error


def of_package(package: Path) -> Metadata:
    """Read a package's Chart.yaml; raise Permanent where the file is no package."""
    try:
        with tarfile.open(package, "r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.name.count("/") == 1 else None
                if content is not None and member.name.endswith("/Chart.yaml"):
                    return _read(content.read(), f"{package.name}: {member.name}")
    except (OSError, EOFError, tarfile.TarError) as error:
        raise Permanent(f"{package.name} is no Helm package: {error}") from error
    raise Permanent(f"{package.name} is no Helm package: it holds no Chart.yaml")


def _read(content: bytes, where: str) -> Metadata:
    import yaml

    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise Permanent(f"{where} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise Permanent(f"{where} does not name the chart; it needs name and version")
    listed = document.get("dependencies") or []
    repositories = (
        [each.get("repository") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    return Metadata(
        name=document["name"],
        version=str(document.get("version", "")),
        repositories=tuple(each for each in repositories if isinstance(each, str)),
    )
