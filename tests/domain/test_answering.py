"""An operator answers for an author or a pusher who is not known: who it is, or that it is none of the approvers."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.deciding.blockers import why
from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.gating.gates import Gate
from shared.domain.messages import events as ev
from shared.domain.policies.policy import ApprovalRule
from shared.domain.state import authorship
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Author
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from tests.support.pilot import AUTHOR, OPERATOR, PRODUCTION, QA, SECOND, Pilot, policy
from tests.support.pilot_more import person

BRANCH = "refs/heads/release/delivery/v1.0.0"
RULE = ApprovalRule(approvers=("p-manager", "p-second", "p-operator"))
BOTH = replace(PRODUCTION, approval=RULE)
NAMELESS = Author(name="build box", mail="")
ULLA = person("p-ulla", "ulla@example.com")


def unknown_pusher(**changes: Any) -> Pilot:
    """A release whose pusher nobody named, as far as it goes."""
    pilot = Pilot(policy(QA, replace(BOTH, **changes)))
    pilot.push(BRANCH, by=None)
    return pilot.perform()


def named(pilot: Pilot, by: Person = SECOND, commit: str = "b" * 40) -> Decision:
    return pilot.tell(ev.PusherFound(**pilot.ids(), ref=BRANCH, commit=commit, pushed_by=by))


def answered(pilot: Pilot, *names: str, by: Person = OPERATOR, **changes: Any) -> Decision:
    """An operator answers; none of the approvers, where nobody is named."""
    facts = pilot.promotion("1.0.0", "production").facts
    fields = {
        "environment": "production",
        "authors": facts.authors.evidence if facts else "",
        "wrote": by == AUTHOR,
        **changes,
    }
    event = ev.OverrideGranted(
        **pilot.ids(), version="1.0.0", gate="authors", reason="I asked", person=by, answer=names, **fields
    )
    return pilot.tell(event)


def blocked(pilot: Pilot, environment: str = "production") -> list[str]:
    """Which gates an environment waits for."""
    found = why(pilot.state, pilot.release("1.0.0"), estate=pilot.estate, now=pilot.now)
    return [one.gate for one in found if one.environment == environment]


def test_nobody_approves_what_an_unknown_person_pushed() -> None:
    """Nobody can be shown not to be them; people are asked all the same, and may say no."""
    pilot = unknown_pusher()

    assert pilot.answer().code == "unlinked-author"
    assert pilot.answer(SECOND, approve=False).outcome is Outcome.MOVED


def test_what_it_waits_for_says_who_is_unknown_and_that_operators_can_act() -> None:
    """The commit is named, so that somebody can find out."""
    pilot = unknown_pusher()
    first = why(pilot.state, pilot.release("1.0.0"), estate=pilot.estate, now=pilot.now)[0]

    assert (first.gate, first.code, first.who, first.waiting) == ("authors", "UnknownAuthor", ("operators",), False)
    assert first.reason == ("an author of the change is unknown (who pushed bbbbbbbbbbbb); an operator answers for it")
    assert pilot.promotion("1.0.0", "production").reason == first.reason


def test_where_authors_may_approve_nobody_needs_to_know_them() -> None:
    """Nor where nobody is asked."""
    assert unknown_pusher(approval=None).promotion("1.0.0", "production").phase is Phase.SUCCEEDED
    assert unknown_pusher(approval=replace(RULE, forbid=())).answer().outcome is Outcome.MOVED


def test_whoever_the_hook_names_takes_the_place_of_the_unknown_one() -> None:
    """Others may approve then, and they may not."""
    pilot = unknown_pusher()
    named(pilot)
    pilot.perform()

    assert pilot.release("1.0.0").unnamed == ()
    assert pilot.answer(SECOND).code == "author"
    assert pilot.answer().outcome is Outcome.MOVED


def test_a_name_for_another_commit_leaves_the_unknown_one() -> None:
    """Both pushed it."""
    pilot = unknown_pusher()
    named(pilot, commit="a" * 40)
    pilot.perform()

    assert pilot.release("1.0.0").unnamed == ("b" * 40,)
    assert pilot.answer().code == "unlinked-author"


def test_none_of_the_approvers_lets_them_approve() -> None:
    """It is noted with the name, the reason and what was unknown, and used by this promotion."""
    pilot = unknown_pusher()
    decision = answered(pilot)
    approved = pilot.answer()

    assert decision.notes[0] == (
        "v1.0.0 production: Olga Operator answered for an unknown author (who pushed bbbbbbbbbbbb):"
        " none of the approvers: I asked"
    )
    assert approved.outcome is Outcome.MOVED
    [given] = pilot.release("1.0.0").overrides
    assert (given.used_by, given.unknown) == (2, ("who pushed bbbbbbbbbbbb",))


@pytest.mark.parametrize("name", ["SAM@example.com", "sam second", "P-SECOND"])
def test_whoever_is_named_is_an_author(name: str) -> None:
    """By mail, name or id, without regard to case; the others may approve."""
    pilot = unknown_pusher()
    answered(pilot, "somebody@example.com", name)

    assert pilot.answer(SECOND).code == "author"
    assert pilot.answer().outcome is Outcome.MOVED


def test_a_vote_of_whoever_is_named_is_lost() -> None:
    """It was given while somebody else was thought to be known."""
    pilot = Pilot(policy(QA, replace(BOTH, approval=replace(RULE, minimum=2))))
    pilot.push(BRANCH)
    pilot.perform()
    pilot.answer(SECOND)
    pilot.tell(ev.PusherFound(**pilot.ids(), ref=BRANCH, commit="a" * 40, pushed_by=None))
    pilot.perform()
    answered(pilot, "sam@example.com", by=ULLA)

    request = pilot.promotion("1.0.0", "production").approval
    assert request is not None
    assert request.votes == ()


def test_whoever_answered_does_not_approve() -> None:
    """Under none of their identities."""
    pilot = unknown_pusher()
    answered(pilot)
    at_home = replace(OPERATOR, id="p-second")

    assert pilot.answer(OPERATOR).code == "answered"
    assert pilot.answer(at_home).code == "answered"


@pytest.mark.parametrize(("by", "names"), [(AUTHOR, ()), (SECOND, ()), (OPERATOR, ("olga@example.com",))])
def test_attack_answer_as_somebody_who_had_a_hand_in_it(by: Person, names: tuple[str, ...]) -> None:
    """A known author, a known pusher, and the unknown one by their own word."""
    pilot = unknown_pusher()
    named(pilot, commit="a" * 40)
    pilot.perform()

    assert answered(pilot, *names, by=by).code == "author"
    assert pilot.release("1.0.0").overrides == ()


def test_an_answer_counts_no_more_when_whoever_gave_it_turns_out_to_have_pushed() -> None:
    """The hook's message about an earlier push of theirs came late."""
    pilot = unknown_pusher()
    answered(pilot)
    named(pilot, OPERATOR, commit="a" * 40)
    pilot.perform()

    assert blocked(pilot)[0] == "authors"
    assert pilot.answer().code == "unlinked-author"


def test_an_answer_counts_no_more_when_whoever_gave_it_turns_out_to_have_written() -> None:
    """Something else went live since, and with it more is brought."""
    pilot = unknown_pusher()
    answered(pilot)
    pilot.world.authors = (*pilot.world.authors, Author(name="Olga", mail="olga@example.com"))
    named(pilot, AUTHOR, commit="a" * 40)
    pilot.perform()

    assert pilot.answer().code == "unlinked-author"


def test_another_operator_may_name_the_one_who_answered_first() -> None:
    """What the first said does not count then, and what the second said does."""
    pilot = unknown_pusher()
    answered(pilot)
    named(pilot, OPERATOR, commit="a" * 40)
    pilot.perform()
    answered(pilot, by=ULLA)

    assert pilot.answer().outcome is Outcome.MOVED


def test_what_turns_up_later_is_another_question() -> None:
    """An answer is for those who were unknown when it was given."""
    pilot = unknown_pusher()
    answered(pilot)
    pilot.world.authors = (*pilot.world.authors, NAMELESS)
    named(pilot, AUTHOR, commit="a" * 40)
    pilot.perform()

    assert pilot.answer().code == "unlinked-author"
    assert answered(pilot).outcome is Outcome.NOTED
    assert pilot.answer().outcome is Outcome.MOVED


def test_an_author_without_a_mail_is_answered_for_as_well() -> None:
    """One commit of a machine does not stop a service for ever."""
    pilot = Pilot(policy(QA, BOTH))
    pilot.world.authors = (NAMELESS,)
    pilot.push(BRANCH, by=person("p-box"))
    pilot.perform()
    before = pilot.answer().code
    answered(pilot)

    assert before == "unlinked-author"
    assert pilot.release("1.0.0").overrides[0].unknown == (
        "author build box, who has no mail",
        "pusher p-box, who has no mail",
    )
    assert pilot.answer().outcome is Outcome.MOVED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"environment": "qa"}, "not-waiting"),
        ({"authors": "another"}, "authors-changed"),
    ],
)
def test_there_has_to_be_something_to_answer_for(changes: dict[str, Any], code: str) -> None:
    """In that environment, and of the authors that were looked at."""
    assert answered(unknown_pusher(), **changes).code == code


def test_where_everybody_is_known_nobody_is_answered_for() -> None:
    """An answer in advance would be for anybody."""
    pilot = Pilot().release_to("1.0.0", approve=False)

    assert answered(pilot).code == "all-known"
    assert pilot.release("1.0.0").overrides == ()


def test_an_answer_is_for_one_environment() -> None:
    """The other asks for its own."""
    staging = replace(BOTH, name="staging", registry_namespace=None)
    pilot = Pilot(policy(QA, staging, BOTH))
    pilot.push(BRANCH, by=None)
    pilot.perform()
    answered(pilot, environment="staging", authors=pilot.authors().evidence)

    assert "authors" in blocked(pilot, "production")
    assert "authors" not in blocked(pilot, "staging")


def test_an_answer_is_used_once() -> None:
    """The next promotion of the same version asks anew."""
    pilot = unknown_pusher()
    answered(pilot)
    pilot.world.broken["deploy"] = {"ours": False}
    pilot.answer()
    pilot.perform()
    again = ev.PromoteRequested(**pilot.ids(), version="1.0.0", environment="production", person=ULLA)
    pilot.tell(again)
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").number == 3
    assert blocked(pilot)[0] == Gate.AUTHORS


def test_more_pushes_than_a_row_has_room_for_are_known_to_have_been_more() -> None:
    """What is left out is not forgotten, and nobody can be named for it."""
    pilot = Pilot(policy(QA, BOTH))
    for number in range(60):
        pilot.push(BRANCH, f"{number:040x}", by=None)
    named(pilot, commit=f"{0:040x}")
    release = pilot.release("1.0.0")

    assert len(release.unnamed) == 50
    assert release.unnamed[-1] == "more"
    pilot.perform()
    answered(pilot)
    assert "who pushed more often" in pilot.release("1.0.0").overrides[0].unknown


def test_of_what_is_deployed_again_nobody_is_looked_for_among_authors() -> None:
    """Whoever answered while it waited, by whatever rule: its authors are not read."""
    pilot = unknown_pusher()
    answered(pilot)
    release, forward = pilot.release("1.0.0"), pilot.promotion("1.0.0", "production")

    assert authorship.who_answered(release, forward) == (OPERATOR,)
    for kind in (PromotionKind.REDEPLOY, PromotionKind.ROLLBACK):
        assert authorship.who_answered(release, replace(forward, kind=kind)) == ()
