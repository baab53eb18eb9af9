"""What going back does not undo: hooks that have run, and kinds that a chart defined."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.charts.manifests import Finding
from shared.domain.charts.undone import MOST_NAMED, not_undone, not_undone_sentence
from shared.domain.gating.asking import changes_of
from shared.domain.messages import effects as ef
from shared.domain.state.phases import Phase
from tests.support.pilot import Pilot
from tests.support.pilot_more import roll_back

HOOK = "helm.sh/hook"


def an_object(kind: str, name: str, **annotations: object) -> dict[str, Any]:
    """An object as a chart renders it."""
    return {"kind": kind, "metadata": {"name": name, "annotations": annotations}}


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (an_object("Job", "migrate", **{HOOK: "pre-upgrade"}), ("Job/migrate (hook pre-upgrade)",)),
        (
            an_object("Job", "sync", **{"argocd.argoproj.io/hook": "PreSync"}),
            ("Job/sync (hook PreSync)",),
        ),
        (an_object("Job", "odd", **{HOOK: ["pre-upgrade"]}), ("Job/odd (hook ?)",)),
        (
            an_object("CustomResourceDefinition", "orders.example.com"),
            ("CustomResourceDefinition/orders.example.com",),
        ),
        ({"items": [an_object("Job", "listed", **{HOOK: "post-install"})]}, ("Job/listed (hook post-install)",)),
        (an_object("Pod", "try", **{HOOK: "test"}), ()),
        (an_object("Deployment", "delivery"), ()),
        ({"metadata": {}}, ()),
    ],
)
def test_hooks_and_definitions_stay(found: dict[str, Any], named: tuple[str, ...]) -> None:
    """Helm's test hooks are never run here, and all else goes back."""
    assert not_undone([found]) == named


def test_only_the_first_of_many_are_named() -> None:
    """People read no more."""
    found = not_undone([an_object("CustomResourceDefinition", f"d{number}") for number in range(MOST_NAMED + 3)])

    assert len(found) == MOST_NAMED + 1
    assert found[-1] == "3 others"


def test_attack_more_objects_than_are_looked_at() -> None:
    """That does not comply anyway; what was seen is named."""
    first = an_object("CustomResourceDefinition", "first")

    assert not_undone([first, {"items": [{"items": [{}] * 1_000_000}]}]) == ("CustomResourceDefinition/first",)


def test_nothing_is_said_where_all_goes_back() -> None:
    """A sentence only where there is something to know."""
    assert not_undone_sentence(()) == ""
    assert not_undone_sentence(("Job/a", "Job/b")) == "a rollback does not undo Job/a, Job/b"


def test_people_are_told_with_the_question() -> None:
    """Beside what takes the place of what."""
    pilot = Pilot()
    pilot.world.rendered = {"not_undone": ("Job/migrate (hook pre-upgrade)",)}
    pilot.release_to("1.0.0", approve=False)
    promotion = pilot.promotion("1.0.0", "production")

    said = changes_of(pilot.state.environments["qa"], pilot.release("1.0.0"), promotion)

    assert said[-1] == "a rollback does not undo Job/migrate (hook pre-upgrade)"


def test_people_are_told_what_will_be_taken_back() -> None:
    """What others changed in the cluster, and a policy corrects."""
    pilot = Pilot()
    pilot.world.facts = {"drift": (Finding("Deployment/delivery", ".spec.replicas", "kubectl changed it since"),)}
    pilot.release_to("1.0.0", approve=False)
    promotion = pilot.promotion("1.0.0", "production")

    said = changes_of(pilot.state.environments["qa"], pilot.release("1.0.0"), promotion)

    assert said[1:] == ("will be taken back: Deployment/delivery .spec.replicas: kubectl changed it since",)


def failing() -> Pilot:
    """1.1.0 is watched in production, where 1.0.0 was good."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0", approve=False)
    pilot.answer()
    pilot.world.unhealthy.add(pilot.promotion("1.1.0", "production").number)
    return pilot.perform(ef.GatherFacts, ef.Retag, ef.Deploy)


def test_the_time_from_the_failure_to_the_old_version_is_told() -> None:
    """In the ledger and at the rollback."""
    pilot = failing()
    pilot.perform(ef.ObserveRollout)
    seen = pilot.now
    pilot.now += timedelta(seconds=41.5)

    pilot.perform()

    promotion = pilot.promotion("1.1.0", "production")
    assert (promotion.phase, promotion.broken_since) == (Phase.ROLLED_BACK, seen)
    assert "production: v1.0.0 is ready again, 41.5 s after the failure was seen" in pilot.decisions[-1].notes


def test_where_people_roll_back_it_counts_from_their_asking() -> None:
    """They saw it."""
    pilot = Pilot().release_to("1.0.0").release_to("1.1.0")
    roll_back(pilot)
    asked = pilot.now
    pilot.now += timedelta(minutes=2)

    pilot.perform()

    assert pilot.promotion("1.1.0", "production").broken_since == asked
