"""Whose token an adapter gets, when the first is asked for, and when another one is."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.azure_identity import Credentials
from shared.ports.errors import Permanent
from tests.support.managed_identity import Asked, IdentityEndpoint, identity_endpoint
from tests.support.tree import ROOT

STORAGE, VAULT = "https://storage.azure.com", "https://vault.azure.net"
HOUR = 60 * 60


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    """The platform's endpoint, in an app with two identities."""
    with identity_endpoint() as serving:
        for name, value in serving.assign("worker", "id-own", "id-qa").items():
            monkeypatch.setenv(name, value)
        yield serving


def held() -> Credentials:
    """What that app is told of its identities."""
    return Credentials("id-own", {"qa": "id-qa", "production": "id-production"})


def token(credentials: Credentials, identity: str = "", resource: str = STORAGE) -> str:
    """A token as an SDK asks for it."""
    credential = credentials.of(identity) if identity else credentials.own()
    return credential.get_token(f"{resource}/.default").token


def test_each_identity_is_asked_for_by_its_client_id(endpoint: IdentityEndpoint) -> None:
    """For the resource that the SDK names."""
    credentials = held()
    own, qa = token(credentials), token(credentials, "qa", VAULT)

    assert (endpoint.holder(own, STORAGE), endpoint.holder(qa, VAULT)) == ("id-own", "id-qa")
    assert endpoint.asked == [Asked("worker", "id-own", STORAGE), Asked("worker", "id-qa", VAULT)]


def test_a_token_is_asked_for_once_by_all_who_need_it(endpoint: IdentityEndpoint) -> None:
    """One credential for an identity, whoever asks and by which of the SDKs' ways; each resource has its own."""
    credentials = held()
    first = token(credentials, "qa")
    info = credentials.of("qa").get_token_info(f"{STORAGE}/.default")

    assert credentials.of("qa") is credentials.of("qa")
    assert (token(credentials, "qa"), info.token) == (first, first)
    assert token(credentials, "qa", VAULT) != first
    assert len(endpoint.asked) == 2


def test_threads_that_ask_at_once_get_their_tokens(endpoint: IdentityEndpoint) -> None:
    """The worker runs functions in threads."""
    credentials, found = held(), list[str]()
    threads = [threading.Thread(target=lambda: found.append(token(credentials, "qa"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [endpoint.holder(one, STORAGE) for one in found] == ["id-qa"] * 8


def test_a_token_that_is_about_to_end_is_not_given_out(endpoint: IdentityEndpoint) -> None:
    """It could end on its way."""
    endpoint.lifetime = 4 * 60
    credentials = held()
    first, second = token(credentials), token(credentials)

    assert first != second
    assert endpoint.holder(second, STORAGE) == "id-own"


def test_a_token_is_renewed_at_half_of_its_life(endpoint: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before anybody would be kept waiting for it."""
    credentials, passed = held(), [0.0]
    first = token(credentials)
    monkeypatch.setattr("msal.managed_identity.time", SimpleNamespace(time=lambda: time.time() + passed[0]))
    passed[0] = 11 * HOUR
    kept = token(credentials)
    passed[0] = 13 * HOUR

    assert kept == first
    assert token(credentials) != first


def test_a_renewal_that_fails_leaves_the_token_that_is_good_still(
    endpoint: IdentityEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint has half of a token's life to come back."""
    credentials, passed = held(), [0.0]
    first = token(credentials)
    monkeypatch.setattr("msal.managed_identity.time", SimpleNamespace(time=lambda: time.time() + passed[0]))
    passed[0] = 13 * HOUR
    endpoint.failing = [400]
    kept = token(credentials)

    assert kept == first
    assert token(credentials) != first


def test_an_identity_that_is_not_assigned_to_the_app_gives_no_token(endpoint: IdentityEndpoint) -> None:
    """Whatever its settings claim."""
    with pytest.raises(ClientAuthenticationError, match="No User Assigned"):
        token(held(), "production")


def test_an_identity_without_a_client_id_is_our_fault_and_said_by_its_setting() -> None:
    """Nothing is asked for as somebody else."""
    with pytest.raises(Permanent, match="identity staging is not held here: SLIPWAY_IDENTITIES") as missing:
        held().of("staging")
    with pytest.raises(Permanent, match="SLIPWAY_IDENTITY is not set") as nobody:
        Credentials("", {}).own()

    assert missing.value.ours
    assert nobody.value.ours


def test_the_sdk_is_loaded_with_the_first_token() -> None:
    """A process that needs none does not pay for it."""
    code = (
        "import sys; from shared.adapters.azure_identity import Credentials;"
        "Credentials('a', {'qa': 'b'}).of('qa'); print('azure.identity' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "False", done.stderr
