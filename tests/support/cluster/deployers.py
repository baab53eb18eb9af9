"""Deployers of namespaces, with the rights that `make rbac` prints and no others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.local.rbac.objects import Subject, objects
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.domain.charts.rights import resource_of
from tests.support.cluster.names import new_name

_PATIENCE, _STEP, _LIFE = 30.0, 0.02, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployer:
    """Somebody who may deploy to one namespace: the token of a ServiceAccount that has only the Role of `make rbac`."""

    namespace: str
    account: str
    connection: ClusterConnection
    api: Api


@contextmanager
def deployer(admin: Api, server: str, ca_file: Path, *, namespace: str = "") -> Iterator[Deployer]:
    """Make a namespace with its deployer, as an administrator would by `make rbac … | kubectl apply -f -`.

    Nobody waits until the namespace is gone.
    """
    name, account = namespace or new_name(), "deployer"
    apply(admin, objects("test", name, Subject(account=account, account_namespace=name)))
    connection = ClusterConnection(
        name=name, server=server, authority=ca_file.read_text(), token=token_of(admin, name, account).__str__
    )
    api = Api(connection)
    try:
        _until_it_may(api, name)
        yield Deployer(namespace=name, account=account, connection=connection, api=api)
    finally:
        api.close()
        admin.delete(("api", "v1", "namespaces", name))


def apply(admin: Api, text: str) -> None:
    """Apply objects of one text, as kubectl does with `--server-side`."""
    for one in yaml.safe_load_all(text):
        admin.patch(path_of(one), one, [("fieldManager", "kubectl")], kind="application/apply-patch+yaml")


def path_of(found: dict[str, Any]) -> tuple[str, ...]:
    """Where an object is asked for."""
    version, name, about = found["apiVersion"], resource_of(found["kind"]), found["metadata"]
    root = ("apis", *version.split("/")) if "/" in version else ("api", version)
    within = ("namespaces", about["namespace"]) if "namespace" in about else ()
    return (*root, *within, name, about["name"])


def token_of(admin: Api, namespace: str, account: str, *, seconds: int = _LIFE) -> str:
    """Return a token of a ServiceAccount."""
    path = ("api", "v1", "namespaces", namespace, "serviceaccounts", account, "token")
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
    return str(admin.post(path, asked)["status"]["token"])


def _until_it_may(api: Api, namespace: str) -> None:
    """A binding counts some milliseconds after it was made, and pods need the namespace's own account."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            api.get(("api", "v1", "namespaces", namespace, "serviceaccounts", "default"))
        except Exception:
            if time.monotonic() > end:
                raise
            threading.Event().wait(_STEP)
        else:
            return
