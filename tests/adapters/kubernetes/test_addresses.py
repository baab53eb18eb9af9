"""Where a cluster is: Azure says it, or a context of a kubeconfig file does."""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.azure_identity import ManagedIdentity
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.clusters import KEPT
from shared.ports.errors import Permanent, Transient
from shared.ports.known_cluster import KnownCluster
from tests.support.cluster.known import AKS, FOR_AKS, SERVER, Clock, clusters, kubeconfig, place, refusal
from tests.support.cluster.pki import make_pki
from tests.support.entra_stand_in import EntraStandIn
from tests.support.managed_identity import IdentityEndpoint


def of_context(tmp_path: Path, server: str, pem: str, user: Mapping[str, object], **more: object) -> Api:
    """The API of that context."""
    (tmp_path / "config").write_bytes(kubeconfig(server, pem, user, **more))
    return clusters(kubeconfig=tmp_path / "config")(blue=KnownCluster(context="near")).api(place())


def test_azure_is_asked_for_address_and_authority_and_nobodys_credentials(
    qa: ManagedIdentity, endpoint: IdentityEndpoint, azure: EntraStandIn, pem: str
) -> None:
    """What else the kubeconfig holds is not ours: the token is the identity's."""
    connection = clusters("qa", qa, arm=azure.url)(blue=KnownCluster(aks=AKS)).api(place()).connection

    assert (connection.server, connection.authority) == (SERVER, pem)
    assert (connection.certificate, connection.key) == ("", "")
    assert endpoint.holder(connection.token(), FOR_AKS) == "id-qa"
    assert [(one.method, one.path) for one in azure.seen] == [("POST", f"{AKS}/listClusterUserCredential")]


def test_azure_is_asked_again_after_a_while_and_what_it_said_is_kept_where_it_is_down(
    qa: ManagedIdentity, azure: EntraStandIn, tmp_path: Path
) -> None:
    """Authorities change, and a cluster is deployed to while Azure's own API has a bad hour."""
    clock = Clock()
    found = clusters("qa", qa, arm=azure.url, elapsed=clock)(blue=KnownCluster(aks=AKS))
    first = found.api(place())
    assert found.api(place()) is first
    assert len(azure.seen) == 1

    clock.now += KEPT
    azure.failing["listClusterUserCredential"] = (503, {"Retry-After": "5"})
    assert found.api(place()) is first

    azure.failing.clear()
    assert found.api(place()) is first
    make_pki(tmp_path / "other")
    other = (tmp_path / "other/ca.crt").read_text()
    azure.clusters[AKS.lower()] = kubeconfig(SERVER, other, {})
    clock.now += KEPT
    assert found.api(place()).connection.authority == other


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"[]", "answered with no address and authority of it"),
        (b"{}", "answered with no address and authority of it"),
        (b'{"clusters": [{"cluster": {"server": "https://x"}}]}', "answered with no address and authority of it"),
        (kubeconfig("http://blue.example.com", "pem", {}), "leads to http://blue.example.com, which is not https"),
    ],
)
def test_what_azure_answers_is_not_believed_blindly(
    qa: ManagedIdentity, azure: EntraStandIn, answer: bytes, problem: str
) -> None:
    """A token goes to no address that is none."""
    azure.clusters[AKS.lower()] = answer

    assert problem in refusal(clusters("qa", qa, arm=azure.url)(blue=KnownCluster(aks=AKS)))


def test_what_azure_refuses_is_said_with_the_role_that_is_missing(qa: ManagedIdentity, azure: EntraStandIn) -> None:
    """And a cluster that is not there by its name in the settings."""
    found = clusters("qa", qa, arm=azure.url)(blue=KnownCluster(aks=AKS), green=KnownCluster(aks=f"{AKS}2"))
    azure.failing["blue/listClusterUserCredential"] = (403, {})

    assert refusal(found).endswith("the identity needs Azure Kubernetes Service Cluster User Role")
    assert refusal(found, place("green")) == f"cluster green: there is no {AKS}2; correct green.aks"
    azure.failing["blue/listClusterUserCredential"] = (429, {"Retry-After": "5"})
    with pytest.raises(Transient) as later:
        found.api(place())
    assert later.value.retry_after == timedelta(seconds=5)
    assert "no identity is held here that Azure could be asked with" in refusal(clusters()(blue=KnownCluster(aks=AKS)))


def test_a_context_brings_address_authority_and_token(tmp_path: Path, pem: str) -> None:
    """Whatever context is the current one."""
    connection = of_context(tmp_path, SERVER, pem, {"token": "theirs"}, **{"tls-server-name": "blue"}).connection

    assert (connection.server, connection.authority, connection.server_name) == (SERVER, pem, "blue")
    assert connection.token() == "theirs"


def test_a_context_brings_a_certificate(tmp_path: Path, pem: str) -> None:
    """Then no token says who asks."""
    files = {"client-certificate": tmp_path / "pki/kubelet.crt", "client-key": tmp_path / "pki/kubelet.key"}
    user = {f"{name}-data": base64.b64encode(path.read_bytes()).decode() for name, path in files.items()}
    connection = of_context(tmp_path, SERVER, pem, user).connection

    assert (connection.certificate, connection.key) == tuple(path.read_text() for path in files.values())
    assert connection.token() == ""


def test_a_context_brings_a_plugin_that_is_asked_again_when_its_token_ends(tmp_path: Path, pem: str) -> None:
    """As kubelogin and the clouds' own programs are."""
    counter = tmp_path / "asked"
    script = tmp_path / "plugin.py"
    script.write_text(
        "import json, pathlib\n"
        f"file = pathlib.Path({str(counter)!r})\n"
        "number = int(file.read_text()) + 1 if file.exists() else 1\n"
        "file.write_text(str(number))\n"
        "print(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential',\n"
        "  'status': {'token': f'token-{number}', 'expirationTimestamp': '2020-01-01T00:00:00Z'}}))\n"
    )
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [str(script)],
        "interactiveMode": "Never",
    }
    token = of_context(tmp_path, SERVER, pem, {"exec": plugin}).connection.token
    before = int(counter.read_text())

    assert [token(), token()] == [f"token-{before + 1}", f"token-{before + 2}"]


@pytest.mark.parametrize(
    ("server", "user", "more", "problem"),
    [
        ("http://blue.example.com", {"token": "t"}, {}, "leads to http://blue.example.com, which is not https"),
        (SERVER, {"token": "t"}, {"insecure-skip-tls-verify": True}, "trusts whoever answers"),
        (SERVER, {"token": "t"}, {"proxy-url": "http://proxy"}, "goes by a proxy-url"),
        (SERVER, {"username": "u", "password": "p"}, {}, "brings a password"),
        (SERVER, {}, {}, "brings neither a token nor a certificate"),
        (
            SERVER,
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "nowhere"}},
            {},
            "brings neither",
        ),
        (SERVER, {"tokenFile": "/nowhere"}, {}, "cannot be read: "),
        (SERVER, {"client-certificate": "/nowhere"}, {}, "cannot be read: "),
    ],
)
def test_a_context_that_is_not_safe_or_brings_nothing_is_refused(
    tmp_path: Path, server: str, user: dict[str, object], more: dict[str, object], problem: str
) -> None:
    """By the name of its cluster, and what to do."""
    with pytest.raises(Permanent, match=problem) as refused:
        of_context(tmp_path, server, "", user, **more)

    assert refused.value.ours
    assert str(refused.value).startswith("cluster blue: the context near ")


@pytest.mark.parametrize("content", [b"", b"{}", b"[", b"clusters: []\n"])
def test_a_kubeconfig_without_the_context_is_refused(tmp_path: Path, content: bytes) -> None:
    """Or that is none, or not there."""
    (tmp_path / "config").write_bytes(content)
    for file in (tmp_path / "config", tmp_path / "nowhere"):
        found = clusters(kubeconfig=file)(blue=KnownCluster(context="near"))
        assert f"the context near of {file} cannot be read: " in refusal(found)
