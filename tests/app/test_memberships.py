"""Groups that a sign-in left out are asked for where an approval rule needs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.adapters.entra.graph import GraphDirectory
from shared.adapters.storage.message_leases import running_time
from shared.app.operating.memberships import as_known
from shared.app.operating.operate import Caller, operate
from shared.app.people.approvers import NotLookedUp
from shared.app.people.authorize import viewer
from shared.app.views import read_status
from shared.app.views.records import ApprovalView
from shared.domain.drafts.decision import Outcome
from shared.domain.messages.events import ApprovalAnswered
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.ports.errors import Transient
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.entra_stand_in import EntraStandIn, Human, entra_stand_in, object_id
from tests.support.outside import RITA, SLIPWAY_YAML

MANAGERS = object_id("managers")
MAX = Human(name="Max Many", mail="max@example.com", groups=(MANAGERS,))
PERSON = Person(id=MAX.id, name=MAX.name, mails=(MAX.mail,))
CALLER = Caller(person=PERSON, groups=("role:Slipway.Read",), route="r", idempotency_key="", groups_left_out=True)
CHECK = "/checkMemberGroups"


@pytest.fixture
def entra() -> Iterator[EntraStandIn]:
    """A directory with Max, who is one of the release managers."""
    with entra_stand_in() as opened:
        opened.people += [MAX, Human(name="Rita Manager", mail=RITA.mails[0])]
        opened.groups[MANAGERS] = "release-managers"
        yield opened


@pytest.fixture
def slipway(tmp_path: Path, entra: EntraStandIn) -> Harness:
    """Version 1.0.0 waits for an approval in production."""
    directory = GraphDirectory(entra.url, entra.credential, elapsed=running_time)
    made = make_app("memory", tmp_path).wrap(directory=directory).start()
    made.push_release("1.0.0")
    return made.pump()


def answer(slipway: Harness, request: str = "") -> ApprovalAnswered:
    """Max says yes."""
    return ApprovalAnswered(
        id=slipway.app.new_id(),
        service=DELIVERY,
        request=request or slipway.request(),
        person=PERSON,
        groups=CALLER.groups,
        approve=True,
        comment="",
    )


def seen(slipway: Harness, *, left_out: bool = True) -> ApprovalView:
    """The open approval as Max sees it."""
    directory = slipway.app.directory if left_out else None
    looks = viewer(PERSON, ("role:Slipway.Read",), frozenset({"Slipway.Read"}), directory)
    found = read_status.release(slipway.app, DELIVERY, "1.0.0", viewer=looks).promotions[-1].approval
    assert found is not None
    return found


def test_memberships_that_were_found_are_recorded_with_the_vote(slipway: Harness) -> None:
    """They count when votes are counted again."""
    event = as_known(slipway.app, answer(slipway), CALLER)
    handled = operate(slipway.app, event)
    request = slipway.promotion("1.0.0", "production").approval

    assert handled.outcome is Outcome.MOVED
    assert request is not None
    assert [one.groups for one in request.votes] == [("role:Slipway.Read", MANAGERS)]


def test_who_is_in_none_of_the_rules_groups_is_no_approver(slipway: Harness, entra: EntraStandIn) -> None:
    """Whatever else they are in."""
    entra.people[:] = [replace(MAX, groups=(object_id("others"),))]

    handled = operate(slipway.app, as_known(slipway.app, answer(slipway), CALLER))

    assert (handled.outcome, handled.code) == (Outcome.REFUSED, "not-an-approver")


def test_a_vote_waits_for_the_directory(slipway: Harness, entra: EntraStandIn) -> None:
    """Better asked again than refused by mistake."""
    entra.failing[CHECK] = (503, {})

    with pytest.raises(Transient):
        as_known(slipway.app, answer(slipway), CALLER)


def test_groups_are_not_asked_for_where_none_were_left_out(slipway: Harness, entra: EntraStandIn) -> None:
    """The sign-in has named them all."""
    event = answer(slipway)

    assert as_known(slipway.app, event, replace(CALLER, groups_left_out=False)).groups == event.groups
    assert entra.asked(CHECK) == []


def test_nobody_is_asked_about_a_request_that_is_not_there(slipway: Harness, entra: EntraStandIn) -> None:
    """It will be refused whoever answers."""
    event = answer(slipway, request="r-unknown")
    entra.seen.clear()

    assert as_known(slipway.app, event, CALLER) == event
    assert entra.seen == []


def test_attack_an_author_who_signs_in_under_another_mail(slipway: Harness, entra: EntraStandIn) -> None:
    """Attack: commit as one's alias, approve as oneself. Defence: all mails that the directory knows are compared."""
    entra.people[:] = [replace(MAX, more=(("proxyAddresses", ["SMTP:max@example.com", "smtp:Ada@Example.com"]),))]

    event = as_known(slipway.app, answer(slipway), CALLER)
    handled = operate(slipway.app, event)

    assert event.person.mails == ("max@example.com", "Ada@Example.com")
    assert (handled.outcome, handled.code) == (Outcome.REFUSED, "author")


def test_attack_a_name_from_before_there_was_a_directory(slipway: Harness) -> None:
    """Attack: have a mail that the file names. Defence: where there is a directory, only what it was asked for counts."""
    directory = slipway.app.directory
    slipway.wrap(directory=None).push("refs/heads/main", {"slipway.yaml": SLIPWAY_YAML.encode() + b"# before\n"})
    slipway.pump()
    slipway.wrap(directory=directory)

    with pytest.raises(NotLookedUp, match="group:release-managers; push to the default branch"):
        as_known(slipway.app, answer(slipway), CALLER)
    slipway.push("refs/heads/main", {"slipway.yaml": SLIPWAY_YAML.encode() + b"# after\n"})
    slipway.pump()
    request = slipway.promotion("1.0.0", "production").approval

    assert request is not None
    assert as_known(slipway.app, answer(slipway, request.id), CALLER).groups[-1] == MANAGERS


def test_who_says_no_is_not_compared_with_authors(slipway: Harness, entra: EntraStandIn) -> None:
    """Anybody who may answer may stop it."""
    event = replace(answer(slipway), approve=False)
    entra.seen.clear()

    assert as_known(slipway.app, event, replace(CALLER, groups_left_out=False)) == event
    assert entra.seen == []


def test_without_a_directory_an_answer_stays_as_it_is(slipway: Harness) -> None:
    """The local host names every group."""
    event = answer(slipway)

    assert as_known(slipway.wrap(directory=None).app, event, CALLER) == event


def test_who_looks_sees_whether_they_may_answer(slipway: Harness, entra: EntraStandIn) -> None:
    """One question of the directory for all that is asked about one rule."""
    shown = seen(slipway)

    assert (shown.objection, shown.may_reject) == ("", True)
    assert seen(slipway, left_out=False).may_reject is False
    assert len(entra.asked(CHECK)) == 1


def test_a_page_is_shown_while_the_directory_is_out_of_reach(slipway: Harness, entra: EntraStandIn) -> None:
    """With what is known without it."""
    entra.failing[CHECK] = (503, {})

    assert seen(slipway).may_reject is False


def test_a_rule_without_groups_asks_nobody(slipway: Harness, entra: EntraStandIn) -> None:
    """Nobody but the people whom it lists may answer."""
    rule = slipway.promotion("1.0.0", "production")
    assert rule.pinned_policy is None
    files = slipway.outside.source.file(
        "shipping", slipway.outside.source.refs("shipping")["refs/heads/main"], "slipway.yaml"
    )
    assert files is not None
    slipway.push("refs/heads/main", {"slipway.yaml": files.replace(b', "group:release-managers"', b"")})
    slipway.pump()

    assert seen(slipway).may_reject is False
    assert as_known(slipway.app, answer(slipway), CALLER).groups == CALLER.groups
    assert entra.asked(CHECK) == []
