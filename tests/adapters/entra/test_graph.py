"""Who is meant by a name and who is in which group, as Microsoft Graph says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.entra.graph import KEPT, GraphDirectory
from shared.adapters.storage.message_leases import running_time
from shared.ports.errors import Permanent, Transient
from tests.support.entra_stand_in import GRAPH_TOKEN, EntraStandIn, Human, object_id

RITA = Human(name="Rita Manager", mail="release-manager@example.com", groups=(object_id("g-1"), object_id("g-25")))
CHECK = "/checkMemberGroups"


@pytest.fixture
def graph(entra: EntraStandIn) -> GraphDirectory:
    entra.people += [RITA, Human(name="O'Neil", mail="o'neil@example.com")]
    entra.groups |= {object_id("g-1"): "Release Managers", object_id("g-2"): "Twice", object_id("g-3"): "Twice"}
    return GraphDirectory(entra.url, entra.credential, elapsed=running_time)


def test_people_are_found_by_mail_or_user_name(graph: GraphDirectory, entra: EntraStandIn) -> None:
    """None, one, or more; Graph hears nothing but the name, and our token."""
    assert graph.people("Release-Manager@example.com") == (RITA.id,)
    assert graph.people("nobody@example.com") == ()
    assert {one.bearer for one in entra.seen} == {GRAPH_TOKEN}


def test_groups_are_found_by_their_name(graph: GraphDirectory) -> None:
    """Names are not unique."""
    assert graph.groups("Release Managers") == (object_id("g-1"),)
    assert graph.groups("Twice") == (object_id("g-2"), object_id("g-3"))


def test_attack_a_name_that_ends_the_condition(graph: GraphDirectory) -> None:
    """Attack: name an approver so that another question is asked. Defence: quotes are doubled, the rest is escaped."""
    assert graph.people("o'neil@example.com") == (object_id("O'Neil"),)
    assert graph.people("x' or mail eq 'release-manager@example.com") == ()
    assert graph.groups("x&$filter=displayName eq 'Twice'") == ()


def test_a_name_is_looked_for_on_every_page(graph: GraphDirectory, entra: EntraStandIn) -> None:
    """Graph may answer with an empty one, and have more: nobody would be no answer, and neither would one of two."""
    question = "$filter=displayName%20eq%20'Twice'&$select=id&$skiptoken=x"
    entra.pages += [f"{entra.url}/v1.0/groups?{question}"] * 2

    assert graph.groups("Twice") == (object_id("g-2"), object_id("g-3"))
    assert len(entra.asked("/groups")) == 3


@pytest.mark.parametrize(
    "link", ["http://169.254.169.254/metadata", "URL.evil.example/v1.0/groups?x", "URL/v1.0/users?x", "URL@evil/x"]
)
def test_attack_a_next_page_somewhere_else(graph: GraphDirectory, entra: EntraStandIn, link: str) -> None:
    """Attack: have our token shown to another address. Defence: a page goes on where it began."""
    entra.pages.append(link.replace("URL", entra.url))

    with pytest.raises(Permanent, match="leads to another address") as found:
        graph.groups("Twice")

    assert found.value.ours
    assert len(entra.seen) == 1


def test_attack_pages_without_end(graph: GraphDirectory, entra: EntraStandIn) -> None:
    """Attack: always have one more. Defence: five are read."""
    entra.pages += [f"{entra.url}/v1.0/groups?x"] * 9

    with pytest.raises(Permanent, match="more than 5 pages"):
        graph.groups("Twice")
    assert len(entra.seen) == 5


def test_memberships_are_asked_for_twenty_at_a_time(graph: GraphDirectory, entra: EntraStandIn) -> None:
    """As many as Graph takes in one call."""
    found = graph.groups_of(RITA.id, [object_id(f"g-{number}") for number in range(45)])

    assert found == {object_id("g-1"), object_id("g-25")}
    assert [len(one.body["groupIds"]) for one in entra.asked(CHECK)] == [20, 20, 5]


def test_a_membership_is_believed_for_a_minute(entra: EntraStandIn) -> None:
    """A page asks about the same rule many times."""
    now = [timedelta(0)]
    entra.people.append(RITA)
    graph = GraphDirectory(entra.url, entra.credential, elapsed=lambda: now[0])
    assert graph.groups_of(RITA.id, RITA.groups) == set(RITA.groups)
    entra.people[:] = [Human(name="Rita Manager", mail=RITA.mail)]

    assert graph.groups_of(RITA.id, [RITA.groups[0].upper()]) == {RITA.groups[0]}
    assert len(entra.asked(CHECK)) == 1
    now[0] += KEPT
    assert graph.groups_of(RITA.id, RITA.groups) == frozenset()
    assert len(entra.asked(CHECK)) == 2


def test_what_is_no_id_is_not_asked_for(graph: GraphDirectory, entra: EntraStandIn) -> None:
    """A group by name, a local person: nobody is in it, and no path is made of it."""
    assert graph.groups_of(RITA.id, ["release-managers"]) == frozenset()
    assert graph.groups_of("../groups/x", RITA.groups) == frozenset()
    assert entra.seen == []


def test_somebodys_mails_are_all_of_them(graph: GraphDirectory, entra: EntraStandIn) -> None:
    """Addresses for mail, of whatever age; an account's name counts where it looks like one."""
    other = ["SMTP:max@example.com", "smtp:m.muster@example.com", "X500:/o=x/cn=max@x", "SIP:max@sip.example.com"]
    more = (
        ("userPrincipalName", "max@fabrikam.onmicrosoft.com"),
        ("otherMails", ["m@home.example"]),
        ("proxyAddresses", other),
    )
    entra.people.append(Human(name="Max", mail="max@example.com", more=more))

    assert graph.mails_of(object_id("Max")) == (
        "max@example.com",
        "max@fabrikam.onmicrosoft.com",
        "m@home.example",
        "m.muster@example.com",
    )


def test_what_has_no_mails_has_none(graph: GraphDirectory, entra: EntraStandIn) -> None:
    """A program, an account without a mailbox, and what is no id at all."""
    entra.people.append(Human(name="Max", mail="max", more=(("mail", None), ("otherMails", []))))

    assert graph.mails_of(object_id("Max")) == ()
    assert graph.mails_of(object_id("pipeline")) == ()
    assert graph.mails_of("../groups") == ()


def test_who_is_no_person_of_the_directory_is_in_no_group(graph: GraphDirectory) -> None:
    """A program, or somebody who has left."""
    assert graph.groups_of(object_id("pipeline"), RITA.groups) == frozenset()


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "7"}, timedelta(seconds=7)),
        (429, {"Retry-After": "99999999999"}, timedelta(minutes=10)),
        (503, {"Retry-After": "soon"}, None),
        (500, {}, None),
        (408, {}, None),
    ],
)
def test_graph_under_pressure_is_asked_again_later_and_not_now(
    graph: GraphDirectory, entra: EntraStandIn, status: int, headers: dict[str, str], wait: timedelta | None
) -> None:
    """Whoever waits for us is told when; a retry of ours would hold them."""
    entra.failing["/users"] = (status, headers)

    with pytest.raises(Transient) as found:
        graph.people(RITA.mail)

    assert found.value.retry_after == wait
    assert len(entra.seen) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 302])
def test_graph_that_refuses_us_is_our_own_fault(graph: GraphDirectory, entra: EntraStandIn, status: int) -> None:
    """Somebody has to change something; a redirect is not followed with our token."""
    entra.failing["/groups"] = (status, {"Location": f"{entra.url}/v1.0/users"})

    with pytest.raises(Permanent, match=f"Microsoft Graph answered {status} Failing") as found:
        graph.groups("x")

    assert found.value.ours
    assert [one.path for one in entra.seen] == ["/v1.0/groups"]


def test_graph_out_of_reach_is_tried_again() -> None:
    """Nobody listens at port 1."""
    graph = GraphDirectory("http://127.0.0.1:1", _Credential, elapsed=running_time)

    with pytest.raises(Transient, match="cannot be reached"):
        graph.people("x")


def test_an_identity_that_gets_no_token_is_our_own_fault(entra: EntraStandIn) -> None:
    """Graph is not asked without one."""
    graph = GraphDirectory(entra.url, lambda: _Credential(refused=True), elapsed=running_time)

    with pytest.raises(Permanent, match="no token for it: no identity") as found:
        graph.people("x")

    assert found.value.ours
    assert entra.seen == []


def test_attack_a_token_sent_in_the_clear() -> None:
    """Attack: lead us to an address without TLS. Defence: the token is not sent there."""
    graph = GraphDirectory("http://graph.example", _Credential, elapsed=running_time)

    with pytest.raises(Transient, match="not permitted for non-TLS"):
        graph.people("x")


class _Credential:
    """Gets a token for whatever, or none."""

    def __init__(self, *, refused: bool = False) -> None:
        self._refused = refused

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """See TokenCredential."""
        if self._refused:
            raise ClientAuthenticationError("no identity is assigned\nand more")
        return AccessToken("secret", 4_000_000_000)
