"""A release by each of its endings, from the push of its branch on."""

from __future__ import annotations

from shared.domain.phases import Phase, ReleasePhase
from tests.support.app_parts import Harness


def test_a_version_that_is_healthy_and_approved_is_released(slipway: Harness) -> None:
    """From the push to production, with the digest that QA ran."""
    release = slipway.release_to("1.0.0")

    assert release.phase is ReleasePhase.RELEASED
    assert release.artifact is not None
    assert slipway.live("production") == "1.0.0"
    assert slipway.running("production").image == (
        f"localhost:5000/prod/delivery:v1.0.0@{release.artifact.image_digest}"
    )
    assert [one.phase for one in release.promotions] == [Phase.SUCCEEDED, Phase.SUCCEEDED]
