"""Telling people: a question while it is open, its end, and where a commit stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.app.handle_event import handle
from shared.codec.said import said_partition, said_row
from shared.domain import events as ev
from shared.domain.effects import AskApproval, CloseApproval, SetStatus
from shared.ports.store import StaleRow
from tests.support.app_looks import all_but, do, open_effects, the
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.outside import SHIPPING, SLIPWAY_YAML, Outside

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
    assert question.image_digest == release.artifact.image_digest.text
    assert question.chart_digest == release.artifact.chart_digest.text
    assert "release-manager@example.com" in question.who
    assert question.expires == promotion.deadline
    assert question.ledger_head == head


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


def ordered(slipway: Harness, effect: SetStatus, order: int) -> None:
    """Perform a status as the n-th thing that was decided."""
    from shared.app.perform_effect import perform

    perform(slipway.app, effect, tries=0, correlation="c-1", order=order)


def test_what_was_decided_first_is_never_said_last(slipway: Harness) -> None:
    """A pending that comes late does not hide a success."""
    ordered(slipway, status("succeeded", "is packaged"), 2)
    ordered(slipway, status("pending", "is being checked"), 1)

    assert said(slipway) == "is packaged"


def test_the_same_status_said_twice_is_harmless(slipway: Harness) -> None:
    """Messages come at least once."""
    for _ in range(2):
        ordered(slipway, status("succeeded", "is packaged"), 2)

    assert said(slipway) == "is packaged"


class Overtaken:
    """A place for statuses, slow enough that something else is said before the first one is shown."""

    def __init__(self, statuses: Any, slipway: Harness) -> None:
        self._statuses, self._slipway, self._first = statuses, slipway, True

    def set_status(self, *args: Any) -> None:
        """See Statuses."""
        if self._first:
            self._first = False
            ordered(self._slipway, status("succeeded", "is packaged"), 2)
        self._statuses.set_status(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._statuses, name)


def test_whoever_overtakes_another_in_saying_is_put_right(slipway: Harness) -> None:
    """The older one was shown after the newer one, and so the newer one is shown again."""
    slipway.wrap(statuses=Overtaken(slipway.app.statuses, slipway))
    ordered(slipway, status("pending", "is being checked"), 1)

    assert said(slipway) == "is packaged"


class Raced:
    """Rows in which somebody else is faster, once."""

    def __init__(self, rows: Any) -> None:
        self._rows, self._faster = rows, True

    def put(self, *args: Any, **kwargs: Any) -> Any:
        """See Rows."""
        if self._faster:
            self._faster = False
            self._rows.put(*args, **kwargs)
            raise StaleRow("somebody was faster")
        return self._rows.put(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rows, name)


def test_two_who_say_something_at_once_agree_on_what_is_newest(slipway: Harness) -> None:
    """The slower one reads again."""
    slipway.wrap(rows=Raced(slipway.app.rows))
    ordered(slipway, status("pending", "is being checked"), 1)

    assert said(slipway) == "is being checked"
    assert slipway.app.rows.get(said_partition(SHIPPING), said_row(COMMIT, "slipway/x")) is not None
