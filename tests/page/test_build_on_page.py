"""What the pages show of builds."""

from __future__ import annotations

from shared.domain.build import WouldBlock
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
