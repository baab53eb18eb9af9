"""What shows that the story happened, beside Slipway's own word: the repository on disk, or a cluster and Helm's records."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from infra.local.demo.team import StoryBroken, Team
from infra.local.sample import NAMESPACES, git
from shared.adapters.kubernetes import addresses, releases, tokens
from shared.adapters.kubernetes.api import Api
from shared.cluster_settings import ClusterSettings

_SERVICES = ("delivery", "package")
_SHOWN = 78


class StoryShown(Protocol):
    """A witness that is not Slipway."""

    def manifests(self, environment: str, service: str) -> str:
        """Return what is applied, as a text that names its images."""
        ...

    def proofs(self, team: Team, /) -> Sequence[str]:
        """Compare what runs with what the team believes; raise StoryBroken where they differ."""
        ...

    def report(self) -> Iterator[str]:
        """Say, line by line, what people would look at."""
        ...


class OnDisk:
    """environments.git, which the local operator answers. `root` is the folder that people gave."""

    def __init__(self, root: Path) -> None:
        self._root, self._environments = root, root / "environments.git"

    def manifests(self, environment: str, service: str) -> str:
        """See StoryShown."""
        return git(self._environments, "show", f"main:{environment}/{service}/manifests.yaml")

    def proofs(self, _: Team, /) -> Sequence[str]:
        """See StoryShown; the operator applies nothing that could be compared."""
        return ()

    def report(self) -> Iterator[str]:
        """See StoryShown."""
        yield f"Look at it:  make up DIR={self._root} LINKS=1  (the page, the API, and v1.2.0 waiting for your approval)"
        yield f"             git -C {self._environments} log --stat"


class OnCluster:
    """A cluster that each environment is a namespace of, asked with the environment's own token."""

    def __init__(self, clusters: ClusterSettings) -> None:
        self._apis: dict[str, Api] = {}
        for name in NAMESPACES:
            one = clusters.known.get(name)
            if one is None or one.token_file is None:
                raise SystemExit(f"SLIPWAY_CLUSTERS has no cluster {name} with server and token_file; use CLUSTER=1")
            token = tokens.of_file(name, one.token_file)
            self._apis[name] = Api(addresses.of_server(name, one.server, one.authority, token))

    def manifests(self, environment: str, service: str) -> str:
        """See StoryShown."""
        path = ("apis", "apps", "v1", "namespaces", NAMESPACES[environment], "deployments", service)
        return json.dumps(self._apis[environment].get(path))

    def proofs(self, team: Team, /) -> Sequence[str]:
        """See StoryShown: by the digests of pods, and by Helm's newest revision."""
        return [self._proof(team, environment, service) for environment in NAMESPACES for service in _SERVICES]

    def _proof(self, team: Team, environment: str, service: str) -> str:
        wanted = team.live(service, environment)["artifact"]["image_digest"]
        found = {image.partition("@")[2] for image in self._images(environment, service)}
        if found != {wanted}:
            raise StoryBroken(f"pods of {service} in {environment} run {sorted(found)} and not {wanted}")
        newest = releases.history(self._apis[environment], NAMESPACES[environment], service)[-1]
        if newest.status != "deployed":
            raise StoryBroken(f"Helm's newest revision of {service} in {environment} is {newest.status}")
        return f"{environment}: pods of {service} run …@{wanted[:19]}…, which is Helm's revision {newest.number}"

    def _images(self, environment: str, service: str) -> Iterator[str]:
        path = ("api", "v1", "namespaces", NAMESPACES[environment], "pods")
        query = [("labelSelector", f"app.kubernetes.io/instance={service}")]
        for pod in self._apis[environment].get(path, query)["items"]:
            if not pod["metadata"].get("deletionTimestamp"):
                yield from (one["imageID"] for one in pod["status"].get("containerStatuses") or ())

    def report(self) -> Iterator[str]:
        """See StoryShown."""
        yield "\nHelm's own records:"
        for environment, namespace in NAMESPACES.items():
            for service in _SERVICES:
                yield f"  {environment}: helm history {service} --namespace {namespace}"
                yield from self._history(environment, service)
        yield from self._kubectl("production", "rollout", "history", "deployment/delivery")
        yield from self._kubectl("production", "get", "deployments,pods", "-o", "wide")

    def _history(self, environment: str, service: str) -> Iterator[str]:
        api, namespace = self._apis[environment], NAMESPACES[environment]
        for one in releases.history(api, namespace, service):
            record = releases.read(api, namespace, service, one.number)
            chart: Any = record.chart if record else {}
            said = record.description if record else ""
            yield f"    {one.number:>2}  {one.status:<11} {chart.get('name')}-{chart.get('version'):<8} {_cut(said)}"

    def _kubectl(self, environment: str, *words: str) -> Iterator[str]:
        command = ["kubectl", "--context", environment, "--namespace", NAMESPACES[environment], *words]
        yield f"\n{' '.join(command)}"
        if shutil.which("kubectl") is None or not os.environ.get("KUBECONFIG"):
            yield "  (there is no kubectl here, or no KUBECONFIG for it)"
            return
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        yield from (f"  {line.rstrip()}" for line in (done.stdout + done.stderr).splitlines() if line.strip())


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…"
