"""What a token with a good signature has to say: attacks by tokens that were signed for somebody or something else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.values.errors import InvalidValue
from shared.domain.values.person import Person
from shared.inbound.entra import Entra, is_private, principal_of
from shared.inbound.principal import Principal
from shared.ports.sign_in import WrongToken

TENANT, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
CLIENT, RITA = "3333333c-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"
ENTRA = Entra(tenant=TENANT, audiences=(CLIENT, f"api://{CLIENT}"))
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
NEW: dict[str, Any] = {
    "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "aud": CLIENT,
    "tid": TENANT,
    "exp": SECONDS + 3600,
    "nbf": SECONDS - 5,
    "oid": RITA,
    "sub": "pairwise",
    "scp": "user_impersonation",
    "name": "Rita Manager",
    "preferred_username": "rita@example.com",
    "roles": ["Slipway.Approve"],
    "groups": ["g-1", "role:Slipway.Admin"],
}
OLD = {
    **NEW,
    "iss": f"https://sts.windows.net/{TENANT}/",
    "aud": f"api://{CLIENT}",
    "upn": "rita@example.com",
    "preferred_username": None,
}
PROGRAM = {
    "iss": NEW["iss"],
    "aud": CLIENT,
    "tid": TENANT,
    "exp": NEW["exp"],
    "nbf": NEW["nbf"],
    "roles": ["Slipway.Operate"],
}


def read(claims: dict[str, Any], entra: Entra = ENTRA, **changes: Any) -> Principal:
    """Who the claims, changed so, are of; None takes one out."""
    return principal_of({k: v for k, v in {**claims, **changes}.items() if v is not None}, entra, NOW)


@pytest.mark.parametrize("claims", [NEW, OLD], ids=["v2", "v1"])
def test_a_token_of_either_form_says_who_it_is_of(claims: dict[str, Any]) -> None:
    """Which of them an API gets is set in its registration; a group that is called like a role is none."""
    assert read(claims) == Principal(
        person=Person(id=RITA, name="Rita Manager", mails=("rita@example.com",)),
        groups=("g-1",),
        roles=frozenset({"Slipway.Approve"}),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": f"https://login.microsoftonline.com/{OTHER}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{OTHER}/v2.0", "tid": OTHER},
        {"iss": f"https://sts.windows.net/{OTHER}/", "tid": OTHER},
        {"tid": OTHER},
        {"tid": None},
        {"tid": [TENANT]},
        {"iss": f"https://evil.example/{TENANT}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0/"},
        {"iss": None},
    ],
)
def test_attack_other_tenant(changes: dict[str, Any]) -> None:
    """Attack: a token that Entra ID signed for somebody of another tenant. Defence: issuer and `tid` are ours, both."""
    with pytest.raises(WrongToken, match="another tenant"):
        read(NEW, **changes)


@pytest.mark.parametrize(
    "audience",
    [OTHER, "", None, f"api://{OTHER}", CLIENT.upper(), [CLIENT], [CLIENT, OTHER], f"{CLIENT} "],
)
def test_attack_other_audience(audience: Any) -> None:
    """Attack: a token that was got for another API is passed on. Defence: it is for us alone."""
    with pytest.raises(WrongToken, match="another audience"):
        read(NEW, aud=audience)


@pytest.mark.parametrize("audience", ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com"])
def test_attack_a_token_for_graph_itself(audience: str) -> None:
    """Attack: what every app gets when it signs somebody in. Defence: Graph is not us."""
    with pytest.raises(WrongToken, match="another audience"):
        read(NEW, aud=audience)


@pytest.mark.parametrize("exp", [SECONDS - 60, SECONDS - 3600, 0, None, "4000000000", True, 4e9])
def test_attack_expired(exp: Any) -> None:
    """Attack: an old token that somebody found. Defence: it ends, a minute for clocks apart; one without end is none."""
    with pytest.raises(WrongToken, match="has expired"):
        read(NEW, exp=exp)


@pytest.mark.parametrize("nbf", [SECONDS + 61, SECONDS + 3600, None, "0"])
def test_attack_not_yet_valid(nbf: Any) -> None:
    """Attack: a token for later. Defence: it has a beginning."""
    with pytest.raises(WrongToken, match="not valid yet"):
        read(NEW, nbf=nbf)


def test_clocks_may_differ_by_a_minute() -> None:
    """Both ways."""
    assert read(NEW, exp=SECONDS - 59).person.id == RITA
    assert read(NEW, nbf=SECONDS + 60).person.id == RITA


@pytest.mark.parametrize(
    "changes",
    [
        {"role": ["Slipway.Admin"]},
        {"scp": "Slipway.Admin"},
        {"groups": ["Slipway.Admin", "role:Slipway.Admin"]},
        {"wids": ["Slipway.Admin"]},
        {"name": "role:Slipway.Admin"},
        {"http://schemas.microsoft.com/ws/2008/06/identity/claims/role": "Slipway.Admin"},
        {"roles": "Slipway.Admin"},
        {"roles": {"Slipway.Admin": 1}},
        {"roles": [["Slipway.Admin"], 1, None, ""]},
    ],
)
def test_attack_role_in_the_wrong_claim(changes: dict[str, Any]) -> None:
    """Attack: have an admin's role written where others may write. Defence: `roles`, a list of texts, and nothing else."""
    found = read({**NEW, "roles": None, **changes})

    assert found.roles == frozenset()
    assert not [one for one in found.memberships if one.startswith("role:")]


def test_attack_an_id_token() -> None:
    """Attack: the token that tells a page who signed in. Defence: it has no scope, and whose it is is no program."""
    with pytest.raises(WrongToken, match="is an ID token"):
        read(NEW, scp=None)


@pytest.mark.parametrize("more", [{"idtyp": "app", "oid": RITA, "sub": "x"}, {"oid": RITA, "sub": RITA}])
def test_a_program_signs_in_with_its_roles(more: dict[str, Any]) -> None:
    """A service principal: it has neither scopes nor a name, unless the old form brings one."""
    assert read({**PROGRAM, **more}) == Principal(
        person=Person(id=RITA, name=RITA), groups=(), roles=frozenset({"Slipway.Operate"}), is_program=True
    )
    assert read({**PROGRAM, **more}, app_displayname="pipeline").person.name == "pipeline"


def test_attack_a_program_with_the_role_of_approvers() -> None:
    """Attack: have a pipeline say yes to its owner's change. Defence: only people are approvers by role or group."""
    program = read({**PROGRAM, "oid": RITA, "sub": RITA, "roles": ["Slipway.Approve"], "groups": ["g-1"]})

    assert program.memberships == ()
    assert program.roles == {"Slipway.Approve"}
    assert read(NEW).memberships == ("g-1", "role:Slipway.Approve")


@pytest.mark.parametrize("oid", [None, "", 7, "\ud800"])
def test_a_token_without_an_object_id_is_of_nobody(oid: Any) -> None:
    """Names and mails are given to others one day."""
    with pytest.raises(WrongToken, match="no object id"):
        read(NEW, oid=oid)


def test_a_user_name_that_is_no_mail_is_not_taken_for_one() -> None:
    """`forbid: [author]` compares mails."""
    found = read(NEW, preferred_username="rita", upn="R@example.com", email="r@example.com", name="")

    assert found.person == Person(id=RITA, name="R@example.com", mails=("R@example.com", "r@example.com"))


@pytest.mark.parametrize(
    ("changes", "left_out"),
    [
        ({}, False),
        ({"hasgroups": True}, True),
        ({"hasgroups": "true"}, True),
        ({"hasgroups": False}, False),
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}}, True),
        ({"_claim_names": {"other": "src1"}}, False),
        ({"_claim_names": "groups"}, False),
    ],
)
def test_too_many_groups_for_a_token_are_told_of(changes: dict[str, Any], left_out: bool) -> None:
    """Where they can be read the token says as well; we ask Graph, and no address that a token names."""
    assert read(NEW, **changes).groups_left_out is left_out


def test_nobody_is_of_no_tenant() -> None:
    """An installation that names none takes no token, not even one that names none either."""
    nobody = Entra(audiences=(CLIENT,))

    with pytest.raises(WrongToken):
        read(NEW, nobody, iss=nobody.issuer, tid="")


def test_a_sovereign_cloud_has_issuers_of_its_own() -> None:
    """The one in China has another name for the older form, too."""
    china = Entra(tenant=TENANT, audiences=(CLIENT,), authority="https://login.partner.microsoftonline.cn")

    for issuer in (
        f"https://login.partner.microsoftonline.cn/{TENANT}/v2.0",
        f"https://sts.chinacloudapi.cn/{TENANT}/",
    ):
        assert read(NEW, china, iss=issuer).person.id == RITA
    with pytest.raises(WrongToken):
        read(NEW, china)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://login.microsoftonline.us", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://login.microsoftonline.com", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://127.0.0.1@evil.example", False),
        ("http://localhost", False),
        ("https://", False),
        ("ftp://127.0.0.1", False),
        ("login.microsoftonline.com", False),
        ("", False),
    ],
)
def test_keys_and_tokens_travel_encrypted_or_within_this_machine(url: str, private: bool) -> None:
    """A name may lead anywhere, also one that looks like this machine."""
    assert is_private(url) is private


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"tenant": "fabrikam.onmicrosoft.com"}, "SLIPWAY_ENTRA_TENANT"),
        ({"tenant": "common"}, "SLIPWAY_ENTRA_TENANT"),
        ({"authority": "http://login.microsoftonline.com"}, "SLIPWAY_ENTRA_AUTHORITY"),
        ({"graph": "http://graph.microsoft.com"}, "SLIPWAY_GRAPH"),
    ],
)
def test_a_setting_that_would_open_a_door_is_refused_by_its_name(changes: dict[str, Any], name: str) -> None:
    """Every tenant's people, or whoever sits on the way."""
    with pytest.raises(InvalidValue) as found:
        Entra(**changes)

    assert found.value.field == name


@given(
    st.dictionaries(
        st.sampled_from([*NEW, "idtyp", "hasgroups", "_claim_names"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda some: st.lists(some, max_size=3) | st.dictionaries(st.text(), some, max_size=3),
        ),
        max_size=6,
    )
)
def test_whatever_a_token_says_is_somebody_or_refused(changes: dict[str, Any]) -> None:
    """It was signed, and may be odd all the same."""
    try:
        found = principal_of({**NEW, **changes}, ENTRA, NOW)
    except WrongToken:
        return
    assert found.person.id == changes.get("oid", RITA)
    assert timedelta(0) < timedelta(seconds=changes.get("exp", NEW["exp"]) - SECONDS + 60)
