"""Overrides: a named person lets one version past one gate in one environment, once."""

from __future__ import annotations

import pytest

from shared.domain.drafts.decision import Outcome
from shared.domain.gating.gates import OVERRIDABLE, Gate
from shared.domain.messages import effects as ef
from shared.domain.policies.policy import DenyWindow, ServicePolicy, Severity
from shared.domain.state.build import ScanResult
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from tests.support.pilot import PRODUCTION, QA, Pilot, good_result, policy
from tests.support.pilot_more import DAY, HOUR, codes, hold, override, promote, retry, roll_back

ALWAYS = DenyWindow(cron="0 0 * * *", duration=DAY, timezone="UTC", reason="closed")


def frozen() -> ServicePolicy:
    return policy(QA, replace(PRODUCTION, approval=None, freezes=(ALWAYS,)))


def test_an_override_lets_a_version_pass_with_who_and_why() -> None:
    """The ledger's note names the person."""
    pilot = Pilot(frozen()).release_to("1.0.0", approve=False)

    decision = override(pilot, "freeze", "1.0.0")
    pilot.perform()

    assert "v1.0.0 production: gate freeze overridden by Olga Operator: customers wait" in decision.notes
    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_an_override_is_used_once() -> None:
    """The next promotion of the same version needs another."""
    pilot = Pilot(frozen())
    pilot.release_to("0.9.0", approve=False)
    override(pilot, "freeze", "0.9.0")
    pilot.perform()
    pilot.release_to("1.0.0", approve=False)
    pilot.world.broken["retag"] = {"ours": False}
    override(pilot, "freeze", "1.0.0")
    pilot.perform()
    assert pilot.promotion("1.0.0", "production").phase is Phase.FAILED
    del pilot.world.broken["retag"]

    promote(pilot, "1.0.0")
    pilot.perform()

    assert codes(pilot, "1.0.0") == ["Frozen"]


def test_a_retry_keeps_the_override_it_used() -> None:
    """It is the same promotion."""
    pilot = Pilot(frozen()).release_to("1.0.0", approve=False)
    pilot.world.broken["retag"] = {}
    override(pilot, "freeze", "1.0.0")
    pilot.perform()
    pilot.world.broken.clear()

    retry(pilot, "1.0.0")
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


def test_a_rollback_uses_up_no_override() -> None:
    """It passes the gates that can be overridden anyway."""
    pilot = Pilot(policy(QA, replace(PRODUCTION, approval=None))).release_to("1.0.0", approve=False)
    pilot.release_to("1.1.0", approve=False)
    roll_back(pilot)
    override(pilot, "hold", "1.1.0")
    pilot.perform()

    promote(pilot, "1.1.0")
    pilot.perform()

    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


def test_an_override_is_for_one_version_and_one_environment() -> None:
    """Another version in the same freeze still waits."""
    pilot = Pilot(frozen()).release_to("1.0.0", approve=False).release_to("1.1.0", approve=False)

    override(pilot, "freeze", "1.0.0", "qa")
    override(pilot, "freeze", "1.1.0")
    pilot.perform()

    assert codes(pilot, "1.0.0") == ["Frozen"]
    assert pilot.promotion("1.1.0", "production").phase is Phase.SUCCEEDED


def test_an_override_of_the_scan_brings_the_question_to_people() -> None:
    """Past one gate is not past the approval."""
    pilot = Pilot()
    pilot.world.build = lambda build: good_result("1", scan=ScanResult(worst=Severity.CRITICAL))
    pilot.release_to("1.0.0", approve=False)
    assert codes(pilot, "1.0.0") == ["ScanAbove", "ApprovalNeeded"]
    assert pilot.effects(ef.AskApproval) == []

    override(pilot, "scan", "1.0.0")

    assert codes(pilot, "1.0.0") == ["ApprovalNeeded"]
    assert len(pilot.effects(ef.AskApproval)) == 1


def test_an_override_of_a_hold_does_not_outlive_a_line_that_is_stopped_later() -> None:
    """Who gave it did not know of the outage."""
    pilot = Pilot(policy(QA, replace(PRODUCTION, approval=None)))
    hold(pilot, "environment:production")
    pilot.push_release("1.0.0")
    pilot.perform(ef.ReadTags, ef.Build, ef.Tag)
    override(pilot, "hold", "1.0.0")
    pilot.now += HOUR / 2
    hold(pilot)
    pilot.perform()
    stopped = pilot.promotion("1.0.0", "qa").reason
    assert stopped == "held (everything) by Olga Operator: outage"

    pilot.estate = replace(pilot.estate, holds=pilot.estate.holds[:1])
    pilot.pass_time(HOUR / 60)
    pilot.perform()

    assert pilot.promotion("1.0.0", "production").phase is Phase.SUCCEEDED


@pytest.mark.parametrize("gate", [*sorted(set(Gate) - OVERRIDABLE), "nonsense", ""])
def test_no_person_overrides_approval_slot_or_a_changed_tag(gate: str) -> None:
    """The refusal says which gates can be."""
    decision = override(Pilot().release_to("1.0.0", approve=False), gate, "1.0.0")

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, "not-overridable")
    assert decision.reason.endswith(
        "freeze, hold, manifests, older-than-live, order, rollback-target, scan, soak, tests"
    )


@pytest.mark.parametrize(
    ("version", "environment", "code"),
    [
        ("9.9.9", "production", "unknown-release"),
        ("1.0", "production", "bad-version"),
        ("v1.0.0", "production", "bad-version"),
        ("1.0.0", "moon", "unknown-environment"),
        ("1.0.0", "production", "not-waiting"),
    ],
)
def test_an_override_of_what_is_not_there_is_refused(version: str, environment: str, code: str) -> None:
    """An ended release is promoted first."""
    decision = override(Pilot().release_to("1.0.0"), "freeze", version, environment)

    assert (decision.outcome, decision.code) == (Outcome.REFUSED, code)
