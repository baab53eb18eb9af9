"""Messages in poison by API: everybody who reads sees them, operators settle them; and the way there on a real host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.domain.messages.queues import EVENTS_QUEUE, queue_of
from shared.domain.state.phases import Phase
from tests.support.app_parts import Harness
from tests.support.doors import Doors, open_doors, signed_in
from tests.support.host import Answer, wait_until
from tests.support.in_poison import ASK, PUSH, poisoned, written


def newest(doors: Doors) -> Any:
    """The newest message that nobody has settled."""
    return doors.get("/api/poison?most=1").json()["messages"][0]


def newest_after_ticks(doors: Doors) -> Any:
    """The newest message, which a tick has found, or else None."""
    doors.host.host.run_now("tick")
    found = doors.get("/api/poison?most=1").json()["messages"]
    return found[0] if found else None


def asked(doors: Doors, path: str) -> Answer:
    """What an operator is answered; messages are left to the host's own threads."""
    return doors.host.call("POST", path, headers={"Content-Type": "application/json", **signed_in("olga")})


def test_a_message_shows_with_what_it_said_and_what_is_wrong(doors: Doors, slipway: Harness) -> None:
    """Its body only where it alone is asked for."""
    body = written(ASK, type="make-coffee")
    poisoned(slipway, body)

    listed = newest(doors)
    alone = doors.get("/api/poison/1").json()

    assert (listed["queue"], listed["type"], listed["message"]) == ("slipway-events", "make-coffee", "t-1")
    assert (listed["service"], listed["settled"]) == ("shipping~delivery", None)
    assert alone == {**listed, "body": body.decode()}


def test_what_is_no_text_shows_with_marks(doors: Doors, slipway: Harness) -> None:
    """Nothing in it breaks the answer."""
    poisoned(slipway, b"a\xff\x00<b>")

    assert doors.get("/api/poison/1").json()["body"] == "a\ufffd\x00<b>"


def test_messages_are_paged_the_newest_first(doors: Doors, slipway: Harness) -> None:
    """`next` is what to ask for."""
    for number in range(3):
        poisoned(slipway, delivery=f"m-{number}")

    first = doors.get("/api/poison?most=2").json()
    second = doors.get(f"/api/poison?most=2&after={first['next']}").json()

    assert [one["number"] for one in first["messages"]] == [3, 2]
    assert ([one["number"] for one in second["messages"]], second["next"]) == ([1], None)


def test_health_is_degraded_until_the_last_one_is_settled(doors: Doors, slipway: Harness) -> None:
    """Up to a hundred are counted: more are as bad."""
    for number in range(101):
        poisoned(slipway, delivery=f"m-{number}")
    before = doors.get("/api/health", who=None).json()
    for number in range(1, 102):
        doors.post(f"/api/poison/{number}/dismiss")

    after = doors.get("/api/health", who=None).json()

    assert (before["status"], before["poison"]) == ("degraded", 100)
    assert (after["status"], after["poison"]) == ("ok", 0)


def test_a_requeued_message_is_dealt_with_and_gone_from_the_list(doors: Doors, slipway: Harness) -> None:
    """The answer and the estate's ledger name who did it."""
    poisoned(slipway, written(PUSH), queue=queue_of("inspect-push"))

    answer = doors.post("/api/poison/1/requeue", {"reason": "mended"}, who="olga")

    settled = answer.json()["settled"]
    assert (answer.status, settled["how"], settled["reason"]) == (200, "requeued", "mended")
    assert settled["person"]["name"] == "Olga Operator"
    assert doors.get("/api/poison").json() == {"messages": [], "next": None}
    assert doors.get("/api/poison/1").json()["settled"] == settled
    entry = doors.get("/api/estate/ledger?after=1").json()["entries"][0]
    assert (entry["type"], entry["person"]["name"]) == ("poison-requeued", "Olga Operator")
    assert doors.get("/api/estate/ledger/verify").json()["intact"] is True


def test_asked_twice_under_one_key_it_is_answered_the_same(doors: Doors, slipway: Harness) -> None:
    """And under another it is 409, with who was faster."""
    poisoned(slipway, written(PUSH))
    first, again = (doors.post("/api/poison/1/requeue", key="k") for _ in range(2))

    other = doors.post("/api/poison/1/dismiss", who="max")

    assert (first.status, again.json()) == (200, first.json())
    assert (other.status, other.json()["code"]) == (409, "already-settled")
    assert "requeued by Olga Operator" in other.json()["detail"]


@pytest.mark.parametrize("number", ["7", "0", "x", "1" * 30, "%D9%A3", "-1"])
def test_a_message_that_is_not_there_is_404(doors: Doors, number: str) -> None:
    """Whatever the address says."""
    answers = [doors.get(f"/api/poison/{number}"), doors.post(f"/api/poison/{number}/requeue")]

    assert [(one.status, one.json()["code"]) for one in answers] == [(404, "unknown-poison")] * 2


def test_a_body_that_a_restored_store_does_not_have_is_said_to_be_gone(doors: Doors, slipway: Harness) -> None:
    """It can be dismissed all the same."""
    poisoned(slipway)
    slipway.database.evidence._values.clear()

    gone = [doors.get("/api/poison/1"), doors.post("/api/poison/1/requeue")]
    dismissed = doors.post("/api/poison/1/dismiss")

    assert [(one.status, one.json()["code"]) for one in gone] == [(404, "unknown-body")] * 2
    assert dismissed.status == 200


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_a_message_that_nobody_can_read_comes_to_light_and_is_requeued(slipway: Harness, tmp_path: Path) -> None:
    """Delivered as often as host.json says, then seen by API and in the ledger; once more, and it is seen once more."""
    with open_doors(slipway, tmp_path, receiver=slipway.receiver) as doors:
        slipway.app.queues.send(EVENTS_QUEUE, '{"schema": 1, "type": "make-coffee"')
        wait_until(lambda: newest_after_ticks(doors))
        first = newest(doors)
        again = asked(doors, f"/api/poison/{first['number']}/requeue")
        wait_until(lambda: newest_after_ticks(doors))
        second = newest(doors)

    assert (first["number"], again.status, second["number"]) == (1, 200, 3)
    assert (second["sha256"], "is not JSON" in second["reason"]) == (first["sha256"], True)
    kinds = [entry.event_type for entry in slipway.timeline("estate")]
    assert kinds == ["message-poisoned", "poison-requeued", "message-poisoned"]
    assert slipway.receiver.count(f"{EVENTS_QUEUE}-poison") == 0


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_a_deployment_that_always_fails_is_seen_by_the_tick_and_retried(slipway: Harness, tmp_path: Path) -> None:
    """By the host's own way to poison: whoever retries it brings it to production."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.troubles.add("applier.write", *(RuntimeError("a defect") for _ in range(5)))
    with open_doors(slipway, tmp_path, receiver=slipway.receiver) as doors:
        slipway.answer()
        wait_until(lambda: newest_after_ticks(doors))
        shown = newest(doors)
        errored = slipway.promotion("1.0.0", "production").phase
        retried = doors.post("/api/services/delivery/releases/1.0.0/retry")
        wait_until(lambda: slipway.pump().live("production") == "1.0.0")

    assert (shown["type"], shown["message"], errored) == ("deploy", "shipping~delivery:2:deploy:1", Phase.ERRORED)
    assert retried.status == 202
    assert slipway.release("1.0.0").phase == "Released"


def test_a_service_hears_of_it_in_its_own_ledger(doors: Doors, slipway: Harness) -> None:
    """Where those look who are concerned."""
    poisoned(slipway, written(ASK))

    entry = doors.get("/api/services/delivery/ledger?most=500").json()["entries"][-1]

    assert (entry["type"], entry["notes"]) == (
        "message-poisoned",
        ["time-passed of slipway-events went to poison as 1"],
    )
