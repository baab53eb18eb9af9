"""Holds by API: nothing in their scope goes forward, and everybody sees who said so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import Harness
from tests.support.doors import Doors

UNANCHORED = {"anchored": 0, "anchors_compared": 0}


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_a_hold_stops_what_is_in_its_scope_until_it_is_lifted(doors: Doors, slipway: Harness) -> None:
    """Lifting it lets go on what waited, without anybody pushing again."""
    added = doors.post("/api/holds", {"scope": "environment:production", "reason": "audit"})
    slipway.release_to("1.0.0", approve=False)
    held = doors.get("/api/services/delivery/releases/1.0.0/why").json()["blockers"][0]

    lifted = doors.send("DELETE", added.headers["Location"])

    assert (added.status, added.json()["person"]["name"]) == (201, "Olga Operator")
    assert (held["gate"], held["who"]) == ("hold", ["operators", "Olga Operator"])
    assert (lifted.status, lifted.json()["hold"]["id"]) == (200, added.json()["id"])
    assert doors.get("/api/holds").json() == {"holds": []}
    why = doors.get("/api/services/delivery/releases/1.0.0/why").json()["blockers"]
    assert [one["gate"] for one in why] == ["approval"]


def test_stopping_the_line_holds_everything(doors: Doors) -> None:
    """There is one such hold, and it is called stop."""
    answer = doors.post("/api/holds", {"scope": "everything", "reason": "incident"})

    assert (answer.status, answer.json()["id"]) == (201, "stop")
    assert doors.send("DELETE", "/api/holds/stop", {"reason": "over"}).status == 200


def test_a_hold_may_end_by_itself(doors: Doors, slipway: Harness) -> None:
    """Its end is told."""
    until = (slipway.outside.clock() + timedelta(hours=2)).isoformat()

    answer = doors.post("/api/holds", {"scope": "everything", "reason": "change window", "until": until})

    assert answer.json()["until"].startswith(until[:16])
    assert doors.get("/api/holds").json() == {"holds": [answer.json()]}
    assert b"change window" in doors.get("/").body


def test_a_hold_whose_time_is_over_is_shown_nowhere(doors: Doors, slipway: Harness) -> None:
    """It holds nothing any more; the ledger keeps it."""
    until = (slipway.outside.clock() + timedelta(hours=2)).isoformat()
    doors.post("/api/holds", {"scope": "everything", "reason": "change window", "until": until})
    slipway.outside.clock.advance(timedelta(hours=2))

    assert doors.get("/api/holds").json() == {"holds": []}
    assert b"change window" not in doors.get("/").body
    assert doors.get("/api/services/delivery").json()["holds"] == []
    assert len(doors.get("/api/estate/ledger").json()["entries"]) == 1


def test_a_service_may_be_held_by_its_name_alone(doors: Doors) -> None:
    """The repository is found."""
    answer = doors.post("/api/holds", {"scope": "service:delivery", "reason": "audit"})
    whole = doors.post("/api/holds", {"scope": "service:shipping/package", "reason": "audit"})

    assert (answer.status, answer.json()["scope"]) == (201, "service:shipping/delivery")
    assert whole.json()["scope"] == "service:shipping/package"


def test_a_hold_asked_for_twice_with_one_key_is_one(doors: Doors) -> None:
    """Pressing the button again changes nothing."""
    body = {"scope": "service:delivery", "reason": "audit"}
    first = doors.post("/api/holds", body, key="k-1")

    again = doors.post("/api/holds", body, key="k-1")

    assert again.json() == first.json()
    assert len(doors.get("/api/holds").json()["holds"]) == 1


def test_who_held_and_lifted_what_is_read_and_checked(doors: Doors, slipway: Harness) -> None:
    """In a ledger of its own; a service's entries say which of its entries they saw."""
    doors.post("/api/holds", {"scope": "everything", "reason": "incident"})
    slipway.release_to("1.0.0", approve=False)
    doors.send("DELETE", "/api/holds/stop", {"reason": "over"}, who="max")

    added, lifted = doors.get("/api/estate/ledger").json()["entries"]
    [second] = doors.get("/api/estate/ledger?after=1&most=1").json()["entries"]
    check = doors.get("/api/estate/ledger/verify").json()
    entries = doors.get("/api/services/delivery/ledger?most=500").json()["entries"]

    assert [(one["type"], one["person"]["name"], one["notes"]) for one in (added, lifted)] == [
        ("hold-added", "Olga Operator", ["hold stop on everything: incident"]),
        ("hold-lifted", "Max Everything", ["hold stop lifted: over"]),
    ]
    assert second == lifted
    assert check == {"entries": 2, "head": lifted["hash"], "intact": True, "fault": "", **UNANCHORED}
    assert (entries[0]["estate"], entries[-1]["estate"]) == (0, lifted["sequence"])


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_lifting_an_artifacts_hold_again_with_one_key_answers_as_the_first_time(doors: Doors, slipway: Harness) -> None:
    """The sender did not hear the first answer; with another key there is nothing to lift."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")
    [hold] = doors.get("/api/services/delivery").json()["holds"]

    first, again = (doors.send("DELETE", f"/api/holds/{hold['id']}", {"reason": "x"}, key="k-1") for _ in "12")
    other = doors.send("DELETE", f"/api/holds/{hold['id']}", {"reason": "x"}, key="k-2")

    assert (first.status, first.json()["outcome"]) == (200, "noted")
    assert (again.status, again.json()) == (200, {**first.json(), "duplicate": True})
    assert (other.status, other.json()["code"]) == (404, "unknown-hold")


@pytest.mark.parametrize(
    ("body", "status", "what"),
    [
        ({"scope": "service:nobody", "reason": "x"}, 404, "unknown-service"),
        ({"scope": "environment:moon", "reason": "x"}, 404, "unknown-environment"),
        ({"scope": "galaxy", "reason": "x"}, 400, "scope"),
        ({"scope": "service:No Name", "reason": "x"}, 400, "scope"),
        ({"scope": "everything"}, 400, "reason"),
        ({"scope": "everything", "reason": " "}, 400, "reason"),
        ({"scope": "everything", "reason": "x", "until": "tomorrow"}, 400, "until"),
        ({"scope": "everything", "reason": "x", "until": "2001-01-01T00:00:00Z"}, 400, "until"),
        ({"scope": "everything", "reason": "x", "force": True}, 400, "force"),
    ],
)
def test_a_hold_that_would_hold_nothing_is_refused(doors: Doors, body: object, status: int, what: str) -> None:
    """A misspelt name must not look like a stop."""
    answer = doors.post("/api/holds", body)

    found = answer.json()
    assert (answer.status, found.get("field") or found["code"]) == (status, what)
    assert doors.get("/api/holds").json() == {"holds": []}


@pytest.mark.parametrize("hold", ["hold-0", "stop", "delivery-v9.9.9", "nobody-v1.0.0", "x", "-v1"])
def test_a_hold_that_is_not_there_is_404(doors: Doors, hold: str) -> None:
    """Of people, or of an artifact."""
    answer = doors.send("DELETE", f"/api/holds/{hold}")

    assert (answer.status, answer.json()["code"]) == (404, "unknown-hold")
