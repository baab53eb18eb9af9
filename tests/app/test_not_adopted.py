"""What is not taken over, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.drafts.decision import Outcome
from tests.app.test_adopting import adopt, runs
from tests.app.test_gathering import asked
from tests.support.app_parts import Harness, make_app
from tests.support.outside import Outside, on_clusters


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """Version 1.0.0 is built, and nobody has looked yet what runs in QA, which is a cluster."""
    made = make_app("memory", tmp_path, Outside(slipway_yaml=on_clusters())).start()
    asked(made)
    yield made
    made.database.close()


@pytest.mark.parametrize("status", ["pending-upgrade", "failed", "uninstalling"])
def test_what_does_not_stand_is_not_adopted(slipway: Harness, status: str) -> None:
    """Helm could not go back to it, and somebody may be at it."""
    runs(slipway, status=status)

    refused = adopt(slipway, dry_run=True)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "not-deployed")
    assert refused.reason == (
        f"release delivery, chart delivery 1.0.0, revision 3, is {status};"
        " let that end, or mend it with Helm, and adopt then"
    )


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("Secret/keys belongs to nobody",), "Secret/keys belongs to nobody; take it out"),
        (("Secret/keys belongs to nobody", "Role/x belongs to nobody"), "belongs to nobody (and 1 more); take it out"),
    ],
)
def test_a_foreign_object_keeps_a_release_from_being_adopted(
    slipway: Harness, others: tuple[str, ...], said: str
) -> None:
    """It is named, never taken."""
    runs(slipway, others=others)

    refused = adopt(slipway)

    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "foreign-object")
    assert said in refused.reason
    assert "qa" not in slipway.state().environments


def test_another_version_than_the_one_that_runs_is_not_adopted(slipway: Harness) -> None:
    """Nor anything where nobody has looked, or nothing was found."""
    early = adopt(slipway)
    runs(slipway)

    other = adopt(slipway, "2.0.0")
    same = adopt(slipway, "1.0.0")

    assert (early.code, other.code) == ("unknown-environment", "no-such-target")
    assert other.reason == "2.0.0 was never good in qa; there is 1.0.0"
    assert same.outcome is not Outcome.REFUSED
