"""Who looks, answers or is named is compared with the authors that were read, wherever the list lies."""

from __future__ import annotations

from dataclasses import replace

from shared.app.handling.handle_event import Handled
from shared.app.handling.loaded_service import read_service
from shared.app.people.authorize import Viewer
from shared.app.performing.authors import written_paths
from shared.app.views.release import release_view
from shared.domain.messages import events as ev
from shared.domain.values.person import Person
from shared.ports.errors import Permanent
from tests.app.test_authors_kept import BRANCH, CODE, counted
from tests.support.app_parts import DELIVERY, Harness, branch, make_app
from tests.support.lists_forgotten import forget_lists
from tests.support.outside import ADA, RITA, SAM, SHIPPING

OLGA = Person(id="olga", name="Olga Operator", mails=("olga@example.com",))


def test_whoever_answers_for_somebody_unknown_is_looked_up_too(slipway: Harness) -> None:
    """An author does not answer; an operator of whom nothing is known may."""
    slipway.outside.commit(BRANCH, {CODE: b"1"}, by=SAM)
    slipway.tell_push(BRANCH)
    slipway.pump()

    def said(by: Person, version: str = "1.0.0") -> Handled:
        fields = {"version": version, "environment": "production", "gate": "authors", "reason": "I asked"}
        return slipway.ask(ev.OverrideGranted, DELIVERY, person=by, **fields)

    assert said(SAM).code == "author"
    assert said(OLGA, "9.9.9").code == "unknown-release"
    assert said(OLGA).outcome == "noted"
    assert slipway.answer(RITA).outcome == "moved"


def test_an_author_who_looks_is_told_that_they_may_not_approve(slipway: Harness) -> None:
    """Where the list cannot be read the page is shown all the same; an answer is looked up anew."""
    slipway.outside.commit(BRANCH, {CODE: b"1"}, by=RITA)
    slipway.tell_push(BRANCH, by=ADA)
    slipway.pump()
    viewer = Viewer(person=RITA, memberships=(), operates=False, evidence=slipway.app.evidence)

    def objection(viewer: Viewer) -> str | None:
        view = read_service(slipway.app, slipway.state().service)
        shown = release_view(view, slipway.release("1.0.0"), viewer=viewer, now=slipway.app.now())
        approval = shown.promotions[-1].approval
        return approval.objection if approval else None

    before = objection(viewer)
    forget_lists()
    lost = make_app("memory", slipway.app.scratch).app.evidence

    assert before is not None
    assert "wrote part of what would be deployed" in before
    assert objection(replace(viewer, evidence=lost)) == ""


def test_everybody_who_had_a_hand_in_a_release_can_be_named(slipway: Harness) -> None:
    """Those who wrote it since what is live, and those who pushed it."""
    slipway.release_to("1.0.0")
    base = slipway.release("1.0.0").commit
    slipway.outside.commit(branch("1.1.0"), {CODE: b"1"}, by=RITA, base=base)
    slipway.tell_push(branch("1.1.0"), by=SAM)
    slipway.pump()
    release = slipway.release("1.1.0")
    facts = release.promotions[-1].facts
    assert facts is not None

    wrote, pushed = [one.mail for one in facts.authors.first], [mail for one in release.pushers for mail in one.mails]
    assert [*wrote, *pushed] == [RITA.mails[0], "sam@example.com"]


def test_where_it_is_not_known_what_is_used_by_what_is_live_its_own_commit_says(slipway: Harness) -> None:
    """The list that named the paths was lost."""
    slipway.release_to("1.0.0")
    forget_lists()
    slipway.wrap(evidence=make_app("memory", slipway.app.scratch).app.evidence)
    asked = counted(slipway)
    slipway.push_release("1.1.0")
    slipway.pump()

    assert [base for base, _ in asked] == [slipway.release("1.0.0").commit]


def test_attack_a_chart_that_cannot_be_read_takes_in_the_whole_repository(slipway: Harness) -> None:
    """Whoever packages it may read more; to know less never means fewer authors."""
    slipway.push_release("1.0.0")
    policy = slipway.state().policy
    assert policy is not None

    def unreadable(repository: str, commit: str, path: str) -> bytes | None:
        raise Permanent(f"{path} is a pointer of Git LFS")

    slipway.outside.source.file = unreadable  # type: ignore[method-assign]

    assert written_paths(slipway.app, policy, slipway.outside.source.refs(SHIPPING)[BRANCH]) == ()


def test_a_message_that_names_nobody_changes_nothing_of_what_is_known(slipway: Harness) -> None:
    """The branch is where it was, and who pushed it is known."""
    slipway.push_release("1.0.0", by=ADA)
    slipway.pump()
    entries = len(slipway.timeline())
    slipway.tell_push(BRANCH)
    slipway.pump()

    assert len(slipway.timeline()) == entries
    assert slipway.release("1.0.0").pushers == (ADA,)
