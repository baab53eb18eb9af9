"""An answer for an unknown author bars whom it names; one that would bar nobody is refused."""

from __future__ import annotations

import pytest

from shared.app.handling.handle_event import Handled
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.values.errors import InvalidValue
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from tests.app.test_authors_kept import BRANCH, CODE
from tests.support.app_parts import DELIVERY, Harness
from tests.support.outside import RITA, SAM

OLGA = Person(id="olga", name="Olga Operator", mails=("olga@example.com",))


def waiting(slipway: Harness, by: Person = SAM) -> None:
    """A release that one wrote and pushed at first; who pushed it after that is not known."""
    slipway.outside.commit(BRANCH, {CODE: b"1"}, by=by)
    slipway.tell_push(BRANCH, by=by)
    slipway.pump("events", "inspect-push")
    slipway.outside.commit(BRANCH, {CODE: b"2"}, by=by)
    slipway.tell_push(BRANCH)
    slipway.pump()


def said(slipway: Harness, *answer: str) -> Handled:
    """Olga answers."""
    fields = {"version": "1.0.0", "environment": "production", "gate": "authors", "reason": "I asked"}
    return slipway.ask(ev.OverrideGranted, DELIVERY, person=OLGA, answer=answer, **fields)


def test_what_is_deployed_again_needs_no_answer_and_reads_once(slipway: Harness) -> None:
    """Its authors are not read, so that whoever answered would be looked for among them for ever."""
    waiting(slipway)
    said(slipway)
    slipway.approve()
    slipway.ask(ev.RedeployRequested, environment="production", version="")
    answer = said(slipway)
    slipway.pump()

    promotion = slipway.promotion("1.0.0", "production")
    assert answer.code == "not-asked"
    assert (promotion.kind, promotion.phase) == (PromotionKind.REDEPLOY, Phase.SUCCEEDED)
    assert promotion.facts_round == 1


@pytest.mark.parametrize("name", ["Rita", "ada", "@", "none", "x"])
def test_attack_answer_with_what_names_nobody(slipway: Harness, name: str) -> None:
    """A part of a name bars nobody, and whoever is meant would approve; also beside somebody who is named."""
    waiting(slipway)

    with pytest.raises(InvalidValue) as found:
        said(slipway, "box@example.com", name)

    assert found.value.field == "author"
    assert slipway.answer(RITA).code == "unlinked-author"


@pytest.mark.parametrize("name", ["release-manager@example.com", "RELEASE-MANAGER@example.com"])
def test_attack_approve_after_an_answer_that_named_oneself(slipway: Harness, name: str) -> None:
    """By mail, whatever its case."""
    waiting(slipway)

    assert said(slipway, name).outcome == "noted"
    assert slipway.answer(RITA).code == "author"


def test_a_known_name_bars_whoever_has_a_mail_of_theirs(slipway: Harness) -> None:
    """An author's name in git is not what their identity is called."""
    waiting(slipway, replace(SAM, name="sammy"))
    said(slipway, "Sammy")

    [given] = slipway.release("1.0.0").overrides
    assert given.authors == ("Sammy", "sam@example.com")


def test_somebody_known_is_named_in_full(slipway: Harness) -> None:
    """Whoever is not named may approve."""
    waiting(slipway)

    assert said(slipway, "sam second").outcome == "noted"
    assert slipway.answer(RITA).outcome == "moved"


@pytest.mark.parametrize(
    "mail", ["release-manager@example.com,", "\uff52elease-manager@example.com", '"release-manager@example.com"']
)
def test_attack_answer_with_a_mail_that_is_nobodys(slipway: Harness, mail: str) -> None:
    """Also where it is just the one that the unknown author has."""
    waiting(slipway, Person(id=mail, name="R.", mails=(mail,)))

    with pytest.raises(InvalidValue):
        said(slipway, mail)


def test_attack_answer_with_the_name_of_an_author_without_a_mail(slipway: Harness) -> None:
    """It says no more than is known already."""
    waiting(slipway, Person(id="box", name="Build box"))

    with pytest.raises(InvalidValue):
        said(slipway, "Build box")
