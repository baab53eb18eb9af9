"""Each environment reaches clusters as its own identity, and only those that are kept for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.adapters.azure_identity import Credentials
from shared.app.access import EnvironmentAccess
from shared.cluster_settings import ClusterSettings
from shared.config import Identities, Settings
from shared.domain.policies.policy import HelmTarget
from shared.ports.errors import Permanent
from shared.ports.known_cluster import KnownCluster
from shared.wiring import environment_access
from tests.support.cluster.http_doors import Answering, door
from tests.support.gitops import place_at
from tests.support.managed_identity import identity_endpoint

BLUE = place_at(HelmTarget(cluster="blue"))


def access(work: Path, identity: str | None, known: KnownCluster, *held: str) -> EnvironmentAccess:
    """What acts with an identity in an app that holds some, and knows one cluster."""
    chosen = Settings(
        work=work,
        identities=Identities(held={name: f"id-{name}" for name in held}),
        clusters=ClusterSettings(known={"blue": known}),
    )
    credentials = Credentials("", chosen.identities.held)
    return environment_access(chosen, lambda: datetime.now(UTC), credentials, lambda own: own)(identity)


def test_attack_deploy_to_productions_cluster_from_another_environment(tmp_path: Path) -> None:
    """An app that holds both identities keeps them apart: nobody is asked for a token, and no address is."""
    known = KnownCluster(server="https://blue.invalid", identities=frozenset({"production"}))
    found = access(tmp_path, "qa", known, "qa", "production")
    with pytest.raises(
        Permanent, match="the identity qa may not use: SLIPWAY_CLUSTERS keeps it for production"
    ) as refused:
        found.applier(BLUE).running(BLUE)

    assert refused.value.ours


def test_a_cluster_is_shown_the_token_of_the_environments_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of no other that the app holds."""
    with identity_endpoint() as endpoint, door(Answering(body=b'{"items": []}')) as server:
        for name, value in endpoint.assign("worker", "id-qa", "id-production").items():
            monkeypatch.setenv(name, value)
        found = access(tmp_path, "qa", KnownCluster(server=server.url), "qa", "production")

        assert found.applier(BLUE).running(BLUE) is None
        shown = {one.removeprefix("Bearer ") for one in server.shown}

    assert {endpoint.holder(one, "6dae42f8-4368-4678-94ff-3960e28e3630") for one in shown} == {"id-qa"}
    assert endpoint.apps("id-production") == set()
