"""What people ask for by API: done at once, named in the ledger, or refused with why."""

from __future__ import annotations

from typing import Any

import pytest

from shared.ports.errors import Permanent
from shared.ports.rollout_watcher import RolloutState
from tests.support.app_parts import Harness
from tests.support.doors import Doors

DELIVERY = "/api/services/delivery"
PRODUCTION = f"{DELIVERY}/environments/production"


def approvals(slipway: Harness) -> str:
    """Where the open request is answered."""
    return f"{DELIVERY}/approvals/{slipway.request()}"


@pytest.mark.parametrize("slipway", ["memory", "sqlite"], indirect=True)
def test_an_approval_by_api_brings_the_release_to_production(doors: Doors, slipway: Harness) -> None:
    """The answer says what it led to, and the ledger who gave it."""
    slipway.release_to("1.0.0", approve=False)

    answer = doors.post(approvals(slipway), {"decision": "approve", "comment": "go"}, who="rita")

    said = answer.json()
    assert (answer.status, said["outcome"], said["about"], said["duplicate"]) == (200, "moved", "2", False)
    assert "production #2 approved by Rita Manager: go" in said["notes"]
    assert said["release"]["promotions"][1]["approval"]["votes"][0]["person"]["name"] == "Rita Manager"
    assert slipway.live("production") == "1.0.0"
    [entry] = [one for one in slipway.timeline() if one.event_type == "approval-answered"]
    assert entry.person is not None
    assert (entry.person.name, entry.sequence) == ("Rita Manager", said["sequence"])


def test_a_rejection_ends_the_promotion(doors: Doors, slipway: Harness) -> None:
    """With the reason that was given."""
    slipway.release_to("1.0.0", approve=False)

    answer = doors.post(approvals(slipway), {"decision": "reject", "comment": "too early"}, who="rita")

    assert (answer.status, answer.json()["release"]["phase"]) == (200, "Rejected")
    assert slipway.promotion("1.0.0", "production").reason == "rejected by Rita Manager: too early"


def test_approving_once_more_changes_nothing_and_answers_with_the_release(doors: Doors, slipway: Harness) -> None:
    """Whoever presses the button again sees how it stands."""
    slipway.release_to("1.0.0", approve=False)
    doors.post("/api/holds", {"scope": "environment:production", "reason": "audit"})
    url = approvals(slipway)
    doors.post(url, {"decision": "approve"}, who="rita")

    again = doors.post(url, {"decision": "approve"}, who="rita")

    said = again.json()
    assert (again.status, said["outcome"], said["code"]) == (200, "ignored", "known")
    assert (said["release"]["version"], said["about"]) == ("1.0.0", "2")
    assert said["release"]["promotions"][1]["approval"]["votes"][0]["person"]["name"] == "Rita Manager"


@pytest.mark.parametrize(("who", "code"), [("ada", "not-an-approver"), ("olga", "not-an-approver"), ("greta", None)])
def test_who_may_approve_is_the_rules_business(doors: Doors, slipway: Harness, who: str, code: str | None) -> None:
    """Roles of the API don't decide it; groups do."""
    slipway.release_to("1.0.0", approve=False)

    answer = doors.post(approvals(slipway), {"decision": "approve"}, who=who)

    assert (answer.status, answer.json()["code"]) == ((403, code) if code else (200, ""))
    if code:
        assert "release-manager@example.com" in answer.json()["detail"]
        assert slipway.live("production") == ""


def test_an_answer_that_was_delivered_twice_counts_once(doors: Doors, slipway: Harness) -> None:
    """The same key gives the same answer and changes nothing."""
    slipway.release_to("1.0.0", approve=False)
    url = approvals(slipway)
    first = doors.post(url, {"decision": "approve"}, who="rita", key="k-1")
    before = slipway.timeline()

    again = doors.post(url, {"decision": "approve"}, who="rita", key="k-1")

    assert (again.status, again.json()["duplicate"]) == (200, True)
    assert (again.json()["sequence"], again.json()["about"]) == (first.json()["sequence"], "2")
    assert slipway.timeline() == before


def test_the_same_key_of_another_person_is_another_request(doors: Doors, slipway: Harness) -> None:
    """Nobody is answered with what somebody else asked."""
    slipway.release_to("1.0.0", approve=False)
    url = approvals(slipway)
    refused = doors.post(url, {"decision": "approve"}, who="ada", key="k-1")

    answer = doors.post(url, {"decision": "approve"}, who="rita", key="k-1")

    assert (refused.status, answer.status, answer.json()["duplicate"]) == (403, 200, False)


def test_a_refusal_repeated_with_its_key_is_the_same_refusal(doors: Doors, slipway: Harness) -> None:
    """It is in the ledger once."""
    slipway.release_to("1.0.0", approve=False)
    answers = [doors.post(approvals(slipway), {"decision": "approve"}, who="ada", key="k-1") for _ in range(2)]

    assert [one.status for one in answers] == [403, 403]
    assert [one.json()["duplicate"] for one in answers] == [False, True]
    assert [str(one.outcome) for one in slipway.timeline()].count("refused") == 1


def test_a_request_that_is_closed_is_refused_with_what_happened(doors: Doors, slipway: Harness) -> None:
    """409: it was open once."""
    slipway.release_to("1.0.0", approve=False)
    url = approvals(slipway)
    doors.post(url, {"decision": "reject"}, who="rita")

    answer = doors.post(url, {"decision": "approve"}, who="rita")

    assert (answer.status, answer.json()["code"], answer.json()["outcome"]) == (409, "approval-closed", "refused")


def test_a_rollback_brings_the_last_good_version_back(doors: Doors, slipway: Harness) -> None:
    """With a hold on what was rolled back, which is lifted by its id."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0")

    answer = doors.post(f"{PRODUCTION}/rollback", {"reason": "errors"})

    assert (answer.status, answer.json()["release"]["version"]) == (202, "1.1.0")
    assert slipway.live("production") == "1.0.0"
    [hold] = doors.get(DELIVERY).json()["holds"]
    assert (hold["id"], hold["version"], hold["person"]) == ("delivery-v1.1.0", "1.1.0", None)

    lifted = doors.send("DELETE", f"/api/holds/{hold['id']}", {"reason": "was the network"})

    assert lifted.status == 200
    assert doors.get(DELIVERY).json()["holds"] == []


def test_a_redeploy_deploys_what_is_live_again(doors: Doors, slipway: Harness) -> None:
    """Without an approval."""
    slipway.release_to("1.0.0")

    answer = doors.post(f"{PRODUCTION}/redeploy", {})

    assert (answer.status, answer.json()["outcome"]) == (202, "moved")
    assert [one.kind for one in slipway.release("1.0.0").promotions][-1] == "redeploy"


def test_a_write_without_a_body_is_one_with_an_empty_object(doors: Doors, slipway: Harness) -> None:
    """Nothing has to be said to redeploy."""
    slipway.release_to("1.0.0")

    assert doors.post(f"{PRODUCTION}/redeploy").status == 202


def test_a_rejected_release_is_promoted_again(doors: Doors, slipway: Harness) -> None:
    """As a new promotion, with a new question."""
    slipway.release_to("1.0.0", approve=False)
    doors.post(approvals(slipway), {"decision": "reject"}, who="rita")

    answer = doors.post(f"{DELIVERY}/releases/1.0.0/promote", {"environment": "production"})

    assert (answer.status, answer.json()["about"]) == (202, "3")
    assert slipway.promotion("1.0.0", "production").phase == "Waiting"


def test_a_release_is_aborted_with_its_reason(doors: Doors, slipway: Harness) -> None:
    """What waited has ended."""
    slipway.release_to("1.0.0", approve=False)

    answer = doors.post(f"{DELIVERY}/releases/1.0.0/abort", {"reason": "not needed"})

    assert (answer.status, answer.json()["release"]["phase"]) == (202, "Aborted")
    assert "Olga Operator: not needed" in slipway.promotion("1.0.0", "production").reason


def test_an_errored_release_is_retried(doors: Doors, slipway: Harness) -> None:
    """Where it failed, with the approval it has."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.troubles.add("registry.copy", Permanent("it does not let us in", ours=True))
    slipway.approve()
    before = slipway.promotion("1.0.0", "production").phase

    answer = doors.post(f"{DELIVERY}/releases/1.0.0/retry")

    assert (before, answer.status, slipway.live("production")) == ("Errored", 202, "1.0.0")
    again = doors.post(f"{DELIVERY}/releases/1.0.0/retry")
    assert (again.status, again.json()["code"]) == (409, "not-errored")


def test_a_gate_is_overridden_by_name_and_with_a_reason(doors: Doors, slipway: Harness) -> None:
    """Once, and for this version only."""
    slipway.release_to("1.0.0", approve=False)

    answer = doors.post(f"{PRODUCTION}/override", {"version": "1.0.0", "gate": "scan", "reason": "known"})
    unknown = doors.post(f"{PRODUCTION}/override", {"version": "1.0.0", "gate": "approval", "reason": "hurry"})

    assert (answer.status, answer.json()["release"]["overrides"][0]["person"]["name"]) == (200, "Olga Operator")
    assert (unknown.status, unknown.json()["code"]) == (409, "not-overridable")


def test_what_runs_is_adopted_by_a_persons_word(doors: Doors, slipway: Harness) -> None:
    """After a rollback that failed too."""
    slipway.release_to("1.0.0")
    for version in ("1.0.0", "1.1.0"):
        slipway.outside.environments.health["delivery", "production", version] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")
    before = doors.get(DELIVERY).json()["environments"][1]

    answer = doors.post(f"{PRODUCTION}/adopt", {"version": "1.0.0", "reason": "looked at it"})

    after = doors.get(DELIVERY).json()["environments"][1]
    assert before["unknown"]
    assert (answer.status, after["unknown"], after["live"]["version"]) == (200, "", "1.0.0")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("releases/1.0.0/promote", {"environment": "moon"}, 404, "unknown-environment"),
        ("releases/9.9.9/promote", {"environment": "qa"}, 404, "unknown-release"),
        ("releases/9.9.9/abort", {}, 404, "unknown-release"),
        ("environments/moon/rollback", {"reason": "x"}, 404, "unknown-environment"),
        ("environments/qa/rollback", {"reason": "x", "to": "7.0.0"}, 409, "no-such-target"),
        ("environments/qa/redeploy", {"version": "7.0.0"}, 409, "never-succeeded"),
        ("environments/qa/redeploy", {"restart": True}, 409, "no-restart"),
        ("releases/1.0.0/abort", {}, 409, "ended"),
        (f"approvals/{'0' * 64}", {"decision": "approve"}, 409, "approval-closed"),
    ],
)
def test_what_does_not_fit_is_refused_with_why(
    doors: Doors, slipway: Harness, path: str, body: Any, status: int, code: str
) -> None:
    """The detail is for people and the code for programs."""
    slipway.release_to("1.0.0")

    answer = doors.post(f"{DELIVERY}/{path}", body)

    assert (answer.status, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("environments/qa/rollback", {}, 400, "reason"),
        ("environments/qa/rollback", {"reason": "x", "person": "rita"}, 400, "person"),
        ("environments/qa/rollback", b"{", 400, "body"),
        ("environments/qa/rollback", b'{"reason": "' + b"x" * 1024 * 1024 + b'"}', 413, "body"),
        ("releases/one/promote", {"environment": "qa"}, 400, "version"),
        ("environments/qa/override", {"version": "1.0.0", "gate": "moon", "reason": "x"}, 400, "gate"),
    ],
)
def test_a_bad_body_is_refused_and_nothing_is_written(
    doors: Doors, slipway: Harness, path: str, body: Any, status: int, field: str
) -> None:
    """Not even in the ledger: nothing was decided."""
    before = slipway.timeline()

    answer = doors.post(f"{DELIVERY}/{path}", body)

    assert (answer.status, answer.json()["field"]) == (status, field)
    assert slipway.timeline() == before
