"""Charts in an OCI registry, fetched by digest."""

from __future__ import annotations

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

    def pull(self, digest: Digest, *, version: str, into: Path) -> Path:
        """Fetch the package that the digest names; raise NotFound, or Permanent where it is not that version."""
        name = self._repository.rpartition("/")[2]
        with faults(f"pull of chart {self._name}@{digest}"), self._client() as client:
            content = self._fetch(client, digest)
        return keep(self._children, content, into / f"{name}-{version}.tgz", f"{self._name}@{digest}", name, version)

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

    def _fetch(self, client: Any, digest: Digest) -> bytes:
        with TemporaryDirectory(prefix="slipway-chart-") as scratch:
            try:
                with faults(f"pull of chart {self._name}@{digest}"):
                    client.pull(f"oci://{self._name}@{digest}", destination=scratch, plain_http=self._plain)
            except NotFound as error:
                raise NotFound(f"chart {self._name}@{digest} is not in the registry") from error
            return next(Path(scratch).glob("*.tgz")).read_bytes()


def keep(children: Children, content: bytes, package: Path, place: str, name: str, version: str) -> Path:
    """Write what came from a place; raise Permanent where it is not the chart that was asked for."""
    package.parent.mkdir(parents=True, exist_ok=True)
    package.write_bytes(content)
    about = metadata.of_package(children, package)
    if (about.name, about.version) != (name, version):
        package.unlink()
        raise Permanent(f"{place} is chart {about.name} {about.version} and not {name} {version}")
    return package
