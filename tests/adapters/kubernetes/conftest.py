"""Azure and an authority, for clusters that are nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.azure_identity import Credentials, ManagedIdentity
from tests.support.cluster.known import AKS, SERVER, kubeconfig
from tests.support.cluster.pki import make_pki
from tests.support.entra_stand_in import EntraStandIn, entra_stand_in
from tests.support.managed_identity import IdentityEndpoint, identity_endpoint


@pytest.fixture
def pem(tmp_path: Path) -> str:
    """An authority."""
    make_pki(tmp_path / "pki")
    return (tmp_path / "pki/ca.crt").read_text()


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    """The platform's endpoint, in an app with an identity."""
    with identity_endpoint() as serving:
        for name, value in serving.assign("worker", "id-qa").items():
            monkeypatch.setenv(name, value)
        yield serving


@pytest.fixture
def qa(endpoint: IdentityEndpoint) -> ManagedIdentity:
    """That identity's credential."""
    return Credentials("", {"qa": "id-qa"}).of("qa")


@pytest.fixture
def azure(endpoint: IdentityEndpoint, pem: str) -> Iterator[EntraStandIn]:
    """Azure, with a cluster."""
    with entra_stand_in() as found:
        found.knows = lambda bearer: endpoint.holder(bearer, found.url)
        found.clusters[AKS.lower()] = kubeconfig(
            SERVER, pem, {"client-certificate-data": "bm90IG91cnM=", "token": "admins"}
        )
        yield found
