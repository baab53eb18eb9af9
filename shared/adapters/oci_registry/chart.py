"""A packaged chart as a registry holds it: its metadata as configuration, the package as the only layer."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.oci_registry.connection import Connection
from shared.adapters.oci_registry.manifest import HELM_LAYER, canonical
from shared.adapters.yaml_reading import read_mapping
from shared.ports.errors import Permanent

_MOST_METADATA = 1 << 20
# Helm itself takes no more of a chart that is unpacked.
_MOST_PACKAGE = 100 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartMetadata:
    """What Chart.yaml says, as the JSON that Helm looks for beside the package."""

    name: str
    configuration: bytes


def read(package: Path, place: str) -> ChartMetadata:
    """Read a package that is to lie in a repository; raise Permanent where it is no chart, or has another name.

    Helm makes a chart's name of a repository's last part, and refuses to pull what bears another one.
    """
    said = _metadata(package)
    name, wanted = said.get("name"), place.rpartition("/")[2]
    if not isinstance(name, str):
        raise Permanent(f"{package.name}: Chart.yaml does not name the chart")
    if name != wanted:
        raise Permanent(
            f"chart {name} cannot be pushed to {place}, which must end in the chart's name; "
            f"name the chart {wanted} in Chart.yaml, or change artifacts.chart in slipway.yaml"
        )
    try:
        return ChartMetadata(name=name, configuration=canonical(said))
    except (TypeError, ValueError) as error:
        raise Permanent(f"{package.name}: Chart.yaml holds what JSON cannot say: {error}") from error


def fetch(connection: Connection, repository: str, reference: str) -> bytes:
    """Return the package that a tag or a digest names; raise NotFound, Damaged, or Permanent where it is no chart."""
    place = f"{connection.registry}/{repository}:{reference}"
    manifest = connection.manifest(repository, reference)
    packages = [one for one in manifest.blobs() if one.media_type == HELM_LAYER]
    if len(packages) != 1:
        raise Permanent(f"{place} is no chart")
    if packages[0].size > _MOST_PACKAGE:
        raise Permanent(f"{place} is no chart: over {_MOST_PACKAGE} bytes")
    return connection.small_blob(repository, packages[0].digest, most=packages[0].size, what="chart")


def _metadata(package: Path) -> Mapping[str, object]:
    try:
        return read_mapping(_chart_yaml(package), most=_MOST_METADATA)
    except ValueError as error:
        raise Permanent(f"{package.name}: Chart.yaml {error}") from error


def _chart_yaml(package: Path) -> bytes:
    try:
        with tarfile.open(package, "r:gz") as archive:
            for member in archive:
                if member.isfile() and member.name.count("/") == 1 and member.name.endswith("/Chart.yaml"):
                    content = archive.extractfile(member)
                    return content.read(_MOST_METADATA + 1) if content is not None else b""
    except (OSError, EOFError, tarfile.TarError) as error:
        raise Permanent(f"{package.name} is no Helm package: {error}") from error
    raise Permanent(f"{package.name} is no Helm package: it holds no Chart.yaml")
