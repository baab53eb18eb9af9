"""The Charts port over helm-python-sdk."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.adapters.helm_charts import canonical, metadata
from shared.adapters.helm_charts.faults import faults
from shared.adapters.helm_charts.manifests import read, render
from shared.adapters.helm_charts.oci import Login, OciCharts
from shared.adapters.helm_charts.prepared import prepared
from shared.domain.names import Digest
from shared.ports.chart import LintFinding, Rendering

_SEVERITIES = {1: "info", 2: "warning", 3: "error"}


def no_login(_registry: str) -> None:
    """Show nobody who we are."""


def is_loopback(host: str) -> bool:
    """Whether a registry's `host:port` is this machine, where TLS has nothing to protect."""
    name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


class HelmCharts:
    """Packages, moves and renders charts; it never writes into a folder it was given.

    `plain_http` says which registry hosts speak HTTP without TLS, `login` what name and password one is shown.
    """

    def __init__(self, *, plain_http: Callable[[str], bool] = is_loopback, login: Login = no_login) -> None:
        self._plain_http, self._login = plain_http, login

    def lint(self, chart: Path) -> Sequence[LintFinding]:
        """Look at a chart folder, with its dependencies in place; paths are relative to the folder."""
        import helm_python as helm

        with prepared(chart, self._plain_http) as copy, faults(f"lint of chart {chart.name}"):
            report = helm.lint(str(copy))
            return [
                LintFinding(
                    severity=_SEVERITIES.get(message["severity"], "info"),
                    path=str(message["path"]).removeprefix(str(copy)).lstrip("/"),
                    message=" ".join(str(message["error"]).split()),
                )
                for message in report["messages"]
            ]

    def package(self, chart: Path, *, version: str, app_version: str, into: Path) -> Path:
        """Fetch dependencies and write `<name>-<version>.tgz` below `into`; the same content gives the same bytes."""
        import helm_python as helm

        with (
            prepared(chart, self._plain_http) as copy,
            TemporaryDirectory(prefix="slipway-chart-") as scratch,
        ):
            with faults(f"packaging of chart {chart.name} {version}"):
                written = helm.package(str(copy), destination=scratch, version=version, app_version=app_version)
            into.mkdir(parents=True, exist_ok=True)
            package = into / f"{metadata.of_folder(copy).name}-{version}.tgz"
            canonical.rewrite(Path(written), package)
        return package

    def push(self, package: Path, registry: str, repository: str) -> Digest:
        """Push under the package's version; harmless where the same package is there, TagTaken where another one is.

        TagTaken names the SHA-256 of the packages, not of their manifests, which may differ in nothing but a time.
        """
        return OciCharts(registry, repository, self._plain_http, self._login).push(package)

    def pull(self, registry: str, repository: str, digest: Digest, *, version: str, into: Path) -> Path:
        """Fetch the chart that the digest names; raise NotFound, or Permanent where the bytes or the version differ."""
        return OciCharts(registry, repository, self._plain_http, self._login).pull(digest, version=version, into=into)

    def render(self, chart: Path, rendering: Rendering) -> bytes:
        """Render a package or folder without a cluster: `lookup` finds nothing, NOTES.txt is left out."""
        if chart.is_file():
            return render(chart, rendering)
        with prepared(chart, self._plain_http) as copy:
            return render(copy, rendering)

    def parse(self, manifests: bytes) -> Sequence[Mapping[str, object]]:
        """Read manifests as plain objects, one for each document that is not empty."""
        return read(manifests)
