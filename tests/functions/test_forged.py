"""Forged headers at functions that no host stands before, as App Service runs them with Easy Auth off or on.

Nothing here starts a local host: what it may vouch for would hide what is tested.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import azure.functions as func
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import function_app
from functions.helpers.described import describes, routes
from shared import bootstrap, signing_in
from shared.config import Settings
from shared.domain.values.errors import InvalidValue
from tests.support.app_parts import Harness
from tests.support.doors import HOOK_SECRET, PEOPLE, settings_of
from tests.support.entra_stand_in import CLIENT, TENANT, object_id
from tests.support.tree import ROOT, product_files

CONFIG = (ROOT / "shared/config.py").read_text() + (ROOT / "shared/inbound/entra.py").read_text()
OURS = sorted(set(re.findall(r'"(SLIPWAY_[A-Z_]+)"', CONFIG)))
# What App Service itself sets, beside the one that counts.
PLATFORM = (
    "WEBSITE_SITE_NAME",
    "WEBSITE_INSTANCE_ID",
    "WEBSITE_HOSTNAME",
    "WEBSITE_AUTH_AUTO_AAD",
    "WEBSITE_AUTH_DEFAULT_PROVIDER",
    "WEBSITE_AUTH_OPENID_ISSUER",
    "WEBSITE_AUTH_CLIENT_ID",
    "WEBSITE_AUTH_ENABLED_",
    "AZURE_FUNCTIONS_ENVIRONMENT",
    "FUNCTIONS_WORKER_RUNTIME",
    "AzureWebJobsEnv",
)
VALUES = ("true", "True", "1", "local", "Development", "aad", "{}", TENANT)


def forged(tenant: str = TENANT) -> dict[str, str]:
    """What Easy Auth would write for an admin of a tenant."""
    claims = {"oid": object_id("mallory"), "roles": "Slipway.Admin", "tid": tenant, "name": "Mallory"}
    content = {"auth_typ": "aad", "role_typ": "roles", "claims": [{"typ": t, "val": v} for t, v in claims.items()]}
    return {
        "X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps(content).encode()).decode(),
        "X-MS-CLIENT-PRINCIPAL-ID": claims["oid"],
        "X-MS-CLIENT-PRINCIPAL-IDP": "aad",
    }


def call(name: str, url: str, headers: Mapping[str, str], method: str = "GET") -> func.HttpResponse:
    """Call a function as the platform's worker does."""
    made = {one.get_function_name(): one.get_user_function() for one in function_app.make(frozenset()).get_functions()}
    route = {"service": "delivery", "id": "stop", "version": "1.0.0"}
    answer = made[name](func.HttpRequest(method, url, headers=headers, params={}, route_params=route, body=b"{}"))
    assert isinstance(answer, func.HttpResponse)
    return answer


@pytest.fixture(autouse=True)
def _behind(slipway: Harness) -> Iterator[None]:
    """An application is there; nobody vouches for anybody."""
    assert not signing_in.sign_in().host_vouches
    bootstrap.use(slipway.app)
    yield
    bootstrap.use(None)


def starts(variables: Mapping[str, str]) -> bool:
    """Whether an app with these settings starts at all."""
    try:
        Settings.from_env(variables)
    except InvalidValue:
        return False
    return True


def services(headers: Mapping[str, str]) -> func.HttpResponse:
    """Ask for the list of services."""
    return call("get_services", "https://slipway.example/api/services", headers)


def test_attack_a_forged_header_without_easy_auth_at_every_route() -> None:
    """Attack: write Easy Auth's header oneself. Defence: it is read only where the platform says that it is its own."""
    describes(lambda: function_app.make(frozenset()).get_functions())
    guarded = [one for one in routes() if one.operation.who not in ("anybody", "secret")]
    assert len(guarded) > 20

    with settings_of({"SLIPWAY_ENTRA_TENANT": TENANT, "SLIPWAY_ENTRA_AUDIENCES": CLIENT}):
        for one in guarded:
            answer = call(one.name, f"https://slipway.example{one.path}", forged(), one.methods[0].upper())
            assert answer.status_code == 401, one.name


@pytest.mark.parametrize("name", [*OURS, *PLATFORM])
def test_attack_a_forged_header_through_a_setting(name: str) -> None:
    """Attack: find a setting that makes the header count. Defence: none does but the platform's own."""
    assert name != "WEBSITE_AUTH_ENABLED"
    for value, tenant in product(VALUES, ("", TENANT)):
        chosen = {"SLIPWAY_ENTRA_TENANT": tenant, name: value}
        if starts(chosen):
            with settings_of(chosen):
                assert services(forged()).status_code == 401, value


@pytest.mark.parametrize("value", VALUES[:5])
def test_attack_a_forged_header_through_all_settings_at_once(value: str) -> None:
    """Attack: several together. Defence: the same."""
    fitting = {name: value for name in [*OURS, *PLATFORM] if starts({name: value})}
    assert len(fitting) > 15

    with settings_of({**fitting, "SLIPWAY_ENTRA_TENANT": TENANT}):
        assert services(forged()).status_code == 401


# What opens other doors, or this one elsewhere: of the local host, of hooks, of the Functions host, of Easy Auth itself.
KEY = PEOPLE["max"].key
ELSEWHERE = {
    "Cookie": f"slipway-key={KEY}; AppServiceAuthSession={KEY}",
    "Authorization": f"Bearer {KEY}",
    "X-Slipway-Secret": HOOK_SECRET,
    "X-Functions-Key": KEY,
    "X-ZUMO-AUTH": KEY,
    "X-MS-CLIENT-PRINCIPAL-NAME": "release-manager@example.com",
    "X-MS-TOKEN-AAD-ID-TOKEN": KEY,
    "X_MS_CLIENT_PRINCIPAL": forged()["X-MS-CLIENT-PRINCIPAL"],
    "Host": "localhost",
    "X-Forwarded-For": "127.0.0.1",
}


@given(
    st.dictionaries(st.sampled_from([*OURS, *PLATFORM]), st.sampled_from(VALUES), max_size=12),
    st.dictionaries(st.sampled_from([*ELSEWHERE]), st.sampled_from(["", HOOK_SECRET, KEY, *ELSEWHERE.values()])),
    st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_attack_whatever_opens_something_else(chosen: dict[str, str], sent: dict[str, str], whole: bool) -> None:
    """Attack: settings together, keys of the local host, secrets of hooks. Defence: a token of the tenant, or nobody."""
    known = {"SLIPWAY_ENTRA_TENANT": TENANT, "SLIPWAY_ENTRA_AUDIENCES": CLIENT, "SLIPWAY_HOOK_SECRET": HOOK_SECRET}
    variables = {**known, **chosen} if whole else chosen
    assume(starts(variables))

    with settings_of(variables):
        answer = services({**forged(), **(ELSEWHERE if whole else {}), **sent})

    assert answer.status_code == 401
    assert json.loads(answer.get_body())["code"] in ("not-signed-in", "wrong-token")


@pytest.mark.parametrize("value", ["", "False", "false", "0", "1", "yes", "True ", "on"])
def test_easy_auth_is_off_unless_the_platform_says_that_it_is_on(value: str) -> None:
    """In its own words."""
    with settings_of({"WEBSITE_AUTH_ENABLED": value, "SLIPWAY_ENTRA_TENANT": TENANT}):
        assert services(forged()).status_code == 401


def test_with_easy_auth_the_header_is_the_platforms() -> None:
    """It has taken the caller's out; somebody of another tenant stays out, and so does everybody without one set."""
    with settings_of({"WEBSITE_AUTH_ENABLED": "True", "SLIPWAY_ENTRA_TENANT": TENANT}):
        assert services(forged()).status_code == 200
        assert services(forged(object_id("other"))).status_code == 401
    with settings_of({"WEBSITE_AUTH_ENABLED": "True"}):
        assert services(forged()).status_code == 401


def test_only_the_local_host_can_vouch_and_it_is_not_deployed() -> None:
    """The one way to have a header believed is a call from code outside of the deployment package."""
    calls = [
        path
        for path in product_files()
        if re.search(r"\btrust\(|\bhost_vouches\s*=\s*True", (ROOT / path).read_text())
        and path != Path("shared/signing_in.py")
    ]

    assert calls == [Path("infra/local/host/host.py")]


def test_a_browser_is_sent_to_sign_in_where_easy_auth_is_on() -> None:
    """And comes back to the page that it asked for."""
    url = "https://slipway.example/services/delivery?after=1"
    with settings_of({"WEBSITE_AUTH_ENABLED": "True", "SLIPWAY_ENTRA_TENANT": TENANT}):
        sent = call("show_service", url, {})
        wrong = call("show_service", url, forged(object_id("other")))
        program = services({})
    with settings_of({"SLIPWAY_ENTRA_TENANT": TENANT}):
        off = call("show_service", url, {})

    back = "%2Fservices%2Fdelivery%3Fafter%3D1"
    assert sent.status_code == 302
    assert sent.headers["Location"] == f"/.auth/login/aad?post_login_redirect_uri={back}"
    assert sent.headers["Cache-Control"] == "no-store"
    assert [one.status_code for one in (wrong, program, off)] == [401, 401, 401]
