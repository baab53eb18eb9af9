"""What the pages show of builds."""

from __future__ import annotations

from shared.domain.build import BuildOutcome, BuildResult, Step, StepResult, WouldBlock
from tests.support.app_parts import Harness
from tests.support.doors import Doors
from tests.support.pilot import good_result


def test_a_service_page_shows_what_an_environment_would_block(doors: Doors, slipway: Harness) -> None:
    """Beside the build that found it."""
    slipway.outside.builder.outcomes["refs/heads/release/delivery/v1.0.0"] = good_result(
        "1", would_block=(WouldBlock(environment="production", reason="Job/x: has no <digest>"),)
    )
    slipway.release_to("1.0.0", approve=False)

    assert (
        "production would block: Job/x: has no &lt;digest&gt;" in doors.get("/services/delivery", "max").body.decode()
    )


def test_an_operator_may_have_a_failed_build_done_again(doors: Doors, slipway: Harness) -> None:
    """Its output is linked until then; the version is not used up."""
    ref = "refs/heads/release/delivery/v1.0.0"
    slipway.outside.builder.outcomes[ref] = BuildResult(
        outcome=BuildOutcome.FAILED,
        reason="1 of 9 tests failed",
        steps=(StepResult(step=Step.UNIT_TESTS, outcome=BuildOutcome.FAILED, output="0" * 64, milliseconds=1),),
    )
    slipway.release_to("1.0.0", approve=False)
    failed = doors.get("/services/delivery", "max").body.decode()
    del slipway.outside.builder.outcomes[ref]

    answer = doors.post("/api/services/delivery/releases/1.0.0/retry")
    slipway.pump()

    assert "/api/services/delivery/builds/2/steps/unit-tests/output?repository=shipping" in failed
    assert "Retry delivery 1.0.0" in failed
    assert answer.status == 202
    assert slipway.live("qa") == "1.0.0"
    assert "Retry delivery 1.0.0" not in doors.get("/services/delivery", "max").body.decode()
