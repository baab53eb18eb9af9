"""Taking over a release that runs, by page and API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.test_adopting import runs
from tests.app.test_gathering import asked
from tests.page.test_pages import page
from tests.support.app_parts import Harness, make_app
from tests.support.doors import Doors
from tests.support.outside import Outside, on_clusters

DELIVERY = "/api/services/delivery"
QA = f"{DELIVERY}/environments/qa"


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """Version 1.0.0 is built, and nobody has looked yet what runs in QA, which is a cluster."""
    made = make_app("memory", tmp_path, Outside(slipway_yaml=on_clusters())).start()
    asked(made)
    yield made
    made.database.close()


def test_an_operator_adopts_what_the_page_shows(doors: Doors, slipway: Harness) -> None:
    """It says what was found, and once it is adopted no more."""
    runs(slipway)
    shown, others = page(doors, "/services/delivery", "olga"), page(doors, "/services/delivery", "ada")
    found = doors.get(DELIVERY).json()["environments"][0]["found"]

    answer = doors.post(f"{QA}/adopt", {"reason": "taken over"})

    assert "release delivery, revision 3, deployed, chart delivery 1.0.0, version 1.0.0 by what runs" in shown
    assert 'data-about="Adopt release delivery in qa as 1.0.0"' in shown
    assert ">Adopt</button>" not in others
    assert (found["version"], found["chart_version"], found["others"]) == ("1.0.0", "1.0.0", [])
    assert answer.status == 200
    after = doors.get(DELIVERY).json()["environments"][0]
    assert (after["found"], after["live"]["version"]) == (None, "1.0.0")


def test_what_is_no_known_version_says_what_going_back_would_be(doors: Doors, slipway: Harness) -> None:
    """Before anybody adopts it."""
    runs(slipway, chart_version="latest")

    shown = page(doors, "/services/delivery", "olga")

    assert "no known version by what runs" in shown
    assert "as no known version: going back is by Helm&#x27;s history" in shown


def test_a_foreign_object_is_named_in_the_place_of_the_button(doors: Doors, slipway: Harness) -> None:
    """And refused by API."""
    runs(slipway, others=("Secret/keys belongs to nobody",))

    shown = page(doors, "/services/delivery", "olga")
    answer = doors.post(f"{QA}/adopt", {"reason": "taken over"})

    assert "Secret/keys belongs to nobody" in shown
    assert ">Adopt</button>" not in shown
    assert (answer.status, answer.json()["code"]) == (409, "foreign-object")


def test_a_dry_run_says_what_would_be_recorded(doors: Doors, slipway: Harness) -> None:
    """And changes nothing."""
    runs(slipway)

    answer = doors.post(f"{QA}/adopt", {"reason": "looking", "dry_run": True})

    assert (answer.status, answer.json()["code"]) == (200, "dry-run")
    assert answer.json()["reason"] == "qa: v1.0.0 would be adopted as live"
    assert doors.get(DELIVERY).json()["environments"][0]["live"] is None
