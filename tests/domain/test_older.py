"""A version that is older than what runs is told of before it goes there."""

from __future__ import annotations

import pytest

from shared.domain.state.older import brings_older, older
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.pilot import Pilot
from tests.support.pilot_more import promote, redeploy, roll_back

HINT = "production runs 1.1.0; this deploys the older 1.0.0"


def told(pilot: Pilot, version: str, environment: str = "production") -> str:
    """What is said of a version's newest promotion."""
    release, promotion = pilot.release(version), pilot.promotion(version, environment)
    return brings_older(pilot.state.environments[environment], release, promotion)


def before_an_older_one() -> Pilot:
    """Version 1.1.0 is live, and 1.0.0 waits for its approval."""
    return Pilot().release_to("1.1.0").release_to("1.0.0", approve=False)


@pytest.mark.parametrize(
    ("live", "version", "is_older"),
    [("1.1.0", "1.0.0", True), ("1.10.0", "1.9.0", True), ("1.0.0", "1.0.0-rc.1", True), ("1.0.0", "1.0.0", False)],
)
def test_versions_are_older_as_semver_orders_them(live: str, version: str, is_older: bool) -> None:
    """Not by their letters."""
    assert bool(older("qa", Version.parse(live), Version.parse(version))) is is_older
    assert older("qa", Version.parse(version), Version.parse(live)) == ""


def test_a_version_that_waits_is_told_to_be_older_than_the_live_one() -> None:
    """Until it has ended; a newer one is not."""
    pilot = before_an_older_one()
    waiting = told(pilot, "1.0.0")
    pilot.answer()
    pilot.perform()

    assert waiting == HINT
    assert told(pilot, "1.0.0") == ""
    assert told(pilot.release_to("1.2.0", approve=False), "1.2.0") == ""


def test_the_first_version_of_an_environment_is_older_than_nothing() -> None:
    """And nobody knows what is older than what is not known."""
    pilot = before_an_older_one()
    environment, release = pilot.state.environments["production"], pilot.release("1.0.0")
    promotion = pilot.promotion("1.0.0", "production")

    assert brings_older(replace(environment, live=None), release, promotion) == ""
    assert brings_older(replace(environment, unknown="nobody knows"), release, promotion) == ""


def test_who_asks_for_a_rollback_or_a_redeploy_by_name_is_not_told_what_they_said() -> None:
    """That it is older is why they ask."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    said = [note for decision in (roll_back(pilot, "1.0.0"), redeploy(pilot)) for note in decision.notes]
    release, rollback = pilot.release("1.1.0"), pilot.promotion("1.1.0", "production")

    assert (rollback.kind, rollback.phase.ended) == (PromotionKind.ROLLBACK, False)
    assert brings_older(pilot.state.environments["production"], release, rollback) == ""
    assert not [note for note in said if "older" in note]


def test_whoever_promotes_an_older_version_is_told_in_the_answer() -> None:
    """It is in the ledger, too; a newer one has no such note."""
    pilot = before_an_older_one()
    pilot.answer(approve=False)
    assert pilot.promotion("1.0.0", "production").phase is Phase.REJECTED

    decision = promote(pilot, "1.0.0")
    pilot.release_to("1.2.0", approve=False).answer(approve=False)
    newer = promote(pilot, "1.2.0")

    assert HINT in decision.notes
    assert newer.notes
    assert not [note for note in newer.notes if "older" in note]
