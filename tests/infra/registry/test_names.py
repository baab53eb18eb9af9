"""Names from the outside never lead out of the registry's folder."""

from __future__ import annotations

import contextlib
import http.client
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.registry.errors import RegistryError
from infra.local.registry.names import checked_digest, checked_reference, checked_repository, checked_session
from tests.support.registries import embedded_registry

SECRET = "not for you"
ATTACKS = [
    "/v2/../../secret",
    "/v2/../secret/manifests/v1",
    "/v2/..%2f..%2fsecret/manifests/v1",
    "/v2/%2e%2e/%2e%2e/manifests/secret",
    "/v2/delivery/manifests/..%2f..%2f..%2fsecret",
    "/v2/delivery/manifests/%2e%2e",
    "/v2/delivery/manifests/sha256:..%2f..%2fsecret",
    "/v2/delivery/blobs/..%2f..%2fsecret",
    "/v2/delivery/blobs/sha256:%2e%2e%2f%2e%2e%2fsecret",
    "/v2/delivery/blobs/uploads/..%2f..%2fsecret",
    "/v2/delivery/blobs/uploads/%2e%2e",
    "/v2/delivery/_tags/v1/manifests/v1",
    "/v2//etc/manifests/passwd",
    "/v2/delivery%00/manifests/v1",
    "/v2/delivery/manifests/v1%00",
    "/v2/DELIVERY/manifests/v1",
    "/v2/" + "a/" * 200 + "a/manifests/v1",
    "/v2/delivery/referrers/..%2fsecret",
]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "POST", "DELETE"])
@pytest.mark.parametrize("path", ATTACKS)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, path: str, method: str) -> None:
    """Nothing is read, and nothing appears outside or inside."""
    (tmp_path / "secret").write_text(SECRET)
    with embedded_registry(tmp_path / "registry") as host:
        before = sorted(tmp_path.rglob("*"))
        with contextlib.closing(http.client.HTTPConnection(host)) as connection:
            connection.request(method, path, body=b"x")
            answer = connection.getresponse()
            said = answer.read().decode()

        assert 400 <= answer.status < 500
        assert SECRET not in said
        assert sorted(tmp_path.rglob("*")) == before
        assert (tmp_path / "secret").read_text() == SECRET


@pytest.mark.parametrize("source", ["../..", "..%2f..%2fsecret", "%00", "/etc"])
def test_a_mount_from_elsewhere_is_refused(tmp_path: Path, source: str) -> None:
    """The source's name is a name too."""
    with embedded_registry(tmp_path) as host, contextlib.closing(http.client.HTTPConnection(host)) as connection:
        connection.request("POST", f"/v2/delivery/blobs/uploads/?mount=sha256:{'0' * 64}&from={source}")

        assert connection.getresponse().status == 400


@given(st.text(max_size=40) | st.text("./_-aA0:%\\\0\n", max_size=12))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_whatever_passes_stays_below_its_folder(text: str) -> None:
    """No part of a name is a dot, empty, or one of the store's own folders."""
    for check in (checked_repository, checked_reference, checked_digest, checked_session):
        with contextlib.suppress(RegistryError):
            name = check(text)
            parts = name.split("/")
            assert name == text
            assert name.isascii()
            assert name.isprintable()
            assert not {"", ".", ".."} & set(parts)
            assert "\\" not in name
            assert check is not checked_repository or not any(part.startswith("_") for part in parts)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "localhost.evil.example", ""]
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_attack_a_foreign_name_is_made_to_resolve_to_this_machine(tmp_path: Path, host: str, method: str) -> None:
    """A page of that name would read and overwrite images (DNS rebinding)."""
    with embedded_registry(tmp_path) as registry, contextlib.closing(http.client.HTTPConnection(registry)) as client:
        client.request(method, "/v2/delivery/manifests/v1", body=b"{}", headers={"Host": host})
        answer = client.getresponse()
        refused = json.loads(answer.read())

    assert answer.status == 421
    assert "answers to 127.0.0.1, localhost, [::1] only" in refused["errors"][0]["message"]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
@pytest.mark.parametrize("port", ["", ":5000"])
def test_every_name_of_this_machine_is_answered(tmp_path: Path, name: str, port: str) -> None:
    """Also by way of a tunnel, which has another port."""
    with embedded_registry(tmp_path) as registry, contextlib.closing(http.client.HTTPConnection(registry)) as client:
        client.request("GET", "/v2/", headers={"Host": f"{name}{port}"})

        assert client.getresponse().status == 200
