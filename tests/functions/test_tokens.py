"""The API and the pages behind Entra ID: real tokens of each role at every route there is, and a vote by token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import function_app
from functions.helpers.described import describes, routes
from shared.adapters.entra.graph import GraphDirectory
from shared.adapters.storage.message_leases import running_time
from shared.openapi.document import Route
from tests.support.app_parts import Harness
from tests.support.doors import Doors, open_host, serving
from tests.support.entra_stand_in import EntraStandIn, Human, entra_stand_in, object_id
from tests.support.host import Answer, Running

READ, APPROVE, OPERATE, ADMIN = (f"Slipway.{one}" for one in ("Read", "Approve", "Operate", "Admin"))
ROLES: tuple[str, ...] = ("", READ, APPROVE, OPERATE, ADMIN)
# Who of ROLES gets in where a route says so; "approvers" leaves it to the approval rule, hooks take no token at all.
MAY = {
    "readers": (READ, APPROVE, OPERATE, ADMIN),
    "operators": (OPERATE, ADMIN),
    "approvers": ROLES,
    "anybody": ROLES,
    "secret": (),
}
PARAMETERS = {
    "service": "delivery",
    "version": "1.0.0",
    "environment": "qa",
    "promotion": "1",
    "number": "1",
    "step": "image",
    "commit": "a" * 40,
    "request": "r-1",
    "id": "stop",
    "poison": "p-1",
    "file": "page.css",
}
MANAGERS = object_id("managers")
RITA = Human(name="Rita Manager", mail="release-manager@example.com")


def every_route() -> list[Route]:
    """Every route of the app."""
    describes(lambda: function_app.make(frozenset()).get_functions())
    return list(routes())


def by_name(name: str) -> Route:
    """One of them."""
    return next(route for route in every_route() if route.name == name)


@pytest.fixture(scope="module")
def entra() -> Iterator[EntraStandIn]:
    """A tenant that the installation is behind."""
    with entra_stand_in() as opened:
        opened.groups[MANAGERS] = "release-managers"
        opened.people.append(RITA)
        yield opened


@pytest.fixture(scope="module")
def host(entra: EntraStandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The functions, with settings that lead to the tenant."""
    with open_host(tmp_path_factory.mktemp("host"), settings=entra.variables()) as opened:
        yield opened


@pytest.fixture
def doors(slipway: Harness, host: Running, entra: EntraStandIn) -> Iterator[Doors]:
    """The application with the tenant's directory."""
    slipway.wrap(directory=GraphDirectory(entra.url, entra.credential, elapsed=running_time))
    with serving(slipway, host) as opened:
        yield opened


JSON = {"Content-Type": "application/json"}


def ask(doors: Doors, route: Route, token: str) -> Answer:
    """Ask for a route with a token, none where it is empty."""
    headers = {**JSON, **({"Authorization": f"Bearer {token}"} if token else {})}
    body = json.dumps(route.operation.example).encode() if route.operation.body else b""
    return doors.host.call(route.methods[0].upper(), route.path.format(**PARAMETERS), body=body, headers=headers)


@pytest.mark.parametrize("route", every_route(), ids=lambda route: route.name)
def test_each_route_asks_for_the_role_that_it_says(doors: Doors, entra: EntraStandIn, route: Route) -> None:
    """People and programs alike; without a token it is 401 wherever anything may be asked for."""
    may = MAY[route.operation.who]
    refusal = 401 if route.operation.who == "secret" else 403

    assert ask(doors, route, "").status in ((200, 404) if route.operation.who == "anybody" else (401,))
    for role in ROLES:
        roles = (role,) if role else ()
        for token in (entra.token(None, *roles), entra.program_token("pipeline", *roles)):
            status = ask(doors, route, token).status

            assert status == refusal if role not in may else status in (200, 201, 202, 404, 409), (role, status)


def test_every_kind_of_caller_is_in_the_table() -> None:
    """A new one has to be thought of here."""
    assert {route.operation.who for route in every_route()} == MAY.keys()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tid": object_id("other")}, "another tenant"),
        ({"aud": "https://graph.microsoft.com"}, "another audience"),
        ({"exp": 1}, "expired"),
        ({"nbf": 4_000_000_000}, "not valid yet"),
        ({"scp": None}, "ID token"),
        ({"kid": "key-9"}, "does not publish"),
    ],
)
def test_attacks_by_tokens_end_at_the_door(
    doors: Doors, entra: EntraStandIn, changes: dict[str, Any], says: str
) -> None:
    """Whatever role they claim; tests of inbound and of the adapter have all of them."""
    answer = ask(doors, by_name("get_services"), entra.token(RITA, ADMIN, **{"kid": "key-1", **changes}))

    assert (answer.status, answer.json()["code"]) == (401, "wrong-token")
    assert says in answer.json()["detail"]
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_without_keys_callers_are_told_to_come_again(
    slipway: Harness, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """503, and nothing of what is wrong inside."""
    with entra_stand_in() as entra:
        entra.failing["/openid-configuration"] = (500, {})
        with (
            open_host(tmp_path_factory.mktemp("host"), settings=entra.variables()) as host,
            serving(slipway, host) as doors,
        ):
            answer = doors.host.call(
                "GET", "/api/services", headers={"Authorization": f"Bearer {entra.token(RITA, READ)}"}
            )

    assert (answer.status, answer.json()["code"], answer.headers["Retry-After"]) == (503, "outside-unavailable", "11")


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"groups": [MANAGERS]}, 200),
        ({"_claim_names": {"groups": "src1"}}, 200),
        ({"hasgroups": True}, 200),
        ({}, 403),
        ({"groups": ["release-managers"]}, 403),
        ({"roles": [ADMIN]}, 403),
    ],
    ids=["the claim", "left out", "left out, implicitly", "no groups", "a group that is called so", "an admin"],
)
def test_a_vote_by_token_counts_by_the_groups_id(
    doors: Doors, slipway: Harness, entra: EntraStandIn, claims: dict[str, Any], status: int
) -> None:
    """From the claim, or from Graph where there are too many groups for one."""
    max_ = Human(name=f"Max {status} {sorted(claims)}", mail="max@example.com", groups=())
    entra.people.append(replace(max_, groups=(MANAGERS,)))
    slipway.push("refs/heads/main", {"slipway.yaml": _again(slipway)})
    slipway.pump()
    slipway.release_to("1.0.0", approve=False)
    headers = {**JSON, "Authorization": f"Bearer {entra.token(max_, READ, **claims)}"}
    path = f"/api/services/delivery/approvals/{slipway.request()}"
    shown = doors.host.call("GET", "/api/services/delivery/releases/1.0.0", headers=headers).json()

    answer = doors.host.call("POST", path, body=b'{"decision": "approve"}', headers=headers)

    assert (answer.status, answer.json()["code"]) == (status, "" if status == 200 else "not-an-approver")
    assert shown["promotions"][-1]["approval"]["may_reject"] is (status == 200)


@pytest.mark.parametrize(("named", "status"), [(False, 403), (True, 200)])
def test_a_program_approves_only_where_the_rule_names_its_id(
    doors: Doors, slipway: Harness, entra: EntraStandIn, named: bool, status: int
) -> None:
    """With the role of approvers, and in their group."""
    approvers = f'approvers: ["{object_id("pipeline")}"], ' if named else ""
    rule = f"approval: {{{approvers}minimum: 1, forbid: []}}"
    slipway.push("refs/heads/main", {"slipway.yaml": re.sub(rb"approval: {.*}", rule.encode(), _again(slipway))})
    slipway.pump()
    slipway.release_to("1.0.0", approve=False)
    token = entra.program_token("pipeline", READ, APPROVE, groups=[MANAGERS])
    path, headers = (
        f"/api/services/delivery/approvals/{slipway.request()}",
        {**JSON, "Authorization": f"Bearer {token}"},
    )

    answer = doors.host.call("POST", path, body=b'{"decision": "approve"}', headers=headers)

    assert (answer.status, answer.json()["code"]) == (status, "" if named else "not-an-approver")


def _again(slipway: Harness) -> bytes:
    """The configuration, written anew, to be read with the directory there."""
    main = slipway.outside.source.refs("shipping")["refs/heads/main"]
    found = slipway.outside.source.file("shipping", main, "slipway.yaml")
    assert found is not None
    return found + b"# again\n"
