"""Charts, orders and the Helm applier of one namespace, as the product has them; Helm's own records as its witness."""

from __future__ import annotations

import copy
import importlib.util
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from shared.adapters.helm.applier import HelmApplier
from shared.adapters.helm.process import Processes
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.kubernetes import releases
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.adapters.oci_registry import OciRegistry
from shared.domain.policies.place import Place
from shared.domain.policies.policy import HelmTarget
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.person import SLIPWAY
from shared.ports.applier import ChartSource, DeployOrder
from shared.ports.chart import Rendering
from tests.support.cluster.deployers import Deployer

MIB = 1024 * 1024
RESIDENT = 512 * MIB
_FOUND = importlib.util.find_spec("helm_python")
assert _FOUND is not None
_HELM = str(_FOUND.origin)

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: delivery, labels: {app: delivery}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: delivery}}
  template:
    metadata:
      labels: {app: delivery}
      annotations: {{ .Values.annotations | toJson }}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: {{ .Values.image | quote }}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
_CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: delivery-{{ .Values.config }}}
data: {version: {{ .Chart.AppVersion | quote }}}
"""
HOOK = """
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {"helm.sh/hook": "%s", "helm.sh/hook-delete-policy": before-hook-creation}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {fakelet/mode: "%s", fakelet/delay: "%s"}}
    spec:
      restartPolicy: Never
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: shop/migrate:v1
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def image(version: str) -> str:
    """The image of a version, by a digest of its own."""
    return f"shop/delivery:v{version}@sha256:{version.encode().hex():0<64}"


@dataclass
class Shop:
    """One service in one namespace."""

    registry: str
    folder: Path
    deployer: Deployer
    target: HelmTarget = field(default_factory=lambda: HelmTarget(cluster="test", timeout=timedelta(seconds=60)))
    connection: ClusterConnection | None = None
    late: timedelta = timedelta(0)
    processes: Processes = field(default_factory=lambda: Processes(RESIDENT))
    _turn: int = 0

    def __post_init__(self) -> None:
        self.charts = HelmCharts(registries=OciRegistry())
        self.applier = HelmApplier(
            lambda place: self._seen(),
            self.charts,
            self.processes,
            scratch=self.folder / "scratch",
            new_id=lambda: uuid.uuid4().hex,
            now=lambda: datetime.now(UTC) + self.late,
        )

    def _seen(self) -> Api:
        """The API; Helm's child is shown another connection where a test asks for it."""
        seen = copy.copy(self.deployer.api)
        seen.connection = self.connection or seen.connection
        return seen

    @property
    def place(self) -> Place:
        """Where it runs."""
        return Place(
            service=ServiceKey(repository="shop", service="delivery"),
            environment="qa",
            namespace=self.deployer.namespace,
            release_name="delivery",
            target=self.target,
        )

    def chart(self, version: str, templates: Mapping[str, str] | None = None) -> ChartSource:
        """Push a chart of a version, with more templates where a test asks for them."""
        folder = self.folder / f"chart-{uuid.uuid4().hex}" / "delivery"
        (folder / "templates").mkdir(parents=True)
        about = {"apiVersion": "v2", "name": "delivery", "version": version, "appVersion": f"v{version}"}
        (folder / "Chart.yaml").write_text(json.dumps(about))
        values = {"replicas": 1, "image": image(version), "annotations": {}, "config": "a"}
        (folder / "values.yaml").write_text(json.dumps(values))
        for name, text in {"deployment.yaml": _DEPLOYMENT, "config.yaml": _CONFIG, **(templates or {})}.items():
            file = folder / "templates" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        package = self.charts.package(folder, version=version, app_version=f"v{version}", into=folder.parent / "out")
        digest = OciRegistry().push_chart(self.registry, "charts/delivery", package)
        return ChartSource(
            registry=self.registry,
            repository="charts/delivery",
            digest=Digest(str(digest)),
            version=version,
            rendering=Rendering(release_name="delivery", namespace=self.deployer.namespace),
        )

    def order(
        self,
        version: str,
        values: Mapping[str, Any] | None = None,
        *,
        templates: Mapping[str, str] | None = None,
        promotion: int = 0,
        **more: Any,
    ) -> DeployOrder:
        """Order a version, with a turn later than the last one's."""
        self._turn += 1
        number = promotion or self._turn
        source = self.chart(version, templates)
        rendering = Rendering(
            release_name="delivery",
            namespace=self.deployer.namespace,
            values=(json.dumps(values or {}).encode(),),
            paths=("values-qa.yaml",),
        )
        source = ChartSource(
            registry=source.registry,
            repository=source.repository,
            digest=source.digest,
            version=source.version,
            rendering=rendering,
        )
        folder = self.folder / f"pulled-{uuid.uuid4().hex}"
        package = self.charts.pull(source.registry, source.repository, source.digest, version=version, into=folder)
        asked: dict[str, Any] = {
            "id": f"shop~delivery:{number}:deploy:1",
            "turn": self._turn,
            "promotion": number,
            "place": self.place,
            "version": version,
            "commit": "c" * 40,
            "images": (image(version),),
            "manifests": self.charts.render(package, rendering),
            "author": SLIPWAY,
            "cause": f"v{version} by promotion {number}",
            "chart": source,
        }
        return DeployOrder(**(asked | more))

    def history(self) -> list[tuple[int, str]]:
        """Helm's revisions with their status."""
        api, place = self.deployer.api, self.place
        return [(one.number, one.status) for one in releases.history(api, place.namespace, place.release_name)]

    def record(self, number: int) -> releases.ReleaseRecord:
        """One revision's record."""
        place = self.place
        found = releases.read(self.deployer.api, place.namespace, place.release_name, number)
        assert found is not None
        return found

    def deployment(self) -> dict[str, Any]:
        """The Deployment as it is in the cluster."""
        return self.deployer.api.get(self.deployment_path)

    def image(self) -> str:
        """The image that the Deployment names."""
        return str(self.deployment()["spec"]["template"]["spec"]["containers"][0]["image"])

    def forget(self, number: int) -> None:
        """Delete a revision's record, as somebody might by hand."""
        name = f"sh.helm.release.v1.delivery.v{number}"
        self.deployer.api.delete(("api", "v1", "namespaces", self.deployer.namespace, "secrets", name))

    def edit(self, path: tuple[str, ...], change: dict[str, Any], manager: str = "kubectl-edit") -> None:
        """Change an object as somebody does by hand."""
        self.deployer.api.patch(path, change, [("fieldManager", manager)], kind="application/merge-patch+json")

    @property
    def deployment_path(self) -> tuple[str, ...]:
        """Where the Deployment lies."""
        return ("apis", "apps", "v1", "namespaces", self.deployer.namespace, "deployments", "delivery")

    def by_hand(self, version: str, *, install: bool = False) -> None:
        """Upgrade as a person does with Helm's command."""
        self.prepared(version, install=install)()

    def prepared(self, version: str, *, install: bool = False, command: str = "") -> Callable[[], object]:
        """Return what does that: by Helm's library in a process of its own, or by a command of Helm's."""
        source = self.chart(version)
        folder = self.folder / f"pulled-{uuid.uuid4().hex}"
        package = self.charts.pull(source.registry, source.repository, source.digest, version=version, into=folder)
        kubeconfig = self.deployer.connection.kubeconfig()
        space = self.deployer.namespace
        if command:
            file = folder / "kubeconfig"
            file.write_text(kubeconfig)
            arguments = ["upgrade", "delivery", str(package), "--namespace", space, "--reset-values", "--wait=hookOnly"]
            return partial(subprocess.run, [command, *arguments, "--kubeconfig", file], check=True, capture_output=True)
        asked = {
            "kubeconfig": kubeconfig,
            "namespace": space,
            "name": "delivery",
            "chart": str(package),
            "values": {},
            "install": install,
        }
        program = folder / "helm"
        program.symlink_to(Path(sys.executable).resolve())
        env = {"PYTHONPATH": str(Path(_HELM).parents[1]), "HOME": str(folder)}
        run = [program, Path(__file__).with_name("by_hand.py")]
        return partial(subprocess.run, run, input=json.dumps(asked).encode(), env=env, check=True)

    def call_deployed(self, number: int) -> None:
        """Have a revision's record say deployed, as a client leaves it that lost its connection."""
        record = self.record(number)
        releases.mark(
            self.deployer.api, self.deployer.namespace, record, description=record.description, status="deployed"
        )
