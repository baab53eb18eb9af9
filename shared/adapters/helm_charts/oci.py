"""Charts in an OCI registry: looked at before, read back after."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from shared.adapters.helm_charts import metadata
from shared.adapters.helm_charts.children import Children
from shared.adapters.helm_charts.faults import faults
from shared.domain.names import Digest
from shared.ports.errors import NotFound, Permanent
from shared.ports.registry import TagTaken

Login: TypeAlias = Callable[[str], tuple[str, str] | None]


class OciCharts:
    """One chart repository, `<registry>/<repository>`, for one call.

    `plain_http` says which hosts speak no TLS, `login` what name and password a host is shown, if any.
    """

    def __init__(
        self, registry: str, repository: str, plain_http: Callable[[str], bool], login: Login, children: Children
    ) -> None:
        self._children = children
        self._registry, self._repository = registry, repository
        self._name = f"{registry}/{repository}"
        self._plain, self._login = plain_http(registry), login

    def push(self, package: Path) -> Digest:
        """Push a package under its version, unless it is there; raise TagTaken where another one is."""
        about = metadata.of_package(self._children, package)
        parent, _, name = self._repository.rpartition("/")
        if name != about.name:
            raise Permanent(
                f"chart {about.name} cannot be pushed to {self._name}, which must end in the chart's name; "
                f"name the chart {name} in Chart.yaml, or change artifacts.chart in slipway.yaml"
            )
        with faults(f"push of chart {self._name} {about.version}"), self._client() as client:
            try:
                found = self._resolve(client, about.version)
            except NotFound:
                client.push(str(package), f"oci://{self._registry}/{parent}".rstrip("/"), plain_http=self._plain)
                # Two writers of one tag both see success: what counts is what can be read.
                found = self._resolve(client, about.version)
            self._compare(client, package, about.version, found)
        return found

    def pull(self, digest: Digest, *, version: str, into: Path) -> Path:
        """Fetch the package that the digest names; raise NotFound, or Permanent where it is not that version."""
        name = self._repository.rpartition("/")[2]
        with faults(f"pull of chart {self._name}@{digest}"), self._client() as client:
            content = self._fetch(client, digest)
        into.mkdir(parents=True, exist_ok=True)
        package = into / f"{name}-{version}.tgz"
        package.write_bytes(content)
        about = metadata.of_package(self._children, package)
        if (about.name, about.version) != (name, version):
            package.unlink()
            raise Permanent(f"{self._name}@{digest} is chart {about.name} {about.version} and not {name} {version}")
        return package

    @contextmanager
    def _client(self) -> Iterator[Any]:
        import helm_python as helm

        # A client for each call: it costs nothing beside the requests, and keeps no token beyond its time.
        shown = self._login(self._registry)
        if shown is None:
            with helm.RegistryClient(plain_http=self._plain) as client:
                yield client
            return
        # Helm keeps logins in a file; this one is nobody else's and gone with the call.
        with TemporaryDirectory(prefix="slipway-login-") as folder:
            file = Path(folder) / "config.json"
            with helm.RegistryClient(plain_http=self._plain, credentials_file=file) as client:
                client.login(self._registry, *shown, plain_http=self._plain)
                yield client

    def _resolve(self, client: Any, version: str) -> Digest:
        # The inner translation tells NotFound apart for the caller's `except`.
        with faults(f"look at chart {self._name} {version}"):
            # Helm writes _ for +, which an OCI tag cannot hold.
            return Digest(client.resolve(f"oci://{self._name}:{version.replace('+', '_')}")["digest"])

    def _fetch(self, client: Any, digest: Digest) -> bytes:
        with TemporaryDirectory(prefix="slipway-chart-") as scratch:
            try:
                with faults(f"pull of chart {self._name}@{digest}"):
                    client.pull(f"oci://{self._name}@{digest}", destination=scratch, plain_http=self._plain)
            except NotFound as error:
                raise NotFound(f"chart {self._name}@{digest} is not in the registry") from error
            return next(Path(scratch).glob("*.tgz")).read_bytes()

    def _compare(self, client: Any, package: Path, version: str, found: Digest) -> None:
        # Manifests may differ in a note of time where the chart is the same, so the packages are compared.
        ours, theirs = package.read_bytes(), self._fetch(client, found)
        if ours != theirs:
            raise TagTaken(f"chart {self._name}:{version} (package)", expected=_sha256(ours), found=_sha256(theirs))


def _sha256(content: bytes) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")
