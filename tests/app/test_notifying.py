"""Telling people: a question while it is open, its end, and where a commit stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.app.handling.handle_event import handle
from shared.app.take_message import take_message
from shared.domain.drafts.decision import SaidOfCommit
from shared.domain.messages import events as ev
from shared.domain.messages.effects import AskApproval, CloseApproval, SetStatus
from shared.domain.messages.queues import queue_of
from shared.domain.values.records import replace
from tests.support.app_looks import all_but, decided, do, open_effects, the
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.outside import MAIN, SLIPWAY_YAML, Outside

COMMIT = "b" * 40


def asking(slipway: Harness) -> AskApproval:
    """Release up to the question for production."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("ask-approval"))
    return the(slipway, AskApproval)


def saying(slipway: Harness, state: str, description: str, *, commit: str = COMMIT, context: str = "slipway/x") -> str:
    """Have a decision say something about a commit, and return the message, which nobody delivers."""
    effect = SetStatus(
        service=DELIVERY, commit=commit, context=context, about=slipway.app.store.read(str(DELIVERY)).sequence + 1
    )
    words = SaidOfCommit(commit=commit, context=context, state=state, description=description)
    [body] = decided(slipway, effect, statuses=(words,))
    return body


def deliver(slipway: Harness, body: str) -> None:
    """Take the message."""
    take_message(slipway.app, queue_of("notify"), body)


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
    deliver(slipway, saying(slipway, "pending", "is being checked"))

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
    deliver(slipway, saying(slipway, "pending", "x", context=context))

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

    assert open_effects(slipway) == []


def test_what_was_decided_first_is_never_said_last(slipway: Harness) -> None:
    """A pending that comes late says nothing: the decision that has newer words has taken it out of the outbox."""
    pending = saying(slipway, "pending", "is being checked")
    succeeded = saying(slipway, "succeeded", "is packaged")
    left = open_effects(slipway)
    deliver(slipway, pending)
    first = slipway.statuses(COMMIT)
    deliver(slipway, succeeded)

    assert (first, said(slipway)) == ({}, "is packaged")
    assert (len(left), open_effects(slipway)) == (1, [])


def test_a_newer_status_waits_for_no_older_one(slipway: Harness) -> None:
    """And the older one takes nothing from it afterwards."""
    pending = saying(slipway, "pending", "is being checked")
    succeeded = saying(slipway, "succeeded", "is packaged")
    deliver(slipway, succeeded)
    first = said(slipway)
    deliver(slipway, pending)

    assert (first, said(slipway)) == ("is packaged", "is packaged")


def test_whoever_is_overtaken_as_they_speak_hides_nothing(slipway: Harness) -> None:
    """They looked before the newer one was decided, and their word arrives after it."""
    pending = saying(slipway, "pending", "is being checked")
    [host] = before = slipway.app.hosts

    class Slow:
        def set_status(self, *args: Any, **kwargs: Any) -> None:
            slipway.wrap(hosts=before)
            deliver(slipway, saying(slipway, "succeeded", "is packaged"))
            host.statuses.set_status(*args, **kwargs)

    slipway.wrap(hosts=(replace(host, statuses=Slow()),))
    deliver(slipway, pending)

    assert said(slipway) == "is packaged"


def test_a_status_that_comes_once_more_hides_nothing_newer(slipway: Harness) -> None:
    """Messages come at least once, however much was decided since."""
    pending = saying(slipway, "pending", "is being checked")
    deliver(slipway, pending)
    for _ in range(30):
        saying(slipway, "pending", "elsewhere", context="slipway/y")
    deliver(slipway, saying(slipway, "failed", "was looked at"))
    deliver(slipway, pending)

    assert said(slipway) == "was looked at"


def test_statuses_of_other_places_are_not_this_ones(slipway: Harness) -> None:
    """Only the same commit and the same context are one place."""
    mine = saying(slipway, "succeeded", "is packaged")
    saying(slipway, "pending", "elsewhere", context="slipway/y")
    saying(slipway, "pending", "of another commit", commit="c" * 40)
    deliver(slipway, mine)

    assert said(slipway) == "is packaged"
    assert len(open_effects(slipway)) == 2


def test_what_no_entry_says_is_not_said(slipway: Harness) -> None:
    """Attack: a message that names a commit of which nothing was decided."""
    do(slipway, SetStatus(service=DELIVERY, commit=COMMIT, context="slipway/x", about=1))

    assert slipway.statuses(COMMIT) == {}
