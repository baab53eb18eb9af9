"""What is no fault and still should be known."""

from __future__ import annotations

from shared.app.views.health import for_anybody, health
from tests.support.app_parts import Harness


def test_health_shows_warnings_to_readers(slipway: Harness) -> None:
    """All is well with them, and who is no reader learns nothing of how the process is set up."""
    slipway.wrap(warnings=("builds see all files that this user sees",))

    found = health(slipway.app)

    assert found.warnings == ("builds see all files that this user sees",)
    assert found.status == "ok"
    assert for_anybody(found).warnings == ()
