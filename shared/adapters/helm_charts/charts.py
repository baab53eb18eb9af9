"""The Charts port over helm-python-sdk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.adapters.helm_charts import canonical, lint, metadata
from shared.adapters.helm_charts.children import children_of
from shared.adapters.helm_charts.fetching import Fetching
from shared.adapters.helm_charts.hosts import Hosts
from shared.adapters.helm_charts.manifests import read, render
from shared.adapters.helm_charts.prepared import Preparing
from shared.adapters.helm_charts.private import Private
from shared.adapters.helm_charts.registries import NoRegistries, Registries, keep
from shared.domain.values.names import Digest
from shared.ports.chart import LintFinding, Rendering
from shared.ports.chart_limits import ChartLimits
from shared.ports.errors import Damaged, NotFound, Permanent


class HelmCharts:
    """Packages, moves and renders charts; it never writes into a folder it was given.

    All that looks into a chart is done by a child process within `limits`. `registries` fetches released charts, and
    dependencies where we have to say who we are. Others come from `hosts`; `outgoing` are the variables (proxies, certificates)
    that asking them takes.
    """

    def __init__(
        self,
        *,
        limits: ChartLimits = ChartLimits(),  # noqa: B008 (frozen)
        hosts: Hosts = Hosts(near=True),  # noqa: B008 (frozen)
        outgoing: Mapping[str, str] | None = None,
        registries: Registries = NoRegistries(),  # noqa: B008 (has no state)
    ) -> None:
        self._children, self._registries = children_of(limits), registries
        # An index of a large repository is larger than any chart.
        wider = replace(limits, resident=2 * limits.resident)
        fetching = Fetching(limits=wider, hosts=hosts, outgoing=outgoing or {})
        private = Private(workers=self._children, hosts=hosts, registries=registries)
        self._charts = Preparing(workers=self._children, fetching=fetching, private=private)

    def lint(
        self, chart: Path, renderings: Sequence[Rendering] = (), *, root: Path | None = None
    ) -> Sequence[LintFinding]:
        """Look at a chart folder, with its dependencies in place; paths are relative to the folder."""
        with self._charts.prepared(chart, root) as copy:
            return lint.found(self._children, copy, renderings)

    def package(self, chart: Path, *, version: str, app_version: str, into: Path, root: Path | None = None) -> Path:
        """Fetch dependencies and write `<name>-<version>.tgz` below `into`; the same content gives the same bytes."""
        with (
            self._charts.prepared(chart, root) as copy,
            TemporaryDirectory(prefix="slipway-chart-") as scratch,
        ):
            doing = f"packaging of chart {chart.name} {version}"
            self._children.ask(
                doing, "package", chart=str(copy), destination=scratch, version=version, app_version=app_version
            )
            [written] = Path(scratch).glob("*.tgz")
            into.mkdir(parents=True, exist_ok=True)
            package = into / f"{metadata.of_folder(self._children, copy).name}-{version}.tgz"
            canonical.rewrite(written, package)
        return package

    def pull(self, registry: str, repository: str, digest: Digest, *, version: str, into: Path) -> Path:
        """Fetch the chart that the digest names; raise NotFound, or Permanent where the bytes or the version differ."""
        place, name = f"{registry}/{repository}@{digest}", repository.rpartition("/")[2]
        try:
            content = self._registries.chart(registry, repository, str(digest))
        except NotFound as error:
            raise NotFound(f"chart {place} is not in the registry") from error
        except Damaged as error:
            raise Permanent(f"chart {place} is not what its digest names: {error}") from error
        return keep(self._children, content, into / f"{name}-{version}.tgz", place, name, version)

    def render(self, chart: Path, rendering: Rendering) -> bytes:
        """Render a package or folder without a cluster: `lookup` finds nothing, NOTES.txt is left out."""
        if chart.is_file():
            return render(self._children, chart, rendering)
        with self._charts.prepared(chart, None) as copy:
            return render(self._children, copy, rendering)

    def parse(self, manifests: bytes) -> Sequence[Mapping[str, object]]:
        """Read manifests as plain objects, one for each document that is not empty."""
        return read(self._children, manifests)
