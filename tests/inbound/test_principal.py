"""Who asks is what the header says that Easy Auth or the local host puts in, and nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.host.identity import principal_of
from infra.local.host.people import new_person
from shared.domain.values.person import Person
from shared.inbound.principal import read_principal, refuse_other_sites
from shared.inbound.problems import Unacceptable

OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def header(*claims: tuple[str, str], **more: Any) -> dict[str, str]:
    """The header with these claims."""
    found = {"auth_typ": "aad", "claims": [{"typ": typ, "val": val} for typ, val in claims], **more}
    return {"x-ms-client-principal": base64.b64encode(json.dumps(found).encode()).decode()}


def test_a_person_of_the_local_host_is_read_whole() -> None:
    """Identity, name, mails, groups and roles."""
    person = new_person(
        "Rita Manager", mails=["rita@example.com", "r@example.com"], groups=["managers"], roles=["Slipway.Approve"]
    )

    found = read_principal(principal_of(person))

    assert found.person == Person(id=person.id, name="Rita Manager", mails=("rita@example.com", "r@example.com"))
    assert found.groups == ("managers",)
    assert found.roles == {"Slipway.Approve"}
    assert found.memberships == ("managers", "role:Slipway.Approve")


def test_the_short_and_the_long_names_of_entra_ids_claims_are_known() -> None:
    """Which of them arrives depends on the token's version."""
    long = "http://schemas.microsoft.com/ws/2008/06/identity/claims/"
    mail = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
    one = read_principal(header((OID, "1"), (mail, "a@example.com"), (f"{long}role", "R"), (f"{long}groups", "G")))
    two = read_principal(header(("oid", "1"), ("email", "a@example.com"), ("roles", "R"), ("groups", "G")))

    assert one == two
    assert one.person == Person(id="1", name="a@example.com", mails=("a@example.com",))


def test_a_role_may_come_under_the_name_that_the_header_gives_it() -> None:
    """`role_typ` says which claims are roles."""
    assert read_principal(header(("oid", "1"), ("my-role", "R"), role_typ="my-role")).roles == {"R"}


def test_a_program_without_a_name_is_called_by_its_id() -> None:
    """A service principal has no name and no mail."""
    assert read_principal(header(("oid", "app-1"))).person == Person(id="app-1", name="app-1")


@pytest.mark.parametrize(
    "claim",
    [
        ("idtyp", "app"),
        ("sub", "1"),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier", "1"),
    ],
)
def test_attack_a_program_with_the_role_of_approvers(claim: tuple[str, str]) -> None:
    """Attack: the same through Easy Auth. Defence: the same; whose subject is another id is a person."""
    named = [("oid", "1"), ("roles", "Slipway.Approve"), ("groups", "G")]

    assert read_principal(header(*named, claim)).memberships == ()
    assert read_principal(header(*named, (claim[0], "pairwise"))).memberships == ("G", "role:Slipway.Approve")


def test_a_group_that_is_called_like_a_role_is_no_role() -> None:
    """Whoever may name groups could otherwise give themselves the approver role."""
    found = read_principal(
        header(("oid", "1"), ("groups", "role:Slipway.Approve"), ("groups", "Role:x"), ("groups", "ok"))
    )

    assert found.memberships == ("ok",)


def test_a_user_name_that_is_no_mail_is_not_taken_for_one() -> None:
    """`forbid: [author]` compares mails."""
    assert read_principal(header(("oid", "1"), ("preferred_username", "rita"))).person.mails == ()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ms-client-principal": ""},
        {"x-ms-client-principal": "not base64!"},
        {"x-ms-client-principal": "\u00e9"},
        {"x-ms-client-principal": base64.b64encode(b"\xff\xfe").decode()},
        {"x-ms-client-principal": base64.b64encode(b"[]").decode()},
        {"x-ms-client-principal": base64.b64encode(b"null").decode()},
        {"x-ms-client-principal": base64.b64encode(b"{}").decode()},
        {"x-ms-client-principal": base64.b64encode(b'{"claims": null}').decode()},
        {"x-ms-client-principal": base64.b64encode(b'{"claims": [1]}').decode()},
        {"x-ms-client-principal": base64.b64encode(b'{"claims": [{"typ": "oid"}]}').decode()},
        {"x-ms-client-principal": base64.b64encode(b"[" * 100_000).decode()},
        {"x-ms-client-principal": base64.b64encode(b'{"claims": [{"typ": "oid", "val": "\\ud800"}]}').decode()},
        header(("name", "Nobody")),
        header(("oid", "")),
        {"x-ms-client-principal-id": "1", "x-ms-client-principal-name": "Rita"},
    ],
)
def test_who_cannot_be_read_is_nobody(headers: dict[str, str]) -> None:
    """401: a principal is all there or not at all."""
    with pytest.raises(Unacceptable) as found:
        read_principal(headers)

    assert (int(found.value.status), found.value.code) == (401, "not-signed-in")


@given(st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda some: base64.b64encode(some).decode())))
def test_no_header_raises_anything_else(text: str) -> None:
    """Whatever stands there is somebody or nobody."""
    with pytest.raises(Unacceptable):
        read_principal({"x-ms-client-principal": text})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://slipway.example", "host": "slipway.example"},
        {"origin": "https://slipway.example:8443", "host": "slipway.example:8443"},
    ],
)
def test_our_own_page_and_programs_may_write(headers: dict[str, str]) -> None:
    """A program sends no such header."""
    refuse_other_sites(headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "something-new"},
        {"sec-fetch-site": "cross-site", "origin": "https://slipway.example", "host": "slipway.example"},
        {"origin": "https://evil.example", "host": "slipway.example"},
        {"origin": "https://slipway.example.evil.example", "host": "slipway.example"},
        {"origin": "https://evil.example/slipway.example", "host": "slipway.example"},
        {"origin": "null", "host": "slipway.example"},
        {"origin": "", "host": "slipway.example"},
        {"origin": "null"},
        {"origin": "https://evil.example", "host": "slipway.example", "x-forwarded-host": "evil.example"},
        {"origin": "https://evil.example", "host": "slipway.example", "x-original-host": "evil.example"},
    ],
)
def test_attack_a_page_of_another_site(headers: dict[str, str]) -> None:
    """Attack: have the browser of somebody who is signed in write. Defence: it says where from, also an older one."""
    with pytest.raises(Unacceptable) as found:
        refuse_other_sites({"host": "slipway.example", **headers})

    assert (int(found.value.status), found.value.code) == (403, "other-site")
