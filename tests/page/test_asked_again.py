"""People who are asked again read why, beside the buttons."""

from __future__ import annotations

from tests.support.app_parts import Harness
from tests.support.doors import Doors
from tests.support.outside import MAIN, SLIPWAY_YAML


def test_the_page_says_what_changed_since_people_were_asked(doors: Doors, slipway: Harness) -> None:
    """And so does the release by API, with what was rendered."""
    slipway.release_to("1.0.0", approve=False)
    before = doors.get("/", who="rita").body.decode()
    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.replace("namespace: backend\n", "namespace: b\n").encode()})
    slipway.tick()
    after = doors.get("/", who="rita").body.decode()
    promotion = doors.get("/api/services/delivery/releases/1.0.0").json()["promotions"][1]

    assert "asked again" not in before
    assert "asked again: the namespace changed" in after
    assert promotion["rendered"]["changed"] == "the namespace changed"
    assert promotion["rendered"]["findings"] == []
    assert len(promotion["rendered"]["inputs"]) == len(promotion["rendered"]["manifests"]) == 64
