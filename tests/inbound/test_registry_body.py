"""Registries are told apart by the bodies that they send."""

from __future__ import annotations

import pytest

from shared.inbound.problems import Unacceptable
from shared.inbound.registry_body import read_changes, read_docker_hub, secret_in_address
from tests.support.payloads import payload


@pytest.mark.parametrize(
    ("name", "registries"),
    [
        ("cncf-distribution", ["localhost:5000", "localhost:5000"]),
        ("acr-hook-push", ["fabrikam.azurecr.io"]),
        ("acr-hook-delete", ["fabrikam.azurecr.io"]),
        ("acr-hook-chart-push", []),
        ("acr-hook-ping", []),
        ("docker-hub", ["docker.io"]),
    ],
)
def test_each_registry_is_known_by_its_body(name: str, registries: list[str]) -> None:
    """None of them names its format."""
    assert [one.registry for one in read_changes(payload(name)).events] == registries


@pytest.mark.parametrize("body", [b"{}", b'{"target": {}}', b'{"events": null, "action": "push"}'])
def test_what_is_none_of_them_is_refused_as_distributions_would_be(body: bytes) -> None:
    """Something else posts here."""
    with pytest.raises(Unacceptable) as found:
        read_changes(body)

    assert (int(found.value.status), found.value.field) == (400, "events")


def test_who_shows_the_secret_in_the_address_has_to_be_docker_hub() -> None:
    """The others can send a header: an address ends in logs of proxies."""
    assert read_docker_hub(payload("docker-hub")) == read_changes(payload("docker-hub"))
    for name in ("cncf-distribution", "acr-hook-push"):
        with pytest.raises(Unacceptable) as found:
            read_docker_hub(payload(name))
        assert (int(found.value.status), found.value.code) == (401, "wrong-secret")


@pytest.mark.parametrize(
    ("headers", "query", "shown"),
    [
        ({}, {"code": "s"}, {"x-slipway-secret": "s"}),
        ({"content-type": "application/json"}, {"code": ""}, {"x-slipway-secret": ""}),
        ({}, {"secret": "s"}, None),
        ({"x-slipway-secret": "x"}, {"code": "s"}, None),
        ({"authorization": "Bearer x"}, {"code": "s"}, None),
    ],
)
def test_the_address_counts_only_where_no_header_shows_a_secret(
    headers: dict[str, str], query: dict[str, str], shown: dict[str, str] | None
) -> None:
    """A wrong one in a header is not made good by the address."""
    assert secret_in_address(headers, query) == shown
