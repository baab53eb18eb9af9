"""A cluster that is there already, by a context of the user's kubeconfig: SLIPWAY_TEST_CONTEXT.

Whoever sets it says that the cluster may be lost: SLIPWAY_TEST_CONTEXT_IS_DISPOSABLE=1. All that a run makes there has a
name with the run's own prefix (see names.py) and is removed at its end: by the run (tests/support/run/given_context.py), and
where that was killed by a later one, or by `python -m tests.support.cluster sweep`.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.cluster.kubeconfig import kubeconfig
from tests.support.cluster.names import OURS, PREFIX, context
from tests.support.cluster.shared import Cluster

_TOKEN_LIFE = 4 * 3600
_SCOPED = (
    ("RbacAuthorizationV1Api", "cluster_role_binding"),
    ("RbacAuthorizationV1Api", "cluster_role"),
    ("AdmissionregistrationV1Api", "validating_webhook_configuration"),
    ("AdmissionregistrationV1Api", "mutating_webhook_configuration"),
    ("AdmissionregistrationV1Api", "validating_admission_policy_binding"),
    ("AdmissionregistrationV1Api", "validating_admission_policy"),
    ("CoreV1Api", "namespace"),
)


@contextmanager
def given_cluster() -> Iterator[Cluster]:
    """Use the cluster of the context as an administrator: a ServiceAccount of this run, whoever the context's user is."""
    from kubernetes import client

    prefix = os.environ[PREFIX]
    with _client() as api, tempfile.TemporaryDirectory(prefix="slipway-given-") as folder:
        name = f"{prefix}-admin"
        # Objects are written as the API has them, and not as the client's classes.
        core: Any = client.CoreV1Api(api)
        rbac: Any = client.RbacAuthorizationV1Api(api)
        about = {"metadata": {"name": name}}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        subject = {"kind": "ServiceAccount", "name": name, "namespace": name}
        settings = api.configuration
        if not settings.verify_ssl:
            raise AssertionError(f"the context {context()} trusts any server; give its cluster's certificate authority")
        _once(lambda: core.create_namespace(about))
        _once(lambda: core.create_namespaced_service_account(name, about))
        _once(lambda: rbac.create_cluster_role_binding({**about, "roleRef": role, "subjects": [subject]}))
        asked = {"spec": {"expirationSeconds": _TOKEN_LIFE}}
        token = core.create_namespaced_service_account_token(name, name, asked).status.token
        ca_file = settings.ssl_ca_cert or _trusted_here()
        state = {"server": settings.host, "ca_file": ca_file, "tokens": {"admin": token}, "pids": {}}
        found = Cluster(Path(folder), state)
        found.kubeconfig("admin").touch(mode=0o600)
        found.kubeconfig("admin").write_text(kubeconfig(found.server, found.ca_file, "admin", token))
        yield found


def sweep(prefix: str = "", *, older: timedelta = timedelta(0)) -> dict[str, list[str]]:
    """Remove what runs made, or one run, by their prefixes; return what that was. Nobody waits until namespaces are gone."""
    from kubernetes import client

    swept: dict[str, list[str]] = defaultdict(list)
    until = datetime.now(UTC) - older
    with _client() as api:
        for name, kind in _SCOPED:
            group = getattr(client, name)(api)
            for one in getattr(group, f"list_{kind}")().items:
                about = one.metadata
                ours = OURS.match(about.name)
                if ours is None or prefix not in ("", ours[1]) or about.creation_timestamp > until:
                    continue
                swept[ours[1]].append(f"{kind.replace('_', ' ')} {about.name}")
                if about.deletion_timestamp is None:
                    _once(lambda one=about.name, group=group, kind=kind: getattr(group, f"delete_{kind}")(one))
    return dict(swept)


@contextmanager
def _client() -> Iterator[Any]:
    from kubernetes import config

    make: Any = config.new_client_from_config
    api = make(context=context())
    try:
        yield api
    finally:
        api.close()


def _once(make: Any) -> None:
    """Make or delete it, unless another process of the run has."""
    from kubernetes.client.exceptions import ApiException

    try:
        make()
    except ApiException as error:
        if error.status not in (404, 409):
            raise


def _trusted_here() -> str:
    import certifi

    return certifi.where()
