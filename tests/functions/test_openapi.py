"""The document as it is served, and real answers against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_document import fault_in, operations, served
from tests.support.app_parts import Harness
from tests.support.doors import HOOK_SECRET, REGISTRY_SECRET, Doors, serving
from tests.support.host import Running
from tests.support.lively import WAITING, lively
from tests.support.payloads import payload

S = "/api/services/delivery"
HELD = "delivery-v1.2.0"
SECRETS = {"/api/hooks/git": HOOK_SECRET, "/api/hooks/registry": REGISTRY_SECRET}
# An address for every operation that reads.
READS = {
    "get_build": f"{S}/builds/2",
    "get_estate_ledger": "/api/estate/ledger",
    "get_estate_ledger_check": "/api/estate/ledger/verify",
    "get_evidence": f"{S}/releases/1.2.0/promotions/6/evidence",
    "get_health": "/api/health",
    "get_holds": "/api/holds",
    "get_ledger": f"{S}/ledger?most=500",
    "get_ledger_check": f"{S}/ledger/verify",
    "get_mark": "/api/mark?service=delivery",
    "get_openapi": "/api/openapi.json",
    "get_output": f"{S}/builds/2/steps/unit-tests/output",
    "get_poison": "/api/poison",
    "get_poison_message": "/api/poison/2",
    "get_release": f"{S}/releases/1.2.0",
    "get_releases": f"{S}/releases?most=100",
    "get_service": S,
    "get_services": "/api/services",
    "get_static": "/static/page.js",
    "get_statuses": f"/api/statuses/{'0' * 40}",
    "get_why": f"{S}/releases/{WAITING}/why",
    "show_holds": "/holds",
    "show_overview": "/",
    "show_poison": "/poison",
    "show_service": "/services/delivery",
}
# For every operation that writes: an address, a body, and how it is answered.
WRITES: dict[str, tuple[str, Any, int]] = {
    "abort": (f"{S}/releases/{WAITING}/abort", {"reason": "x"}, 202),
    "add_hold": ("/api/holds", {"scope": "service:delivery", "reason": "x"}, 201),
    "adopt": (f"{S}/environments/qa/adopt", {"version": "1.1.0", "reason": "x"}, 200),
    "answer_approval": (f"{S}/approvals/{{request}}", {"decision": "approve"}, 200),
    "dismiss_poison": ("/api/poison/2/dismiss", {"reason": "x"}, 200),
    "git_pushed": ("/api/hooks/git", payload("git-hook"), 202),
    "lift_hold": (f"/api/holds/{HELD}", None, 200),
    "override": (f"{S}/environments/production/override", {"version": WAITING, "gate": "scan", "reason": "x"}, 200),
    "promote": (f"{S}/releases/1.2.0/promote", {"environment": "production"}, 202),
    "redeploy": (f"{S}/environments/production/redeploy", None, 202),
    "registry_pushed": ("/api/hooks/registry", payload("cncf-distribution"), 202),
    "requeue_poison": ("/api/poison/2/requeue", None, 200),
    "retry": ("/api/services/package/releases/2.1.0/retry", None, 202),
    "rollback": (f"{S}/environments/production/rollback", {"reason": "x", "to": "1.0.0"}, 202),
}


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """An application with a history."""
    made = lively(tmp_path)
    yield made
    made.database.close()


def by_name() -> dict[str, tuple[str, str]]:
    """Path and method of each operation."""
    return {one["operationId"]: (path, method) for path, method, one in operations(served())}


def test_the_document_is_served_to_anybody(doors: Doors) -> None:
    """What makes a client of it has no key."""
    answer = doors.get("/api/openapi.json", who=None)

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json() == served()


def test_every_operation_is_tried_here() -> None:
    """A new one has to be added."""
    assert READS.keys() | WRITES.keys() == by_name().keys()


def test_what_every_route_reads_is_as_the_document_says(doors: Doors) -> None:
    """With a history behind it; a member too many is a fault as well."""
    for name, address in READS.items():
        answer = doors.get(address, who="max")

        assert (name, answer.status) == (name, 200)
        assert (name, fault_in(answer, *by_name()[name])) == (name, "")


@pytest.mark.parametrize("name", WRITES)
def test_what_a_write_answers_is_as_the_document_says(doors: Doors, slipway: Harness, name: str) -> None:
    """Done the first time, and whatever a second time leads to."""
    path, body, status = WRITES[name]
    address = path.format(request=slipway.request()) if "{request}" in path else path
    method = by_name()[name][1].upper()
    headers = {"X-Slipway-Secret": SECRETS[path]} if path in SECRETS else {}

    first = doors.send(method, address, body, who="max", headers=headers)
    again = doors.send(method, address, body, who="max", headers=headers)

    assert first.status == status
    assert [fault_in(one, *by_name()[name]) for one in (first, again)] == ["", ""]


@pytest.mark.parametrize(
    ("name", "address", "body", "who", "status"),
    [
        ("get_service", "/api/services/nobody", None, "max", 404),
        ("get_service", S, None, None, 401),
        ("get_service", S, None, "greta", 403),
        ("get_releases", f"{S}/releases?most=x", None, "max", 400),
        ("show_service", "/services/nobody", None, "max", 404),
        ("abort", f"{S}/releases/1.0.0/abort", {}, "max", 409),
        ("abort", f"{S}/releases/9.9.9/abort", {}, "max", 404),
        ("answer_approval", f"{S}/approvals/{{request}}", {"decision": "approve"}, "ada", 403),
        ("rollback", f"{S}/environments/qa/rollback", {}, "max", 400),
        ("rollback", f"{S}/environments/qa/rollback", b" " * 2**20 + b"{}", "max", 413),
    ],
)
def test_a_refusal_is_as_the_document_says(
    doors: Doors, slipway: Harness, name: str, address: str, body: Any, who: str | None, status: int
) -> None:
    """Of what was only read, of what was decided on, and of a page."""
    path, method = by_name()[name]
    asked = address.format(request=slipway.request())

    answer = doors.send(method.upper(), asked, body, who=who)

    assert answer.status == status
    assert fault_in(answer, path, method) == ""


def test_an_answer_that_is_not_as_promised_is_seen(doors: Doors, host: Running) -> None:
    """One of another route; a status, a member and a media type that nobody spoke of."""
    holds, page = doors.get("/api/holds", who="max"), doors.get("/", who="max")

    assert "holds" in fault_in(holds, "/api/services", "get")
    assert "text/html" in fault_in(page, "/api/holds", "get")
    assert "418" in fault_in(type(holds)(status=418, headers={}, body=b""), "/api/holds", "get")


def test_an_unavailable_store_answers_as_the_document_says(slipway: Harness, host: Running) -> None:
    """With when to try again."""
    from tests.functions.test_reading import DeadStore

    with serving(slipway.wrap(store=DeadStore(slipway.outside.clock)), host) as doors:
        for name in ("get_health", "get_holds", "show_overview"):
            answer = doors.get(READS[name], who="max")

            assert (answer.status, fault_in(answer, *by_name()[name])) == (503, "")
