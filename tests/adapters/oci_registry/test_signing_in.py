"""Signing in as Azure Container Registry has it: challenge, exchange for a refresh token, then for an access token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from shared.adapters.oci_registry import OciRegistry, RegistrySignIn
from shared.adapters.oci_registry.connection import Connection
from shared.ports.errors import Permanent
from tests.support import registries
from tests.support.acr import AUDIENCE, Acr, acr


class Credential:
    """An identity whose tokens have numbers, so that it shows when a new one was asked for."""

    def __init__(self, client_id: str) -> None:
        self.client_id, self.asked = client_id, 0

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """Give the next token."""
        assert scopes == (f"{AUDIENCE}/.default",)
        self.asked += 1
        return AccessToken(f"{self.client_id}/{self.asked}", 4102444800)


def holder(token: str, resource: str) -> str | None:
    """Whose token that is."""
    return token.partition("/")[0] or None


@pytest.fixture(params=["embedded", pytest.param("distribution", marks=pytest.mark.real("docker-registry"))])
def guarded(request: pytest.FixtureRequest) -> Iterator[tuple[str, Acr]]:
    """A registry that lets in whom it knows."""
    with acr(holder, distribution=request.param == "distribution") as opened:
        yield opened


def test_whoever_signs_in_may_do_what_the_identity_may(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """Push, copy with mounted layers, and read."""
    host, registry = guarded
    ours = OciRegistry(lambda host: Credential("own"))
    digest = ours.push_image(host, "delivery", registries.a_layer(tmp_path), {})
    report = ours.copy(host, "delivery", "prod/delivery", digest, "v1.0.0")

    assert (report.blobs_mounted, report.blobs_streamed) == (2, 0)
    assert ours.digest_of(host, "prod/delivery", "v1.0.0") == digest
    assert registry.did("own") == {
        (action, name) for action in ("pull", "push") for name in ("delivery", "prod/delivery")
    }


def test_a_run_signs_in_once_for_each_repository_and_direction(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """The SDK alone would be refused, exchange and ask for a token again with every request."""
    host, registry = guarded
    ours = OciRegistry(lambda host: Credential("own"))
    digest = ours.push_image(host, "delivery", registries.a_layer(tmp_path), {})
    registry.paths.clear()
    ours.copy(host, "delivery", "prod/delivery", digest, "v1.0.0")
    signing = [path for path in registry.paths if path.startswith("/oauth2/")]

    assert len(signing) <= 2 * 4
    assert len(registry.paths) - len(signing) <= 16 + 4


def test_every_run_signs_in_anew(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """A client that outlives its token would never get another; so no run depends on an earlier one's."""
    host, registry = guarded
    credential = Credential("own")
    ours = OciRegistry(lambda host: credential)
    digest = ours.push_image(host, "delivery", registries.a_layer(tmp_path), {})
    before = credential.asked
    registry.end_tokens()

    assert ours.copy(host, "delivery", "prod/delivery", digest, "v1.0.0").copied
    assert credential.asked > before


def test_a_token_that_ends_within_a_run_is_replaced(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """A copy that takes long goes on."""
    host, registry = guarded
    digest = OciRegistry(lambda host: Credential("own")).push_image(host, "delivery", registries.a_layer(tmp_path), {})
    with Connection(host, Credential("own")) as connection:
        first = connection.digest_of("delivery", str(digest))
        registry.end_tokens()
        again = connection.digest_of("delivery", str(digest))

    assert first == again == digest


def test_what_the_identity_may_not_is_our_fault(guarded: tuple[str, Acr], tmp_path: Path) -> None:
    """It takes another right, and not another release."""
    host, registry = guarded
    registry.rights["qa"] = {("pull", "delivery")}
    digest = OciRegistry(lambda host: Credential("own")).push_image(host, "delivery", registries.a_layer(tmp_path), {})
    qa = OciRegistry(lambda host: Credential("qa"))

    assert qa.has(host, "delivery", digest)
    with pytest.raises(Permanent, match="AcrPush") as refused:
        qa.copy(host, "delivery", "prod/delivery", digest, "v1.0.0")
    assert refused.value.ours
    assert ("push", "prod/delivery") not in registry.did("qa")


def test_a_registry_that_asks_nobody_is_shown_no_token(tmp_path: Path) -> None:
    """Also where there would be one."""
    credential = Credential("own")
    with registries.embedded_registry() as host:
        OciRegistry(lambda host: credential).push_image(host, "delivery", registries.a_layer(tmp_path), {})

    assert credential.asked == 0


@pytest.mark.parametrize(
    ("registry", "shown"),
    [
        ("fabrikam.azurecr.io", True),
        ("Fabrikam.AzureCR.cn:443", True),
        ("127.0.0.1:5000", True),
        ("127.0.0.1:5001", False),
        ("registry.example.com", False),
        ("fabrikam.azurecr.io.example.com", False),
        ("azurecr.io", False),
        ("example.com/.azurecr.io", False),
        ("example.com#.azurecr.io", False),
        ("user@example.com?.azurecr.io", False),
        ("fabrikam.azurecr.io:8080", False),
    ],
)
def test_a_token_is_shown_to_azures_registries_and_the_installations_own_only(registry: str, shown: bool) -> None:
    """A configuration that names a host of its author's would have the token sent there."""
    sign_in = RegistrySignIn(Credential("own"), named="127.0.0.1:5000")

    assert (sign_in(registry) is not None) is shown


def test_a_refused_exchange_is_our_fault(guarded: tuple[str, Acr]) -> None:
    """The identity has no right at all, or that is no registry of Azure's."""
    host, _ = guarded
    with pytest.raises(Permanent, match="HTTP 401") as refused:
        OciRegistry(lambda host: Credential("")).digest_of(host, "delivery", "v1.0.0")

    assert refused.value.ours
