"""Who is asking, as the local host tells its functions, and how that withstands attacks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import azure.functions as func
import pytest

from infra.local.host import new_person
from tests.support.host import Running, port_of, running, signed_in

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
ANN = new_person(
    "Änn", mails=["ann@example.com", "a@example.com"], groups=["release-managers"], roles=["Slipway.Approve"]
)
BEN = new_person("Ben", mails=["ben@example.com"])


@app.route(route="api/who", methods=["GET", "POST", "DELETE"])
def who(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(dict(req.headers)), mimetype="application/json")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(app, tmp_path_factory.mktemp("host"), people=[ANN, BEN]) as found:
        yield found


@pytest.fixture(scope="module")
def cookie(host: Running) -> dict[str, str]:
    """Ann's browser, among other cookies."""
    return {"Cookie": f"a=1; {signed_in(host, ANN)}; b=2"}


def principal(seen: dict[str, str]) -> Any:
    return json.loads(base64.b64decode(seen["x-ms-client-principal"]))


def test_a_persons_key_becomes_the_principal_that_production_gets(host: Running) -> None:
    """Claims as Easy Auth writes them, each value a claim of its own."""
    seen = host.call("GET", "/api/who", headers={"Authorization": f"Bearer {ANN.key}"}).json()

    assert principal(seen) == {
        "auth_typ": "aad",
        "claims": [
            {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": ANN.id},
            {"typ": "name", "val": "Änn"},
            {"typ": "preferred_username", "val": "ann@example.com"},
            {"typ": "emails", "val": "ann@example.com"},
            {"typ": "emails", "val": "a@example.com"},
            {"typ": "groups", "val": "release-managers"},
            {"typ": "roles", "val": "Slipway.Approve"},
        ],
        "name_typ": "name",
        "role_typ": "roles",
    }
    assert (seen["x-ms-client-principal-id"], seen["x-ms-client-principal-name"]) == (
        ANN.id,
        "ann@example.com",
    )


def test_the_key_itself_reaches_no_function(host: Running, cookie: dict[str, str]) -> None:
    """Nor does the session in the cookies, of which the others stay."""
    by_token = host.call("GET", "/api/who", headers={"Authorization": f"Bearer {ANN.key}"})
    by_cookie = host.call("GET", "/api/who", headers=cookie)

    assert ANN.key not in by_token.body.decode() + by_cookie.body.decode()
    assert by_cookie.json()["cookie"] == "a=1; b=2"
    assert principal(by_cookie.json()) == principal(by_token.json())


def test_forged_principal_headers_are_taken_out(host: Running) -> None:
    """Attack: the caller sends X-MS-CLIENT-PRINCIPAL itself, in any spelling. Defence: all x-ms-* are dropped."""
    forged = [
        "X-MS-CLIENT-PRINCIPAL",
        "x-ms-client-principal-id",
        "X_MS_CLIENT_PRINCIPAL",
        "X-Ms-Token-Aad-Id-Token",
    ]

    seen = host.call("GET", "/api/who", raw=[(name, "e30=") for name in forged]).json()

    assert not [name for name in seen if name.replace("_", "-").startswith("x-ms")]


def test_forged_principal_headers_do_not_mix_with_the_hosts_own(host: Running) -> None:
    """Attack: somebody with a key adds another one's principal. Defence: only the host's own is seen."""
    raw = [("X-MS-CLIENT-PRINCIPAL-ID", ANN.id)]

    seen = host.call("GET", "/api/who", headers={"Authorization": f"Bearer {BEN.key}"}, raw=raw).json()

    assert seen["x-ms-client-principal-id"] == BEN.id


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer wrong"}, {"Cookie": "slipway-session-{port}=wrong"}])
def test_a_key_or_session_of_nobody_is_refused(host: Running, headers: dict[str, str]) -> None:
    """Nobody goes on as anonymous who believes to be somebody; a stale cookie is taken away."""
    headers = {name: value.format(port=port_of(host)) for name, value in headers.items()}
    answer = host.call("GET", "/api/who", headers=headers)

    assert (answer.status, answer.json()["code"]) == (401, "wrong-key")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


def test_without_a_key_the_request_is_anonymous(host: Running) -> None:
    """The function decides what that means."""
    answer = host.call("GET", "/api/who")

    assert answer.status == 200
    assert "x-ms-client-principal" not in answer.json()


@pytest.mark.parametrize("authorization", ["Basic aG9vazpzZWNyZXQ=", "Bearer head.body.signature"])
def test_other_credentials_are_left_to_the_function(host: Running, authorization: str) -> None:
    """A hook's basic authentication and a bot's JWT are verified by the function, as in production."""
    seen = host.call("POST", "/api/who", headers={"Authorization": authorization}).json()

    assert seen["authorization"] == authorization
    assert "x-ms-client-principal" not in seen


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_foreign_page_cannot_write_with_the_browsers_cookie(
    host: Running, cookie: dict[str, str], method: str, sent: dict[str, str]
) -> None:
    """Attack: CSRF, also from another port of this machine. Defence: a write by cookie must prove its origin."""
    answer = host.call(method, "/api/who", headers={**cookie, **sent})

    assert (answer.status, answer.json()["code"]) == (403, "other-site")


def test_what_the_browser_says_of_the_site_counts_before_the_origin(host: Running, cookie: dict[str, str]) -> None:
    """Attack: the origin is made to look like ours. Defence: a page can forge neither, but the site is the stricter word."""
    sent = {"Sec-Fetch-Site": "cross-site", "Origin": host.host.url}

    assert host.call("POST", "/api/who", headers={**cookie, **sent}).status == 403


def test_our_own_page_writes_with_its_cookie(host: Running, cookie: dict[str, str]) -> None:
    """The browser says so in Sec-Fetch-Site, an older one in Origin."""
    origin = {"Origin": host.host.url}

    assert host.call("POST", "/api/who", headers={**cookie, "Sec-Fetch-Site": "same-origin"}).status == 200
    assert host.call("POST", "/api/who", headers={**cookie, **origin}).status == 200


def test_a_key_as_bearer_token_needs_no_origin(host: Running) -> None:
    """A foreign page cannot know it, and a command line has no origin."""
    headers = {"Authorization": f"Bearer {ANN.key}", "Origin": "http://evil.example"}

    assert host.call("POST", "/api/who", headers=headers).status == 200


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "evil.example:80",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "",
        "0.0.0.0",
        "[::1]",
    ],
)
def test_dns_rebinding_is_stopped_by_the_host_header(host: Running, name: str) -> None:
    """Attack: a foreign name is made to resolve to 127.0.0.1. Defence: only our own names are answered."""
    answer = host.call("GET", "/api/who", headers={"Host": name})

    assert (answer.status, answer.json()["code"]) == (421, "wrong-host")
    assert host.call("GET", "/local/sign-in", headers={"Host": name}).status == 421


def test_dns_rebinding_is_stopped_in_an_absolute_target_too(host: Running) -> None:
    """Attack: the foreign name stands in the request line. Defence: it counts instead of the Host header."""
    assert host.call("GET", "http://evil.example/api/who", headers={"Host": "localhost"}).status == 421


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:8080", "127.0.0.1:1"])
def test_our_own_names_are_answered(host: Running, name: str) -> None:
    """Whatever the port: a tunnel may lead here."""
    assert host.call("GET", "/api/who", headers={"Host": name}).status == 200
