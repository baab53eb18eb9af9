"""Whose word counts about who asks."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.inbound.entra import Entra
from shared.inbound.problems import Unacceptable
from shared.inbound.sign_in import SignIn
from shared.ports.errors import Transient
from shared.ports.sign_in import WrongToken
from tests.inbound.test_entra import CLIENT, ENTRA, NEW, NOW, OTHER, RITA, TENANT

OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
TID = "http://schemas.microsoft.com/identity/claims/tenantid"


class Signed:
    """Says of the token `good` that it is signed, and holds these claims."""

    def claims(self, token: str) -> Mapping[str, object]:
        """See TokenVerifier."""
        if token == "later":
            raise Transient("no keys yet")
        if token != "good":
            raise WrongToken("not signed")
        return NEW


def sign_in(entra: Entra = ENTRA, **changes: Any) -> SignIn:
    """One that takes tokens only, unless told otherwise."""
    return SignIn(entra=entra, tokens=Signed(), now=lambda: NOW, **changes)


def easy_auth(*claims: tuple[str, str], provider: str | None = "aad") -> dict[str, str]:
    """The header that Easy Auth puts in for Rita, with these claims in addition."""
    named = [(OID, RITA), ("roles", "Slipway.Admin"), *claims]
    content = {"auth_typ": provider, "claims": [{"typ": typ, "val": val} for typ, val in named], "role_typ": "roles"}
    return {"x-ms-client-principal": base64.b64encode(json.dumps(content).encode()).decode()}


def refused(found: SignIn, headers: Mapping[str, str]) -> str:
    """The code that the headers are refused with, always as 401."""
    with pytest.raises(Unacceptable) as error:
        found.principal(headers)
    assert error.value.status == 401
    return error.value.code


def test_a_signed_token_is_enough() -> None:
    """In any spelling of the scheme."""
    assert sign_in().principal({"authorization": "Bearer good"}).person.id == RITA
    assert sign_in().principal({"authorization": "bearer  good "}).roles == {"Slipway.Approve"}


def test_a_token_that_is_not_good_is_refused_and_says_why() -> None:
    """What is too long to be a token is not even looked at."""
    assert refused(sign_in(), {"authorization": "Bearer bad"}) == "wrong-token"
    assert refused(sign_in(), {"authorization": f"Bearer {'x' * 70_000}"}) == "wrong-token"


def test_without_keys_the_caller_is_to_come_again() -> None:
    """It says nothing of the token."""
    with pytest.raises(Transient):
        sign_in().principal({"authorization": "Bearer later"})


@pytest.mark.parametrize("authorization", ["", "good", "Basic good", "Bearer", "Bearer ", "Digest Bearer good"])
def test_who_shows_nothing_is_nobody(authorization: str) -> None:
    """Also with what a hook would show."""
    assert refused(sign_in(), {"authorization": authorization}) == "not-signed-in"


def test_attack_a_forged_header_without_easy_auth() -> None:
    """Attack: the caller writes the header itself. Defence: nobody's word but the platform's counts."""
    assert refused(sign_in(), easy_auth((TID, TENANT))) == "not-signed-in"
    assert refused(sign_in(Entra()), easy_auth((TID, TENANT))) == "not-signed-in"


def test_attack_a_forged_header_beside_a_token_of_ones_own() -> None:
    """Attack: sign in as oneself, and claim to be an admin. Defence: the header is not read."""
    found = sign_in().principal({**easy_auth((TID, TENANT)), "authorization": "Bearer good"})

    assert found.roles == {"Slipway.Approve"}


@pytest.mark.parametrize("claim", ["tid", TID])
def test_with_easy_auth_its_header_counts(claim: str) -> None:
    """The platform has taken out what the caller wrote."""
    found = sign_in(easy_auth=True).principal({**easy_auth((claim, TENANT)), "authorization": "Bearer bad"})

    assert found.person.id == RITA
    assert found.roles == {"Slipway.Admin"}


@pytest.mark.parametrize(
    "headers",
    [
        easy_auth((TID, OTHER)),
        easy_auth(),
        easy_auth((TID, OTHER), ("tid", TENANT)),
        easy_auth((TID, TENANT), provider="github"),
        easy_auth((TID, TENANT), provider=None),
    ],
    ids=["another tenant", "no tenant", "two tenants", "another provider", "no provider"],
)
def test_attack_somebody_whom_easy_auth_knows_and_we_do_not(headers: dict[str, str]) -> None:
    """Attack: Easy Auth was set up for more than this tenant. Defence: only Entra ID's people of it are ours."""
    assert refused(sign_in(easy_auth=True), headers) == "not-signed-in"


@pytest.mark.parametrize(
    ("claim", "left_out"),
    [
        (("_claim_names", '{"groups":"src1"}'), True),
        (("hasgroups", "true"), True),
        (("_claim_names", '{"x":"src1"}'), False),
        (("hasgroups", "false"), False),
    ],
)
def test_easy_auth_tells_of_too_many_groups_too(claim: tuple[str, str], left_out: bool) -> None:
    """As texts, whatever they were in the token."""
    assert sign_in(easy_auth=True).principal(easy_auth((TID, TENANT), claim)).groups_left_out is left_out


def test_easy_auth_does_not_keep_programs_from_signing_in_with_a_token() -> None:
    """Where it lets requests through that it does not know."""
    assert sign_in(easy_auth=True).principal({"authorization": "Bearer good"}).person.id == RITA


def test_the_local_hosts_word_counts_where_it_is_there() -> None:
    """Its people are of no tenant; the code says that it is there, and no setting."""
    assert sign_in(Entra(), host_vouches=True).principal(easy_auth()).person.id == RITA
    assert refused(sign_in(Entra(), host_vouches=True), {}) == "not-signed-in"


@pytest.mark.parametrize(
    ("entra", "on"),
    [
        (Entra(), False),
        (Entra(), True),
        (Entra(audiences=(CLIENT,)), False),
        (Entra(audiences=(CLIENT,)), True),
        (Entra(tenant=TENANT), False),
    ],
)
@pytest.mark.parametrize(
    "headers", [{}, easy_auth((TID, TENANT)), easy_auth((TID, "")), {"authorization": "Bearer good"}]
)
def test_where_sign_in_is_not_set_up_nobody_is_signed_in(
    entra: Entra, on: bool, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Never open: 401 for everybody, and the log says what is missing."""
    with caplog.at_level(logging.WARNING, logger="slipway"):
        assert refused(sign_in(entra, easy_auth=on), headers) == "not-signed-in"

    assert "SLIPWAY_ENTRA_TENANT" in caplog.text


def test_where_it_is_set_up_a_stranger_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    """Robots ask all the time."""
    refused(sign_in(), {})
    refused(sign_in(Entra(tenant=TENANT), easy_auth=True), {})
    refused(sign_in(Entra(), host_vouches=True), {})

    assert caplog.text == ""


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/", "%2F"),
        ("/services/delivery?after=1&x=y", "%2Fservices%2Fdelivery%3Fafter%3D1%26x%3Dy"),
        ("//evil.example", "%2Fevil.example"),
        ("/\\evil.example", "%2Fevil.example"),
        ("/\t/evil.example", "%2Fevil.example"),
        ("\\\n/ /evil.example", "%2Fevil.example"),
    ],
)
def test_a_browser_is_sent_to_sign_in_and_back_to_a_path_of_ours(path: str, back: str) -> None:
    """Never to another site, however the path looks."""
    assert sign_in(easy_auth=True).login({}, path) == f"/.auth/login/aad?post_login_redirect_uri={back}"


def test_nobody_is_sent_to_sign_in_where_that_cannot_help() -> None:
    """Without Easy Auth there is no such page; who is signed in with a wrong account would go round in circles."""
    assert sign_in().login({}, "/") is None
    assert sign_in(easy_auth=True, host_vouches=True).login({}, "/") is None
    assert sign_in(easy_auth=True).login(easy_auth((TID, OTHER)), "/") is None


def test_now_is_asked_for_each_token() -> None:
    """Keys are kept; who may come in is not."""
    late = SignIn(entra=ENTRA, tokens=Signed(), now=lambda: datetime(2027, 1, 1, tzinfo=UTC))

    assert refused(late, {"authorization": "Bearer good"}) == "wrong-token"
