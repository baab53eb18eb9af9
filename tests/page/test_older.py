"""Whoever is about to deploy an older version than the live one reads so first."""

from __future__ import annotations

import html

import pytest

from tests.page.test_pages import page
from tests.support.app_parts import Harness
from tests.support.doors import Doors
from tests.support.outside import MAIN, SLIPWAY_YAML

HINT = "production runs 1.2.0; this deploys the older 1.1.0"
ALLOWING = SLIPWAY_YAML.replace(", older_than_live: block", "")


@pytest.fixture
def older(slipway: Harness) -> Harness:
    """1.2.0 is live in production, and 1.1.0 waits for an approval."""
    slipway.push(MAIN, {"slipway.yaml": ALLOWING.encode()})
    slipway.pump()
    slipway.release_to("1.2.0")
    slipway.release_to("1.1.0", approve=False)
    return slipway


def test_an_approver_reads_it_at_the_request_and_in_the_question(doors: Doors, older: Harness) -> None:
    """On the first page twice, with what waits for them, and on the service's own."""
    first, own = page(doors, who="rita"), page(doors, "/services/delivery", who="rita")

    assert html.unescape(first).count(f">{HINT}<") == 2
    assert f">{HINT}<" in html.unescape(own)
    assert f"Approve delivery 1.1.0 to production ({HINT})" in html.unescape(first)


def test_people_who_are_asked_are_told_with_the_question(doors: Doors, older: Harness) -> None:
    """As a card would show it."""
    assert [one.older for one in older.outside.people.asked] == ["", HINT]


def test_whoever_promotes_it_reads_it_before_and_in_the_answer(doors: Doors, older: Harness) -> None:
    """On the button, in the answer's notes, and at the promotion until it has ended."""
    older.answer(approve=False)
    older.pump()
    before = page(doors, "/services/delivery", who="olga")
    answer = doors.post("/api/services/delivery/releases/1.1.0/promote", {"environment": "production"}).json()

    assert f"Promote delivery 1.1.0 to production again ({HINT})" in html.unescape(before)
    assert HINT in answer["notes"]
    assert [one["older"] for one in answer["release"]["promotions"]][-2:] == ["", HINT]


def test_what_stands_in_the_way_for_being_older_is_said_once(doors: Doors, slipway: Harness) -> None:
    """The gate and the hint have the same words."""
    slipway.release_to("1.2.0")
    slipway.release_to("1.1.0", approve=False)

    found = html.unescape(page(doors, "/services/delivery", who="ada"))
    environments = found[: found.index('id="under-way"')]

    assert environments.count(HINT) == 1
