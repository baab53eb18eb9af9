"""Environments in a control plane, as an administrator sets them up: a namespace, a Role and a token for each and no more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from infra.local.azurite.program import CannotInstall
from infra.local.folder import write_private
from infra.local.rbac.objects import Subject, objects
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from tests.support.cluster.control_plane import ClusterFailed
from tests.support.cluster.deployers import apply, token_of
from tests.support.cluster.shared import Cluster
from tests.support.cluster.use import one_for_use
from tests.support.run.processes import end_with_parent

_ACCOUNT = "slipway"
_A_DAY = 24 * 3600


def run(namespaces: Mapping[str, str], command: Sequence[str]) -> int:
    """Run a command that deploys to environments of these names, in a control plane that ends with it; return its exit code.

    It is told of them as an installation is, by SLIPWAY_CLUSTERS; its kubectl has a context for each.
    """
    try:
        with one_for_use() as made:
            print(f"A control plane runs at {made.server}; as its administrator:", flush=True)
            print(f"  export KUBECONFIG={made.kubeconfig('admin')}", flush=True)
            told = variables(made, namespaces)
            print(f"or with a context for each of {', '.join(namespaces)}, as Slipway has it there:", flush=True)
            print(f"  export KUBECONFIG={told['KUBECONFIG']}", flush=True)
            return _run(command, {**os.environ, **told})
    except (CannotInstall, ClusterFailed) as error:
        print(error, file=sys.stderr)
        return 1


def variables(made: Cluster, namespaces: Mapping[str, str]) -> dict[str, str]:
    """Set the environments up, and return what tells a process of them."""
    authority, admin_token = made.ca_file.read_text(), made.token("admin")
    admin = Api(ClusterConnection(name="admin", server=made.server, authority=authority, token=admin_token.__str__))
    tokens: dict[str, Path] = {}
    try:
        for name, namespace in namespaces.items():
            apply(admin, objects(name, namespace, Subject(account=_ACCOUNT, account_namespace=namespace)))
            tokens[name] = made.folder / f"{name}.token"
            write_private(tokens[name], token_of(admin, namespace, _ACCOUNT, seconds=_A_DAY))
    finally:
        admin.close()
    known = {
        name: {"server": made.server, "ca": authority, "token_file": str(file), "shared": True}
        for name, file in tokens.items()
    }
    config = made.folder / "environments.kubeconfig"
    write_private(config, _kubeconfig(made, {name: file.read_text() for name, file in tokens.items()}))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {"SLIPWAY_CLUSTERS": json.dumps(known), "KUBECONFIG": str(config), "PATH": path}


def _kubeconfig(made: Cluster, tokens: Mapping[str, str]) -> str:
    cluster = {"server": made.server, "certificate-authority": str(made.ca_file)}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "local", "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}} for name, token in tokens.items()],
            "contexts": [{"name": name, "context": {"cluster": "local", "user": name}} for name in tokens],
        }
    )


def _run(command: Sequence[str], env: Mapping[str, str]) -> int:
    child = subprocess.Popen(command, env=env, preexec_fn=end_with_parent)  # noqa: PLW1509 - no other thread runs

    def hand_on(number: int, _: FrameType | None) -> None:
        # A terminal interrupts both of us, and whoever only ends this process means the command.
        if number == signal.SIGTERM:
            child.terminate()

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code
