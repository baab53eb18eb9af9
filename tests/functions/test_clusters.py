"""What people ask for where environments are clusters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.applier import DeployReport
from shared.ports.rollout_watcher import RolloutState
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


def test_what_a_rollback_leaves_is_said_before_anybody_answers(doors: Doors, slipway: Harness) -> None:
    """By API, beside the buttons, and with the question."""
    slipway.outside.charts.beside["1.0.0"] = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "orders.example.com"},
    }
    slipway.push_release("1.0.0")
    slipway.pump()
    doors.post(
        f"{DELIVERY}/environments/qa/override", {"version": "1.0.0", "gate": "manifests", "reason": "it is there"}
    )
    doors.post(f"{PRODUCTION}/override", {"version": "1.0.0", "gate": "manifests", "reason": "it is there"})
    slipway.pump()

    waiting = doors.get(f"{DELIVERY}/releases/1.0.0").json()["promotions"][-1]
    said = "a rollback does not undo CustomResourceDefinition/orders.example.com"

    assert waiting["rendered"]["not_undone"] == ["CustomResourceDefinition/orders.example.com"]
    assert f"<small>{said}</small>" in page(doors, "/", "rita")
    assert slipway.outside.people.asked[-1].changes[-1] == said


def test_how_long_the_old_version_was_away_is_told(doors: Doors, slipway: Harness) -> None:
    """By API and page, for the rollback alone."""
    slipway.release_to("1.0.0")
    slipway.outside.environments.health["delivery", "production", "1.1.0"] = RolloutState.DEGRADED
    slipway.release_to("1.1.0")

    promotions = doors.get(f"{DELIVERY}/releases/1.1.0").json()["promotions"]

    took = promotions[-1]["restored_milliseconds"]
    assert [one["restored_milliseconds"] for one in promotions] == [None, None, took]
    assert took >= 0
    assert f"ready again {took / 1000:,.1f} s after the failure was seen" in page(doors, "/services/delivery")
