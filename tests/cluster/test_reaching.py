"""A real API server as it is reached by what settings know of it, and what a wrong setting is told as."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.ports.errors import Permanent
from shared.ports.known_cluster import KnownCluster
from tests.support.cluster.deployers import Deployer
from tests.support.cluster.known import clusters, kubeconfig, place
from tests.support.cluster.pki import make_pki
from tests.support.cluster.shared import Cluster

pytestmark = pytest.mark.cluster
WHO = ("apis", "authentication.k8s.io", "v1", "selfsubjectreviews")


def known_as(api: Api) -> str:
    """Whom the API server takes us for."""
    try:
        return str(api.post(WHO, {})["status"]["userInfo"]["username"])
    finally:
        api.close()


def refusal(connection: ClusterConnection) -> Permanent:
    """What asking is told as."""
    with pytest.raises(Permanent) as error:
        known_as(Api(connection))
    return error.value


def by(deployer: Deployer, *, token: str = "", authority: str = "") -> ClusterConnection:
    """The deployer's connection with something else in it."""
    own = deployer.connection
    shown = token or own.token()
    return ClusterConnection(name="blue", server=own.server, authority=authority or own.authority, token=shown.__str__)


def test_a_token_file_is_shown(deployer: Deployer, tmp_path: Path) -> None:
    """As a cluster without Entra ID is asked."""
    (tmp_path / "token").write_text(deployer.connection.token())
    own = deployer.connection
    found = clusters()(blue=KnownCluster(server=own.server, authority=own.authority, token_file=tmp_path / "token"))

    assert known_as(found.api(place())) == f"system:serviceaccount:{deployer.namespace}:{deployer.account}"


def test_a_context_is_somebody_by_its_token(deployer: Deployer, tmp_path: Path) -> None:
    """As `kubectl` reads it."""
    own = deployer.connection
    (tmp_path / "config").write_bytes(kubeconfig(own.server, own.authority, {"token": own.token()}))
    found = clusters(kubeconfig=tmp_path / "config")(blue=KnownCluster(context="near"))

    assert known_as(found.api(place())) == f"system:serviceaccount:{deployer.namespace}:{deployer.account}"


def test_a_context_is_somebody_by_its_certificate(own_control_plane: Cluster, tmp_path: Path) -> None:
    """No token is shown beside it; the name is the certificate's."""
    pki = own_control_plane.ca_file.parent
    files = {"client-certificate": "crt", "client-key": "key"}
    user = {
        f"{name}-data": base64.b64encode((pki / f"apiserver-kubelet-client.{end}").read_bytes()).decode()
        for name, end in files.items()
    }
    content = kubeconfig(own_control_plane.server, own_control_plane.ca_file.read_text(), user)
    (tmp_path / "config").write_bytes(content)
    found = clusters(kubeconfig=tmp_path / "config")(blue=KnownCluster(context="near"))

    assert known_as(found.api(place())) == "apiserver-kubelet-client"


def test_another_authority_is_told_as_that(deployer: Deployer, tmp_path: Path) -> None:
    """The API server's certificate is not signed by it."""
    make_pki(tmp_path)
    error = refusal(by(deployer, authority=(tmp_path / "ca.crt").read_text()))

    assert error.ours
    assert "its certificate does not prove that it is this cluster" in str(error)
    assert str(error).endswith("correct its address and `ca` in SLIPWAY_CLUSTERS")


@pytest.mark.parametrize("token", ["unknown", "e30.e30.e30"])
def test_an_unknown_token_is_told_as_that(deployer: Deployer, token: str) -> None:
    """The API server says no more than that."""
    error = refusal(by(deployer, token=token))

    assert error.ours
    assert ": 401 Unauthorized; the cluster does not know our token, or it has ended: " in str(error)


def test_a_token_that_has_ended_is_told_as_that(own_control_plane: Cluster, deployer: Deployer) -> None:
    """The same token with another end, signed by the cluster's own key, is good."""
    key = (own_control_plane.ca_file.parent / "sa.key").read_text()
    claims: dict[str, Any] = json.loads(_payload(deployer.connection.token()))
    now = int(time.time())

    def signed(end: int) -> str:
        said = {**claims, "iat": end - 600, "nbf": end - 600, "exp": end}
        return jwt.encode(said, key, algorithm="RS256", headers={"kid": _kid(deployer.connection.token())})

    assert known_as(Api(by(deployer, token=signed(now + 300)))).endswith(":deployer")
    assert "or it has ended" in str(refusal(by(deployer, token=signed(now - 300))))


def _payload(token: str) -> bytes:
    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@pytest.mark.usefixtures("own_control_plane")
def test_without_a_token_nobody_is_asked_to_give_us_a_role(deployer: Deployer) -> None:
    """Whoever shows none is anonymous, which no Role helps."""
    own = deployer.connection
    api = Api(ClusterConnection(name="blue", server=own.server, authority=own.authority, token=str))
    with pytest.raises(Permanent) as error:
        api.get(("api", "v1", "namespaces", deployer.namespace, "pods"))
    api.close()

    assert "the cluster was shown no token" in str(error.value)
    assert "make rbac" not in str(error.value)
