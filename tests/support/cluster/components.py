"""The command lines of a control plane's parts: etcd, API server, controller manager, scheduler, fake kubelet.

Only the API server has a port. etcd is asked on Unix sockets, files in the folder that both run in; the others serve nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_ETCD, _ETCD_PEERS = "unix://c:1", "unix://p:1"
SOCKETS = ("c:1", "p:1")
_SERVICES = "10.0.0.0/16"
_ISSUER = "https://kubernetes.default.svc.cluster.local"
# The cloud's own controllers find nothing here.
_CONTROLLERS = "*,-node-ipam-controller,-node-route-controller,-service-lb-controller,-cloud-node-lifecycle-controller"
_QUICK = ("--kube-api-qps=500", "--kube-api-burst=1000", "--profiling=false")
_NODES = 3

# Who has a token: user and groups. Controller manager and scheduler are bound by RBAC's own rules.
USERS: Mapping[str, tuple[str, str]] = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "fakelet": ("fakelet", "system:masters"),
}


def etcd(programs: Path, folder: Path) -> Sequence[str]:
    """A store in memory that need not outlive the machine."""
    return [
        str(programs / "etcd"),
        f"--data-dir={folder}/etcd",
        "--name=t",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        f"--listen-peer-urls={_ETCD_PEERS}",
        f"--initial-advertise-peer-urls={_ETCD_PEERS}",
        f"--initial-cluster=t={_ETCD_PEERS}",
        "--unsafe-no-fsync",
        "--log-level=error",
        "--snapshot-count=2000",
        "--heartbeat-interval=200",
        "--election-timeout=1000",
    ]


def api_server(programs: Path, folder: Path, port: int) -> Sequence[str]:
    """RBAC on, tokens from a file, logs of pods by the fake kubelet."""
    pki = folder / "pki"
    return [
        str(programs / "kube-apiserver"),
        f"--etcd-servers={_ETCD}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--advertise-address=127.0.0.1",
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--cert-dir={folder}/certdir",
        "--authorization-mode=Node,RBAC",
        f"--token-auth-file={folder}/tokens.csv",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-signing-key-file={pki}/sa.key",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-cluster-ip-range={_SERVICES}",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--allow-privileged=true",
        "--enable-priority-and-fairness=false",
        "--profiling=false",
        "--watch-cache=true",
        "--event-ttl=10m",
    ]


def controller_manager(programs: Path, folder: Path) -> Sequence[str]:
    """Deployments, ReplicaSets, Jobs and all else that makes pods of what is applied."""
    return [
        str(programs / "kube-controller-manager"),
        f"--kubeconfig={folder}/controller-manager.kubeconfig",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={folder}/pki/sa.key",
        f"--root-ca-file={folder}/pki/ca.crt",
        "--allocate-node-cidrs=false",
        f"--controllers={_CONTROLLERS}",
        "--concurrent-deployment-syncs=10",
        "--concurrent-replicaset-syncs=10",
        "--concurrent-namespace-syncs=20",
        "--node-monitor-grace-period=10m",
        *_QUICK,
    ]


def scheduler(programs: Path, folder: Path) -> Sequence[str]:
    """Gives pods a node, or says why none can take them."""
    return [
        str(programs / "kube-scheduler"),
        f"--kubeconfig={folder}/scheduler.kubeconfig",
        "--secure-port=0",
        "--leader-elect=false",
        *_QUICK,
    ]


def fakelet(folder: Path, port: int) -> Sequence[str]:
    """Plays the nodes; its token comes by its standard input."""
    return [sys.executable, "-m", "tests.support.fake_kubelet", str(folder), str(port), str(_NODES)]
