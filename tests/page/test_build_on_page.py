"""What the pages show of builds."""

from __future__ import annotations

import pytest

from shared.app.handling.handle_event import handle
from shared.domain.messages.events import BuildStarted
from shared.domain.state.build import BuildHandle, BuildOutcome, BuildResult, Step, StepResult, WouldBlock
from tests.support.app_parts import DELIVERY, SECOND, Harness
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


@pytest.mark.parametrize(
    ("link", "there"), [("https://ci.example.com/runs/4", True), ("javascript:alert(1)", False), ("", False)]
)
def test_a_release_leads_to_its_builds_run_at_the_host_that_builds(
    doors: Doors, slipway: Harness, link: str, there: bool
) -> None:
    """Where there is one; attack: what the host calls a link is none that a page may have."""
    slipway.outside.builder.slow["refs/heads/release/delivery/v1.0.0"] = 99
    slipway.push_release("1.0.0")
    slipway.pump(most=SECOND)
    run = slipway.release("1.0.0").build
    assert run is not None
    said = BuildHandle(id="4", link=link)
    handle(
        slipway.app,
        BuildStarted(id="runs", service=DELIVERY, number=run.number, attempt=run.attempt, handle=said),
    )
    shown = doors.get("/services/delivery", "max").body.decode()

    assert (f'<a href="{link}">its run</a>' in shown) is there
    assert "javascript" not in shown
