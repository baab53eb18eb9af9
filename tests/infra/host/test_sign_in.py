"""Signing a browser in at the local host: by a button on its own page, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import azure.functions as func
import pytest

from infra.local.host import new_person
from infra.local.host.sessions import Sessions
from tests.support.host import Answer, Running, port_of, running, signed_in

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
ANN = new_person("Änn", mails=["ann@example.com"])
BEN = new_person("Ben", mails=["ben@example.com"])
PATH = "/local/sign-in"


@app.route(route="api/who", methods=["GET", "POST"])
def who(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.headers.get("x-ms-client-principal-id", ""))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(app, tmp_path_factory.mktemp("host"), people=[ANN, BEN]) as found:
        yield found


def posted(host: Running, key: str, **headers: str) -> Answer:
    """Post a key as a form does."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return host.call("POST", PATH, body=f"key={key}".encode(), headers=named)


def test_attack_a_link_signs_somebody_in_as_somebody_else(host: Running) -> None:
    """A foreign link shows the page and no more; without a button nobody is signed in."""
    answer = host.call("GET", f"{PATH}?key={ANN.key}")

    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    assert ANN.key not in answer.body.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_attack_a_foreign_page_posts_a_key(host: Running, headers: dict[str, str]) -> None:
    """Signing somebody in as the attacker is forged, too; also by another port of this machine."""
    answer = posted(host, ANN.key, **headers)

    assert (answer.status, answer.json()["code"]) == (403, "other-site")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("headers", [{"Sec_Fetch_Site": "same-origin"}, {}], ids=["site", "origin"])
def test_the_page_begins_a_session_and_leads_on(host: Running, headers: dict[str, str]) -> None:
    """The cookie is no key, has the port in its name, and no script or other site can use it."""
    answer = posted(host, ANN.key, **(headers or {"Origin": host.host.url}))

    value, _, more = answer.headers["Set-Cookie"].partition("; ")
    name, _, session = value.partition("=")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (name, more) == (f"slipway-session-{port_of(host)}", "HttpOnly; Path=/; SameSite=Strict")
    assert session != ANN.key
    assert answer.headers["Cache-Control"] == "no-store"
    assert host.call("GET", "/api/who", headers={"Cookie": value}).body.decode() == ANN.id


def test_attack_the_cookie_of_another_port_counts(host: Running) -> None:
    """Cookies know no ports: what another server of this machine set is not ours, nor is a key in a cookie."""
    session = signed_in(host, ANN).partition("=")[2]
    for cookie in (f"slipway-session-1={session}", f"slipway-session={session}", f"slipway-key={ANN.key}"):
        answer = host.call("GET", "/api/who", headers={"Cookie": cookie})
        assert (answer.status, answer.body) == (200, b""), cookie

    ours = f"slipway-session-{port_of(host)}={ANN.key}"
    assert host.call("GET", "/api/who", headers={"Cookie": ours}).status == 401


@pytest.mark.parametrize("key", ["", "wrong", "x" * 10_000])
def test_a_key_of_nobody_signs_nobody_in(host: Running, key: str) -> None:
    """Nor does a hash of one, or a body of any length."""
    answer = posted(host, key, Origin=host.host.url)

    assert (answer.status, answer.json()["code"]) == (401, "wrong-key")
    assert "Set-Cookie" not in answer.headers


def test_the_page_asks_whose_the_key_is(host: Running) -> None:
    """So that nobody presses a button without knowing as whom."""
    path = f"{PATH}/who"
    found = host.call("GET", path, headers={"Authorization": f"Bearer {ANN.key}"})
    nobody = host.call("GET", path, headers={"Authorization": f"Bearer {ANN.key_sha256}"})

    assert found.json() == {"name": "Änn"}
    assert (nobody.status, host.call("GET", path).status) == (401, 401)


def test_the_page_runs_its_own_script_and_is_in_nobodys_frame(host: Running) -> None:
    """And keeps what stands behind the `#` to itself."""
    page, script = host.call("GET", PATH), host.call("GET", f"{PATH}.js")

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert b"<script src" in page.body
    assert b"history.replaceState" in script.body
    assert script.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize(("method", "path"), [("PUT", PATH), ("POST", f"{PATH}.js"), ("DELETE", f"{PATH}/who")])
def test_signing_in_takes_no_other_method(host: Running, method: str, path: str) -> None:
    """As everywhere."""
    assert host.call(method, path).status == 405


def test_a_session_ends_when_it_is_not_used() -> None:
    """Use prolongs it; an unknown one is nobody's."""
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    used, left = sessions.begin(ANN), sessions.begin(BEN)
    for _ in range(3):
        now[0] += 5 * 60 * 60
        assert sessions.person(used) == ANN

    assert sessions.person(left) is None
    assert sessions.person("unknown") is None


def test_sessions_are_bounded() -> None:
    """The one that was used the longest ago goes first."""
    sessions = Sessions()
    first, second = sessions.begin(ANN), sessions.begin(BEN)
    sessions.person(first)
    for _ in range(999):
        sessions.begin(BEN)

    assert sessions.person(first) == ANN
    assert sessions.person(second) is None
