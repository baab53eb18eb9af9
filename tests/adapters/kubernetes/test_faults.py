"""What a cluster that says no, or nothing, is told as: whose fault it is, whether to try again, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.adapters.kubernetes.faults import Conflict
from shared.ports.errors import AdapterError, NotFound, Permanent, Transient
from tests.support.cluster.http_doors import Answering, closed, door, nobody
from tests.support.cluster.pki import make_pki

PODS = ("api", "v1", "namespaces", "qa", "pods")
BY_RBAC = 'pods is forbidden: User "qa" cannot list resource "pods" in API group "" in the namespace "qa"'


@contextmanager
def api(server: str, *, authority: str = "", patience: float = 0.3) -> Iterator[Api]:
    """The API at an address."""
    made = Api(
        ClusterConnection(name="blue", server=server, authority=authority, token="t0ken".__str__), to_connect=patience
    )
    try:
        yield made
    finally:
        made.close()


def told(answering: Answering) -> AdapterError:
    """What an answer is told as."""
    with door(answering), api(answering.url) as found, pytest.raises(AdapterError) as error:
        found.get(PODS)
    assert str(error.value).startswith("cluster blue: GET /api/v1/namespaces/qa/pods: ")
    return error.value


def status(message: str) -> bytes:
    """A refusal as API servers write it."""
    return json.dumps({"kind": "Status", "status": "Failure", "message": message}).encode()


@pytest.mark.parametrize(
    ("code", "message", "kind", "ours", "advice"),
    [
        (401, "Unauthorized", Permanent, True, "the cluster does not know our token, or it has ended: look at the environment's identity"),
        (403, BY_RBAC, Permanent, True, "give the environment's identity the Role that `make rbac` prints"),
        (403, 'pods is forbidden: User "system:anonymous" cannot list', Permanent, True, "the cluster was shown no token"),
        (403, 'pods "x" is forbidden: exceeded quota: q, requested: pods=1', Permanent, False, "exceeded quota: q"),
        (403, 'pods "x" is forbidden: violates PodSecurity "restricted:latest"', Permanent, False, "violates PodSecurity"),
        (404, 'namespaces "qa" not found', NotFound, True, 'namespaces "qa" not found'),
        (409, "the object has been modified", Conflict, True, "the object has been modified"),
        (422, "spec.selector: field is immutable", Permanent, False, "field is immutable"),
        (302, "", Permanent, True, "sends us elsewhere, correct its address"),
        (500, "failed to create typed patch object", Permanent, False, "correct the template"),
    ],
)  # fmt: skip
def test_a_refusal_says_whose_fault_it_is(
    code: int, message: str, kind: type[Permanent], ours: bool, advice: str
) -> None:
    """Trying again cannot help."""
    error = told(Answering(status=code, body=status(message)))

    assert isinstance(error, kind)
    assert (error.ours, type(error)) == (ours, kind)
    assert advice in str(error)


@pytest.mark.parametrize(
    ("code", "asked", "waits"),
    [
        (429, "7", timedelta(seconds=7)),
        (503, "100000", timedelta(minutes=10)),
        (500, "", None),
        (504, "soon", None),
        (410, "", None),
    ],
)
def test_what_passes_is_tried_again_when_the_server_says(code: int, asked: str, waits: timedelta | None) -> None:
    """And not later than in ten minutes, whatever it says."""
    error = told(Answering(status=code, body=status("later"), headers={"Retry-After": asked} if asked else {}))

    assert isinstance(error, Transient)
    assert error.retry_after == waits


@pytest.mark.parametrize(
    "answering",
    [
        Answering(body=b"<html>sign in</html>"),
        Answering(body=b"{", stop=True),
        Answering(status=502, body=b"bad gateway", stop=True),
        Answering(status=502, body=b"bad gateway"),
    ],
)
def test_what_no_api_server_answers_is_tried_again(answering: Answering) -> None:
    """A proxy between us has a bad moment."""
    assert isinstance(told(answering), Transient)


@pytest.mark.parametrize(
    "server", [closed(), "https://cluster.invalid", "https://192.0.2.1"], ids=["refused", "unknown", "silent"]
)
def test_an_address_that_cannot_be_reached_may_be_that_of_a_private_cluster(server: str) -> None:
    """Nobody listens there, no name server knows it, or nothing comes back."""
    with (
        api(server) as found,
        pytest.raises(Transient, match="a private cluster, or its authorised IP ranges leave us out"),
    ):
        found.get(PODS)


def test_a_server_that_says_nothing_is_given_up_after_a_while() -> None:
    """It takes connections, so it is no private cluster."""
    with nobody() as server, api(server) as found, pytest.raises(Transient, match="timed out") as error:
        found.get(PODS)

    assert "private cluster" not in str(error.value)


def test_attack_stand_between_us_and_a_cluster(tmp_path: Path) -> None:
    """A certificate of another authority than ours is not answered with a token."""
    for name in ("ours", "theirs"):
        make_pki(tmp_path / name)
    authority = (tmp_path / "ours/ca.crt").read_text()
    with door(Answering(), tmp_path / "theirs/apiserver.crt") as theirs, api(theirs.url, authority=authority) as found:
        with pytest.raises(
            Permanent, match=r"does not prove that it is this cluster: .*; correct its address and `ca`"
        ) as error:
            found.get(PODS)

    assert error.value.ours
    assert theirs.shown == []


def test_the_right_authority_is_answered_with_the_token(tmp_path: Path) -> None:
    """So that the test above fails for what it says."""
    make_pki(tmp_path)
    authority = (tmp_path / "ca.crt").read_text()
    with door(Answering(), tmp_path / "apiserver.crt") as server, api(server.url, authority=authority) as found:
        assert found.get(PODS) == {}

    assert server.shown == ["Bearer t0ken"]


def test_a_certificate_for_another_name_does_not_prove_it(tmp_path: Path) -> None:
    """Also where its authority is ours."""
    make_pki(tmp_path)
    authority = (tmp_path / "ca.crt").read_text()
    with door(Answering(), tmp_path / "apiserver.crt") as server:
        other = ClusterConnection(
            name="blue", server=server.url, authority=authority, token=str, server_name="other.example.com"
        )
        found = Api(other)
        with pytest.raises(Permanent, match="does not prove that it is this cluster"):
            found.get(PODS)
        found.close()


def test_what_speaks_no_tls_is_a_wrong_address() -> None:
    """A port of something else."""
    with door(Answering()) as plain, api(plain.url.replace("http:", "https:")) as found:
        with pytest.raises(Permanent, match=r"no TLS with it is possible: .*; correct its address") as error:
            found.get(PODS)

    assert error.value.ours


def test_attack_lead_a_token_elsewhere() -> None:
    """A redirect is not followed."""
    with door(Answering()) as elsewhere:
        told(Answering(status=307, headers={"Location": f"{elsewhere.url}/api"}))

    assert elsewhere.shown == []
