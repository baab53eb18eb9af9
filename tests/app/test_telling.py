"""Telling people: a question while it is open, its end, and where a commit stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from shared.app.handle_event import handle
from shared.app.take_message import take_message
from shared.domain import events as ev
from shared.domain.effects import AskApproval, CloseApproval, SetStatus
from shared.domain.queues import queue_of
from shared.domain.records import replace
from tests.support.app_looks import all_but, decided, do, open_effects, the
from tests.support.app_parts import DELIVERY, SECOND, Harness, make_app
from tests.support.outside import MAIN, SLIPWAY_YAML, Outside

COMMIT = "b" * 40


def asking(slipway: Harness) -> AskApproval:
    """Release up to the question for production."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("ask-approval"))
    return the(slipway, AskApproval)


def status(state: str, description: str) -> SetStatus:
    """Something to say about a commit."""
    return SetStatus(service=DELIVERY, commit=COMMIT, context="slipway/x", state=state, description=description)


def said(slipway: Harness) -> str:
    """What the commit shows."""
    return slipway.statuses(COMMIT)["slipway/x"].description


def test_a_question_says_what_exactly_is_asked(slipway: Harness) -> None:
    """Both digests, the commit, who may answer and until when, and the ledger's head as it was."""
    effect = asking(slipway)
    head = slipway.app.store.read(str(DELIVERY)).ledger_hash
    do(slipway, effect)
    [question] = slipway.outside.people.asked
    release, promotion = slipway.release("1.0.0"), slipway.promotion("1.0.0", "production")
    assert release.artifact is not None

    assert (question.request, question.promotion) == (effect.request, promotion.number)
    assert (question.version, question.environment, question.commit) == ("1.0.0", "production", release.commit)
    assert question.parts == release.artifact.parts
    assert "release-manager@example.com" in question.who
    assert question.expires == promotion.deadline
    assert question.ledger_head == head
    assert question.older == ""
    assert question.link == ""


def test_a_question_says_who_wrote_what_and_what_takes_the_place_of_what(slipway: Harness) -> None:
    """Of the state as it is when it is put; the message has nothing of it."""
    slipway.release_to("1.0.0")
    slipway.wrap(url="https://slipway.example.com").release_to("1.1.0", approve=False)
    question = slipway.outside.people.asked[-1]
    before, now = slipway.release("1.0.0").commit, slipway.release("1.1.0").commit

    assert (question.authors, question.more_authors, question.unknown) == (("Ada Author",), 0, ())
    assert question.changes == (f"v1.1.0 of {now[:12]} takes the place of v1.0.0 of {before[:12]}",)
    assert question.link == "https://slipway.example.com/services/delivery?repository=shipping#release-1.1.0"


def test_a_question_that_is_asked_again_says_what_is_different(slipway: Harness) -> None:
    """In what would be deployed; nothing was there before."""
    slipway.release_to("1.0.0", approve=False)
    text = SLIPWAY_YAML.replace('reason: "{reason}"}\n    approval', 'reason: "{reason}", replicas: 3}\n    approval')
    slipway.push(MAIN, {"slipway.yaml": text.encode()})
    slipway.tick()
    slipway.tick(timedelta(minutes=10))
    first, *_, last = slipway.outside.people.asked

    assert first.changes == (f"v1.0.0 of {first.commit[:12]} takes the place of nothing",)
    assert last.changes == (*first.changes, "asked again: setting replicas was added")


def test_a_question_that_was_put_is_done_with(slipway: Harness) -> None:
    """No decision waits for it; the outbox forgets it."""
    effect = asking(slipway)
    do(slipway, effect)

    assert effect not in open_effects(slipway)


def test_a_question_that_is_closed_meanwhile_is_not_put(slipway: Harness) -> None:
    """Its promotion has ended before its turn came."""
    effect = asking(slipway)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    do(slipway, effect)

    assert slipway.outside.people.asked == []


def test_a_question_that_was_answered_elsewhere_is_not_put(tmp_path: Path) -> None:
    """Its promotion has ended, and another one of the same release goes on."""
    production = SLIPWAY_YAML[SLIPWAY_YAML.index("  production:") : SLIPWAY_YAML.index("queueing:")]
    second = production.replace("production:", "elsewhere:").replace("namespace: backend", "namespace: elsewhere")
    second = second.replace("registry_namespace: prod", "registry_namespace: elsewhere")
    yaml = SLIPWAY_YAML.replace("queueing:", f"{second}queueing:")
    slipway = make_app("memory", tmp_path, Outside(slipway_yaml=yaml)).start()
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("ask-approval"))
    promotion = slipway.promotion("1.0.0", "production")
    [effect] = [one for one in open_effects(slipway) if isinstance(one, AskApproval) and one.number == promotion.number]
    slipway.ask(ev.ApprovalAnswered, request=effect.request, groups=(), approve=False)
    do(slipway, effect)

    assert slipway.promotion("1.0.0", "production").phase == "Rejected"
    assert slipway.promotion("1.0.0", "elsewhere").phase == "Waiting"
    assert slipway.outside.people.asked == []


def test_a_question_that_was_replaced_is_not_put(slipway: Harness) -> None:
    """Another id is another question."""
    effect = asking(slipway)
    do(slipway, AskApproval(service=DELIVERY, number=effect.number, request="0" * 64, round=1))

    assert slipway.outside.people.asked == []


def test_a_question_of_a_service_that_left_is_not_put(slipway: Harness) -> None:
    """Nobody may answer it."""
    effect = asking(slipway)
    handle(slipway.app, ev.ServiceRemoved(id="gone", service=DELIVERY))
    do(slipway, effect)

    assert slipway.outside.people.asked == []


def test_a_closed_question_says_why(slipway: Harness) -> None:
    """Where it was put."""
    effect = asking(slipway)
    do(slipway, effect)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    closing = the(slipway, CloseApproval)
    do(slipway, closing)

    assert list(slipway.outside.people.closed) == [effect.request]
    assert "wrong branch" in slipway.outside.people.closed[effect.request]
    assert closing not in open_effects(slipway)


def test_a_status_is_shown_where_the_author_looks(slipway: Harness) -> None:
    """With state and words."""
    do(slipway, status("pending", "is being checked"))

    assert slipway.statuses(COMMIT)["slipway/x"].state == "pending"
    assert said(slipway) == "is being checked"
    assert slipway.statuses(COMMIT)["slipway/x"].link == ""


@pytest.mark.parametrize(
    ("context", "leads"),
    [
        ("slipway/delivery", ""),
        ("slipway/delivery/v1.0.0", "#release-1.0.0"),
        ("slipway/delivery/v1.0.0/production", "#release-1.0.0"),
        ("slipway/delivery/vx", ""),
    ],
)
def test_a_status_leads_to_the_page_of_its_release_or_service(slipway: Harness, context: str, leads: str) -> None:
    """Where the installation says at which address people reach it."""
    slipway.wrap(url="https://slipway.example.com/build")
    do(slipway, replace(status("pending", "x"), context=context))

    link = slipway.statuses(COMMIT)[context].link
    assert link == f"https://slipway.example.com/build/services/delivery?repository=shipping{leads}"


def test_a_status_of_no_service_leads_to_the_first_page(slipway: Harness) -> None:
    """A broken configuration, and a release branch that names none."""
    slipway.wrap(url="https://slipway.example.com")
    broken = slipway.push(MAIN, {"slipway.yaml": b"version: 9"})
    misspelt = slipway.push("refs/heads/release/De!ivery/v1.0.0", {"x": b"1"})
    slipway.pump()

    found = [one.link for commit in (broken, misspelt) for one in slipway.statuses(commit).values()]
    assert found == ["https://slipway.example.com/"] * 2


def test_what_was_decided_first_is_never_said_last(slipway: Harness) -> None:
    """A pending that comes late does not hide a success: whoever has the older one says the newest."""
    pending, succeeded = decided(slipway, status("pending", "is being checked"), status("succeeded", "is packaged"))
    take_message(slipway.app, queue_of("notify"), pending)
    first = said(slipway)
    take_message(slipway.app, queue_of("notify"), succeeded)

    assert (first, said(slipway)) == ("is packaged", "is packaged")
    assert open_effects(slipway) == []


def test_a_newer_status_waits_for_the_older_one(slipway: Harness) -> None:
    """Somebody may be saying the older one at this moment; it is looked at again a second later."""
    _, succeeded = decided(slipway, status("pending", "is being checked"), status("succeeded", "is packaged"))
    take_message(slipway.app, queue_of("notify"), succeeded)

    assert slipway.statuses(COMMIT) == {}
    slipway.outside.clock.advance(SECOND)
    assert slipway.deliver_one("notify")
    assert len(open_effects(slipway)) == 2


def test_a_status_that_was_said_is_not_said_again(slipway: Harness) -> None:
    """Messages come at least once, and somebody may have written something there since."""
    [body] = decided(slipway, status("succeeded", "is packaged"))
    take_message(slipway.app, queue_of("notify"), body)
    do(slipway, status("failed", "was looked at"))
    take_message(slipway.app, queue_of("notify"), body)

    assert said(slipway) == "was looked at"


def test_statuses_of_other_places_and_other_effects_are_nothing_to_wait_for(slipway: Harness) -> None:
    """Only the same commit and the same context are one place."""
    elsewhere = replace(status("pending", "is being checked"), context="slipway/y")
    other_commit = replace(elsewhere, context="slipway/x", commit="c" * 40)
    closing = CloseApproval(service=DELIVERY, number=1, request="r", round=1, reason="over")
    *_, mine = decided(slipway, elsewhere, other_commit, closing, status("succeeded", "is packaged"))
    take_message(slipway.app, queue_of("notify"), mine)

    assert said(slipway) == "is packaged"
    assert len(open_effects(slipway)) == 3
