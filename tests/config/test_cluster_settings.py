"""Which clusters settings make known, and what a wrong one is answered with."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from shared.cluster_settings import ARM, ClusterSettings
from shared.config import Settings
from shared.domain.values.errors import InvalidValue
from shared.ports.known_cluster import KnownCluster
from tests.support.cluster.pki import make_pki

AKS = (
    "/subscriptions/11111111-1111-4111-8111-11111111111a/resourceGroups/shop"
    "/providers/Microsoft.ContainerService/managedClusters/blue"
)
SERVER = "https://blue.example.com:6443"
PRODUCTIONS = {"server": SERVER, "identities": ["production"]}


def read(**known: object) -> ClusterSettings:
    """The settings of these clusters."""
    return ClusterSettings.from_env({"SLIPWAY_CLUSTERS": json.dumps(known)})


def refused(**known: object) -> str:
    """What is said of them."""
    with pytest.raises(InvalidValue) as error:
        read(**known)
    assert error.value.field == "SLIPWAY_CLUSTERS"
    return error.value.problem


def installed(*roles: str, held: tuple[str, ...] = (), own: str = "", **known: object) -> Settings:
    """An app's settings."""
    return Settings.from_env(
        {
            "SLIPWAY_DATABASE": "state.db",
            "SLIPWAY_CLUSTERS": json.dumps(known),
            "SLIPWAY_IDENTITY": own,
            "SLIPWAY_IDENTITIES": json.dumps({name: f"id-of-{name}" for name in held}),
            "SLIPWAY_ROLES": ",".join(roles),
        }
    )


def test_a_cluster_is_a_context_an_address_or_a_resource_of_azure() -> None:
    """By the name that slipway.yaml has for it."""
    found = read(near={"context": "kind"}, far={"server": SERVER, "token_file": "/token"}, azure={"aks": AKS})

    assert found.known == {
        "near": KnownCluster(context="kind"),
        "far": KnownCluster(server=SERVER, token_file=Path("/token")),
        "azure": KnownCluster(aks=AKS),
    }


def test_nothing_set_is_no_cluster() -> None:
    """Azure is asked at its public address."""
    assert ClusterSettings.from_env({}) == ClusterSettings(known={}, kubeconfig=None, arm=ARM)


@pytest.mark.parametrize("packed", [False, True])
def test_an_authority_is_pem_or_its_base64(tmp_path: Path, packed: bool) -> None:
    """As kubeconfig files have it."""
    make_pki(tmp_path)
    pem = (tmp_path / "ca.crt").read_text()

    found = read(far={"server": SERVER, "ca": base64.b64encode(pem.encode()).decode() if packed else pem})

    assert found.known["far"].authority == pem


@pytest.mark.parametrize("ca", ["nonsense", "bm9uc2Vuc2U=", "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n"])
def test_an_authority_that_is_no_certificate_is_refused(ca: str) -> None:
    """It would be told by no connection that can be made."""
    assert refused(far={"server": SERVER, "ca": ca}) == "far.ca holds no certificate, neither as PEM nor as its base64"


@pytest.mark.parametrize(
    "server", ["http://cluster.example.com", "http://10.0.0.1:8080", "http://localhost.example.com"]
)
def test_attack_listen_on_the_way_to_a_cluster(server: str) -> None:
    """Tokens go over https alone."""
    assert "would show tokens to all on the way" in refused(far={"server": server})


@pytest.mark.parametrize("server", ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"])
def test_within_this_machine_nobody_listens(server: str) -> None:
    """A proxy on loopback needs no certificate."""
    assert read(near={"server": server}).known["near"].server == server


@pytest.mark.parametrize(
    "server",
    ["cluster.example.com", "https://", "https://u:p@example.com", "https://a.example/?q", "ftp://a", "https://a:x"],
)
def test_what_is_no_address_is_refused(server: str) -> None:
    """The example says what one looks like."""
    assert "is no address such as https://cluster.example.com:6443" in refused(far={"server": server})


@pytest.mark.parametrize(
    "aks", ["blue", f"{AKS}/agentPools/one", AKS.replace("ContainerService", "Compute"), f"{AKS}?x"]
)
def test_what_is_no_resource_of_aks_is_refused(aks: str) -> None:
    """Nothing else of Azure is asked."""
    assert "is no resource id such as /subscriptions/" in refused(azure={"aks": aks})


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ({}, "far must hold one of context, server, aks"),
        ("kind", "far must hold one of context, server, aks"),
        ({"context": "a", "server": SERVER}, "far must hold one of context, server, aks"),
        ({"server": SERVER, "tokenfile": "x"}, "far.tokenfile is not known beside server; known are: ca, identities, "),
        ({"context": "a", "token_file": "x"}, "far.token_file is not known beside context; known are: context, "),
        ({"aks": AKS, "ca": "x"}, "far.ca is not known beside aks; known are: aks, "),
        ({"server": SERVER, "shared": "yes"}, "far.shared must be true or false"),
        ({"server": SERVER, "identities": []}, "far.identities is not a list of names"),
        ({"server": SERVER, "identities": "qa"}, "far.identities is not a list of names"),
        ({"server": 1}, "far.server is not a text"),
        ({"context": ""}, "far.context is not a text"),
    ],
)
def test_what_is_not_known_is_refused_by_its_field(known: object, problem: str) -> None:
    """A slip never means less than was written."""
    assert refused(far=known).startswith(problem)


def test_what_is_no_json_or_no_name_is_refused() -> None:
    """The name is what slipway.yaml writes."""
    assert "is not a name" in refused(**{"Blue Cluster": {"context": "a"}})
    for text, problem in (("{", "is not JSON"), ("[]", "is not an object of names and clusters")):
        with pytest.raises(InvalidValue, match=problem):
            ClusterSettings.from_env({"SLIPWAY_CLUSTERS": text})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"server": SERVER}, {"server": f"{SERVER.upper().replace('HTTPS', 'https')}/"}),
        ({"aks": AKS}, {"aks": AKS.upper()}),
        ({"context": "kind"}, {"context": "kind"}),
        ({"server": SERVER, "shared": True}, {"server": SERVER}),
    ],
)
def test_two_names_of_one_cluster_are_refused(one: dict[str, object], other: dict[str, object]) -> None:
    """Production's cluster would have a second name that nothing is kept from."""
    assert "one and other are one cluster" in refused(one=one, other=other)


def test_two_names_of_one_cluster_may_both_say_so() -> None:
    """Each with the token of another namespace."""
    shared = {"server": SERVER, "shared": True}

    assert read(one=shared, other=shared).known.keys() == {"one", "other"}


def test_attack_hold_productions_cluster_in_another_app() -> None:
    """As with identities: only the app with the role production has it."""
    with pytest.raises(InvalidValue, match="names blue, which is for the app with the role production alone"):
        installed("nonprod", held=("qa",), blue=PRODUCTIONS)

    assert installed("production", held=("production",), blue=PRODUCTIONS).clusters.known
    assert installed("nonprod", held=("qa",), blue={**PRODUCTIONS, "identities": ["production", "qa"]}).clusters.known


@pytest.mark.parametrize("brings", [{"context": "kind"}, {"server": SERVER, "token_file": "/token"}])
def test_a_cluster_that_brings_credentials_names_who_may_use_them(brings: dict[str, object]) -> None:
    """Where environments have identities, no environment acts with another one's rights."""
    with pytest.raises(InvalidValue, match=r"blue\.identities is missing: every environment could use"):
        installed("nonprod", held=("qa",), blue=brings)

    assert installed("nonprod", held=("qa",), blue={**brings, "identities": ["qa"]}).clusters.known
    assert installed(blue=brings).clusters.known


def test_a_cluster_that_nobody_could_show_a_token_to_is_refused() -> None:
    """At the start, and not at the first deployment."""
    with pytest.raises(InvalidValue, match=r"blue\.token_file is missing: nobody here has an identity"):
        installed(blue={"server": SERVER})

    assert installed(own="id-own", blue={"server": SERVER}).clusters.known
