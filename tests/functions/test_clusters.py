"""What people ask for where environments are clusters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.applier import DeployReport
from tests.page.test_pages import page
from tests.support.app_parts import Harness, make_app
from tests.support.doors import Doors
from tests.support.outside import Outside, on_clusters

DELIVERY = "/api/services/delivery"
PRODUCTION = f"{DELIVERY}/environments/production"


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """The application, its environments deployed to with Helm."""
    made = make_app("memory", tmp_path, Outside(slipway_yaml=on_clusters())).start()
    yield made
    made.database.close()


def test_pods_are_restarted_by_api_and_page(doors: Doors, slipway: Harness) -> None:
    """An operator has a button for it beside that for deploying again."""
    slipway.release_to("1.0.0")
    shown = page(doors, "/services/delivery", "olga")

    answer = doors.post(f"{PRODUCTION}/redeploy", {"restart": True})

    assert ">Restart</button>" in shown
    assert "Start the pods of delivery 1.0.0 in production anew" in shown
    assert ">Restart</button>" not in page(doors, "/services/delivery", "ada")
    assert answer.status == 202
    newest = doors.get(f"{DELIVERY}/releases/1.0.0").json()["promotions"][-1]
    assert (newest["kind"], newest["phase"], newest["restart"]) == ("redeploy", "Succeeded", True)
    assert slipway.outside.environments.orders["production/delivery"].restart


def test_that_nothing_had_to_change_is_told_by_api_and_page(doors: Doors, slipway: Harness) -> None:
    """Whoever deploys again wants to know whether anything was wrong."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.reports["production/delivery"] = DeployReport(revision="", unchanged=True)

    doors.post(f"{PRODUCTION}/redeploy", {})

    promotions = doors.get(f"{DELIVERY}/releases/1.0.0").json()["promotions"]
    assert [one["unchanged"] for one in promotions] == [False, False, True]
    assert "redeployed by Olga Operator<div>nothing had to change</div>" in page(doors, "/services/delivery")
