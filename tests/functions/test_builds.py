"""Builds over HTTP: by number, of releases and of branches, with what their steps printed."""

from __future__ import annotations

import pytest

from shared.domain.state.build import BuildOutcome, BuildResult, Step, StepResult
from tests.support.app_parts import Harness
from tests.support.doors import Doors

DELIVERY = "/api/services/delivery"
BRANCH = "refs/heads/feature/delivery/x"
RELEASE = "refs/heads/release/delivery/v1.0.0"


def fails(slipway: Harness, ref: str, printed: bytes) -> None:
    """Builds of the ref stop at their unit tests, having printed that."""
    slipway.outside.builder.outcomes[ref] = BuildResult(
        outcome=BuildOutcome.FAILED,
        reason="1 of 3 tests failed",
        steps=(
            StepResult(
                step=Step.UNIT_TESTS,
                outcome=BuildOutcome.FAILED,
                output=slipway.app.evidence.put(printed),
                milliseconds=1500,
                reason="exit 1",
            ),
            StepResult(step=Step.IMAGE, outcome=BuildOutcome.CANCELLED, output="", milliseconds=0),
        ),
    )


def test_a_validation_is_read_by_the_number_on_its_commit(doors: Doors, slipway: Harness) -> None:
    """These names are a contract; nothing else of a validation remains."""
    fails(slipway, BRANCH, b"FAILED (failures=1)\n")
    commit = slipway.push(BRANCH, {"src/shipping/delivery/x": b"1"})
    slipway.pump()
    assert doors.get(DELIVERY).json()["validations"] == []
    [status] = doors.get(f"/api/statuses/{commit}").json()["statuses"]
    assert status["description"] == "build 2 failed: 1 of 3 tests failed"

    found = doors.get(f"{DELIVERY}/builds/2").json()

    since, at = found.pop("since"), found.pop("at")
    assert since.endswith("Z")
    assert since <= at
    where = f"{DELIVERY}/builds/2/steps/unit-tests/output?repository=shipping"
    assert found == {
        "repository": "shipping",
        "service": "delivery",
        "number": 2,
        "attempt": 1,
        "ref": BRANCH,
        "commit": commit,
        "version": None,
        "link": "",
        "outcome": "failed",
        "reason": "1 of 3 tests failed",
        "tests": None,
        "scan": None,
        "steps": [
            {"step": "unit-tests", "outcome": "failed", "reason": "exit 1", "milliseconds": 1500, "output": where},
            {"step": "image", "outcome": "cancelled", "reason": "", "milliseconds": 0, "output": ""},
        ],
        "would_block": [],
    }
    assert doors.get(where).body == b"FAILED (failures=1)\n"


def test_a_release_links_to_its_build_and_to_what_it_printed(doors: Doors, slipway: Harness) -> None:
    """As plain text whatever a test wrote; bytes that are no text are marked."""
    fails(slipway, RELEASE, b"Ran 3 tests\n\xff <b>OK</b>\n")
    commit = slipway.push_release("1.0.0")
    slipway.pump()

    build = doors.get(f"{DELIVERY}/releases/1.0.0").json()["build"]
    whole = doors.get(build["url"]).json()
    answer = doors.get(build["steps"][0]["output"])

    assert (whole["number"], whole["version"], whole["ref"], whole["commit"]) == (2, "1.0.0", RELEASE, commit)
    assert (build["number"], build["steps"]) == (2, whole["steps"])
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.body.decode() == "Ran 3 tests\n\ufffd <b>OK</b>\n"


def test_a_builds_counts_are_read_with_it(doors: Doors, slipway: Harness) -> None:
    """Tests, and what a scanner said."""
    slipway.release_to("1.0.0", approve=False)

    found = doors.get(f"{DELIVERY}/builds/2").json()

    assert (found["outcome"], found["tests"]) == ("succeeded", {"passed": 3, "failed": 0, "skipped": 0})
    assert found["scan"] == {"worst": "low", "reason": "", "by_change": False}


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("builds/3", "unknown-build", "there is no build '3' of delivery"),
        ("builds/latest", "unknown-build", "there is no build 'latest' of delivery"),
        ("builds/01", "unknown-build", "there is no build '01' of delivery"),
        ("builds/-1", "unknown-build", "there is no build '-1' of delivery"),
        (f"builds/{'9' * 60}", "unknown-build", f"there is no build '{'9' * 20}' of delivery"),
        ("builds/3/steps/image/output", "unknown-build", "no build '3' of delivery has ended"),
        ("builds/x/steps/image/output", "unknown-build", "no build 'x' of delivery has ended"),
        ("builds/2/steps/scan/output", "unknown-step", "did no step 'scan'; it did: unit-tests, image"),
        ("builds/2/steps/image/output", "unknown-output", "no output of step image of build 2 of delivery is kept"),
    ],
)
def test_what_is_missing_is_named(doors: Doors, slipway: Harness, path: str, code: str, said: str) -> None:
    """The build, the step, or only what it printed."""
    fails(slipway, RELEASE, b"x")
    slipway.push_release("1.0.0")
    slipway.pump()

    answer = doors.get(f"{DELIVERY}/{path}")

    assert (answer.status, answer.json()["code"]) == (404, code)
    assert said in answer.json()["detail"]


def test_builds_of_a_service_that_is_not_there_are_404(doors: Doors) -> None:
    """It is the service that is named."""
    for path in ("builds/2", "builds/2/steps/image/output"):
        answer = doors.get(f"/api/services/nobody/{path}")

        assert (answer.status, answer.json()["code"]) == (404, "unknown-service")
