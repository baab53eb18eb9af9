"""What tests ask an API server, by the official client."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from kubernetes import client
from kubernetes.client.exceptions import ApiException

T = TypeVar("T")
_PATIENCE, _STEP = 60.0, 0.05


class Kube:
    """The APIs of a server, by one token."""

    def __init__(self, server: str, ca_file: Path, token: str) -> None:
        settings = client.Configuration()
        settings.host, settings.ssl_ca_cert = server, str(ca_file)
        settings.api_key = {"authorization": f"Bearer {token}"}
        settings.retries = False
        self._client = client.ApiClient(settings)
        # Tests write objects as the API has them, and not as the client's classes.
        self.core: Any = client.CoreV1Api(self._client)
        self.apps: Any = client.AppsV1Api(self._client)
        self.batch: Any = client.BatchV1Api(self._client)
        self.admission: Any = client.AdmissionregistrationV1Api(self._client)
        self.rbac: Any = client.RbacAuthorizationV1Api(self._client)

    def __enter__(self) -> Kube:
        """Use it for a block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        self._client.close()  # type: ignore[no-untyped-call]  # the client is typed in parts

    def until(self, look: Callable[[], T], *, missing: bool = False) -> T:
        """Look until there is something; `missing`: not to be there yet is no error."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                if found := look():
                    return found
            except ApiException as error:
                if not missing or error.status != 404:
                    raise
            assert time.monotonic() < end, "it did not come"
            threading.Event().wait(_STEP)

    def pods(self, namespace: str) -> list[Any]:
        """The pods of a namespace."""
        return list(self.core.list_namespaced_pod(namespace).items)

    def states(self, namespace: str) -> set[str]:
        """Why containers wait, or what they do, in all pods of a namespace."""
        found = [one.state for pod in self.pods(namespace) for one in pod.status.container_statuses or ()]
        return {one.waiting.reason if one.waiting else "running" if one.running else "ended" for one in found}


def deployment(
    name: str, image: str, *, replicas: int = 1, asks: Mapping[str, Any] | None = None, **annotations: str
) -> dict[str, Any]:
    """Build a Deployment; `asks` is added to its pods' spec, and annotations are the fake kubelet's, without their prefix."""
    labels = {"app": name}
    told = {f"fakelet/{key.replace('_', '-')}": value for key, value in annotations.items()}
    pod = {"containers": [{"name": "app", "image": image}], **(asks or {})}
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "annotations": told}, "spec": pod},
        },
    }
