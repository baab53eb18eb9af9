"""Who may do what: nobody without an identity, and each with the role that it takes."""

from __future__ import annotations

import base64
import json

import pytest

from tests.support.app_parts import Harness
from tests.support.doors import Doors

S = "/api/services/delivery"
READS = [
    "/api/services",
    S,
    f"{S}/releases",
    f"{S}/releases/1.0.0",
    f"{S}/releases/1.0.0/why",
    f"{S}/builds/1",
    f"{S}/builds/1/steps/image/output",
    f"{S}/ledger",
    f"{S}/ledger/verify",
    f"/api/statuses/{'a' * 40}",
    "/api/holds",
    "/api/estate/ledger",
    "/api/estate/ledger/verify",
    "/api/mark",
    "/api/poison",
    "/api/poison/1",
]
WRITES = [
    ("POST", f"{S}/releases/1.0.0/promote", {"environment": "qa"}),
    ("POST", f"{S}/releases/1.0.0/abort", {}),
    ("POST", f"{S}/releases/1.0.0/retry", {}),
    ("POST", f"{S}/environments/qa/redeploy", {}),
    ("POST", f"{S}/environments/qa/rollback", {"reason": "x"}),
    ("POST", f"{S}/environments/qa/override", {"version": "1.0.0", "gate": "scan", "reason": "x"}),
    ("POST", f"{S}/environments/qa/adopt", {"reason": "x"}),
    ("POST", "/api/holds", {"scope": "everything", "reason": "x"}),
    ("DELETE", "/api/holds/stop", {}),
    ("POST", "/api/poison/1/requeue", {}),
    ("POST", "/api/poison/1/dismiss", {"reason": "x"}),
]
ANSWER = ("POST", f"{S}/approvals/1", {"decision": "approve"})


@pytest.mark.parametrize("path", READS)
def test_reading_takes_an_identity_with_a_role(doors: Doors, path: str) -> None:
    """Any of Slipway's roles will do."""
    assert doors.get(path, who=None).status == 401
    refused = doors.get(path, who="greta")
    assert (refused.status, refused.json()["code"]) == (403, "not-allowed")
    assert "Slipway.Read" in refused.json()["detail"]
    assert doors.get(path, who="ada").status in (200, 404)


@pytest.mark.parametrize(("method", "path", "body"), [*WRITES, ANSWER])
def test_a_write_without_an_identity_is_401_and_nothing_is_written(
    doors: Doors, slipway: Harness, method: str, path: str, body: object
) -> None:
    """Not even the ledger hears of it."""
    before = slipway.timeline()

    answer = doors.send(method, path, body, who=None)

    assert (answer.status, answer.json()["code"]) == (401, "not-signed-in")
    assert slipway.timeline() == before


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_write_takes_the_role_of_operators(doors: Doors, method: str, path: str, body: object) -> None:
    """403 names it; approving is no operating."""
    for who in ("rita", "greta"):
        answer = doors.send(method, path, body, who=who)

        assert (answer.status, answer.json()["code"]) == (403, "not-allowed")
        assert "Slipway.Operate or Slipway.Admin" in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "body"), [*WRITES, ANSWER])
def test_a_principal_that_the_caller_made_up_is_taken_out(
    doors: Doors, slipway: Harness, method: str, path: str, body: object
) -> None:
    """In whatever spelling the header comes."""
    claims = [{"typ": "oid", "val": "1"}, {"typ": "roles", "val": "Slipway.Admin"}]
    forged = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
    before = slipway.timeline()

    for name in ("X-MS-CLIENT-PRINCIPAL", "x-ms-client-principal", "X_MS_CLIENT_PRINCIPAL"):
        assert doors.send(method, path, body, who=None, headers={name: forged}).status == 401
    assert slipway.timeline() == before


def test_a_page_of_another_site_may_not_write_with_a_persons_cookie(doors: Doors) -> None:
    """Nor with a token that it got hold of a browser with."""
    answer = doors.post("/api/holds", {"scope": "everything", "reason": "x"}, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status == 403


def test_an_idempotency_key_that_cannot_be_one_is_400(doors: Doors) -> None:
    """It would name no request."""
    answer = doors.post("/api/holds", {"scope": "everything", "reason": "x"}, key="x" * 300)

    assert (answer.status, answer.json()["field"]) == (400, "Idempotency-Key")


def test_answers_are_not_cached_and_not_sniffed(doors: Doors) -> None:
    """They are of this person and of now."""
    headers = doors.get("/api/services").headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
