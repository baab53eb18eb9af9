"""As whom a cluster is asked, and who may use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.azure_identity import Credentials, ManagedIdentity
from shared.domain.policies.policy import GitOpsTarget
from shared.ports.errors import Permanent
from shared.ports.known_cluster import KnownCluster
from tests.support.cluster.http_doors import Answering, door
from tests.support.cluster.known import FOR_AKS, SERVER, clusters, place, refusal
from tests.support.gitops import place_at
from tests.support.managed_identity import IdentityEndpoint


def test_an_address_is_shown_the_entra_token_of_the_identity(
    qa: ManagedIdentity, endpoint: IdentityEndpoint, pem: str
) -> None:
    """For AKS, and for no other resource of Azure."""
    known = KnownCluster(server=SERVER, authority=pem)
    connection = clusters("qa", qa)(blue=known).api(place()).connection

    assert (connection.name, connection.server, connection.authority) == ("blue", SERVER, pem)
    assert endpoint.holder(connection.token(), FOR_AKS) == "id-qa"


def test_a_token_is_kept_and_renewed_before_it_ends(qa: ManagedIdentity, endpoint: IdentityEndpoint) -> None:
    """Each request carries one that is good for some minutes more."""
    connection = clusters("qa", qa)(blue=KnownCluster(server=SERVER)).api(place()).connection
    first, second = connection.token(), connection.token()
    endpoint.lifetime = 4 * 60
    other = (
        clusters("qa", Credentials("", {"qa": "id-qa"}).of("qa"))(blue=KnownCluster(server=SERVER))
        .api(place())
        .connection
    )

    assert first == second
    assert other.token() != other.token()


def test_an_identity_that_gets_no_token_is_named_with_its_cluster(
    qa: ManagedIdentity, endpoint: IdentityEndpoint
) -> None:
    """Whether to try again depends on who says no."""
    token = clusters("qa", qa)(blue=KnownCluster(server=SERVER)).api(place()).connection.token
    endpoint.assign("worker")
    with pytest.raises(
        Permanent, match=r"cluster blue: the environment's identity gets no token for it: .*; assign"
    ) as no:
        token()

    assert no.value.ours


def test_an_address_without_identity_or_file_has_no_token(pem: str) -> None:
    """Said with what to set."""
    token = clusters()(blue=KnownCluster(server=SERVER)).api(place()).connection.token
    with pytest.raises(Permanent, match=r"set SLIPWAY_IDENTITIES, or give blue\.token_file in SLIPWAY_CLUSTERS"):
        token()


def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    """Whoever renews it writes the file."""
    file = tmp_path / "token"
    token = clusters()(blue=KnownCluster(server=SERVER, token_file=file)).api(place()).connection.token
    with pytest.raises(Permanent, match=r"its token_file .* cannot be read: No such file"):
        token()
    found = []
    for text in ("one\n", "two"):
        file.write_text(text)
        found.append(token())

    assert found == ["one", "two"]


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"\xff\xfe", b"a\nb"])
def test_what_holds_no_token_is_said(tmp_path: Path, content: bytes) -> None:
    """A line break in a header would be another header."""
    file = tmp_path / "token"
    file.write_bytes(content)
    token = clusters()(blue=KnownCluster(server=SERVER, token_file=file)).api(place()).connection.token
    with pytest.raises(Permanent, match="holds no token"):
        token()


def test_a_cluster_that_settings_do_not_know_is_named_with_what_to_set() -> None:
    """The environment too."""
    where = place("green")

    assert refusal(clusters()(), where) == (
        f"{where.environment} is in the cluster green, which SLIPWAY_CLUSTERS does not know; add it in the app of the worker "
        f"that serves {where.environment}, or correct deploy.helm.cluster in slipway.yaml"
    )


@pytest.mark.parametrize(("identity", "who"), [("qa", "the identity qa"), (None, "an environment without an identity")])
def test_attack_name_productions_cluster_in_another_environment(identity: str | None, who: str) -> None:
    """Whoever writes slipway.yaml gets no credentials by it that are kept for others."""
    known = KnownCluster(context="near", identities=frozenset({"production"}))

    assert f"which {who} may not use: SLIPWAY_CLUSTERS keeps it for production" in refusal(
        clusters(identity)(blue=known)
    )


def test_a_place_that_git_deploys_to_is_in_no_cluster() -> None:
    """Nothing asks, and who did would be wrong."""
    assert "is no environment of a cluster" in refusal(clusters()(), place_at(GitOpsTarget(repository="x")))


def test_a_cluster_on_this_machine_is_asked_as_whom_the_settings_say(tmp_path: Path) -> None:
    """From the settings to the header."""
    (tmp_path / "token").write_text("t0ken")
    with door(Answering(body=b'{"major": "1"}')) as server:
        api = clusters()(blue=KnownCluster(server=server.url, token_file=tmp_path / "token")).api(place())

        assert api.get(("version",)) == {"major": "1"}
        api.close()
    assert server.shown == ["Bearer t0ken"]
