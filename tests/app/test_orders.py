"""What is ordered of Helm: the chart where the environment reads it, with the values that it was checked with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.app.handling.loaded_service import read_service
from shared.app.views.release import release_view
from shared.domain.messages import events as ev
from shared.domain.messages.effects import Deploy
from shared.domain.policies.policy import Drift
from shared.ports.applier import Busy, ClusterObjection, DeployOrder, DeployReport
from shared.ports.rollout_watcher import RolloutState
from tests.contracts.memory.rows import MemoryEvidence
from tests.support.app_looks import all_but, do, the
from tests.support.app_parts import DELIVERY, Harness, make_app
from tests.support.outside import Outside, on_clusters


@pytest.fixture
def slipway(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Harness]:
    """The application, its environments deployed to with Helm."""
    drift = getattr(request, "param", Drift.REPORT)
    made = make_app("memory", tmp_path, Outside(slipway_yaml=on_clusters(drift))).start()
    yield made
    made.database.close()


def ordered(slipway: Harness, environment: str = "production") -> DeployOrder:
    """The last order to an environment."""
    return slipway.outside.environments.orders[f"{environment}/delivery"]


def test_an_order_has_the_chart_where_the_environment_reads_it(slipway: Harness) -> None:
    """By digest, with the values files of the released commit and the settings as they were expanded."""
    release = slipway.release_to("1.0.0")
    assert release.artifact is not None
    assert release.artifact.chart is not None

    chart = ordered(slipway).chart

    assert chart is not None
    assert (chart.registry, chart.version) == ("localhost:5000", "1.0.0")
    assert (chart.repository, chart.digest) == (
        f"prod/{release.artifact.chart.repository}",
        release.artifact.chart.digest,
    )
    assert (chart.rendering.release_name, chart.rendering.namespace) == ("delivery", "backend")
    at_qa = ordered(slipway, "qa").chart
    assert at_qa is not None
    assert at_qa.rendering.named_values == (("charts/delivery/values-qa.yaml", b"replicas: 1\n"),)
    assert chart.rendering.settings["image.repository"].text == "localhost:5000/prod/delivery"


def test_an_order_that_goes_forward_takes_nothing_back_and_ends_with_its_attempt(slipway: Harness) -> None:
    """Unless policy says so."""
    slipway.release_to("1.0.0")

    order = ordered(slipway)

    assert (order.force, order.before, order.good) == (False, "", ())
    assert order.until is not None
    assert order.until > slipway.app.now()


@pytest.mark.parametrize("slipway", [Drift.CORRECT], indirect=True)
def test_where_drift_is_corrected_an_order_takes_fields_back(slipway: Harness) -> None:
    """By policy, forward too."""
    slipway.release_to("1.0.0")

    assert ordered(slipway).force


def test_a_rollback_brings_the_old_chart_with_the_old_values(slipway: Harness) -> None:
    """Whatever the environment's settings are today; with the revision by which it was good, and by force."""
    slipway.release_to("1.0.0")
    before = ordered(slipway)
    good = slipway.environment("production").live
    slipway.outside.environments.health["delivery", "production", "1.0.1"] = RolloutState.DEGRADED
    slipway.release_to("1.0.1")

    order = ordered(slipway)

    assert good is not None
    assert (order.version, order.chart) == ("1.0.0", before.chart)
    assert (order.before, order.good, order.force) == (good.revision, (good.revision,), True)


def test_a_redeployment_brings_the_same_once_more(slipway: Harness) -> None:
    """It takes back what others changed."""
    slipway.release_to("1.0.0")
    before = ordered(slipway)

    slipway.ask(ev.RedeployRequested, environment="production", version="")
    slipway.pump()

    order = ordered(slipway)
    assert (order.chart, order.manifests, order.force) == (before.chart, before.manifests, True)
    assert order.turn > before.turn


def test_a_restart_is_a_redeployment_that_starts_pods_anew(slipway: Harness) -> None:
    """A Secret was rotated, and nothing else changed."""
    slipway.release_to("1.0.0")

    slipway.ask(ev.RedeployRequested, environment="production", version="", restart=True)
    slipway.pump()

    assert ordered(slipway).restart
    assert slipway.promotion("1.0.0", "production").phase == "Succeeded"


def test_values_that_are_lost_are_no_fault_of_the_release(slipway: Harness) -> None:
    """As manifests are: nothing is deployed with others."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("deploy"))
    rendered, left = slipway.promotion("1.0.0", "qa").rendered, MemoryEvidence()
    assert rendered is not None
    left.put(slipway.app.evidence.get(rendered.manifests))
    effect = the(slipway, Deploy)
    do(slipway.wrap(evidence=left), effect)

    assert slipway.promotion("1.0.0", "qa").phase == "Errored"
    assert "values of v1.0.0" in slipway.promotion("1.0.0", "qa").reason


def test_what_was_put_right_on_the_way_stands_in_the_ledger(slipway: Harness) -> None:
    """And that nothing had to change; each in words, no more than a report has room for."""
    slipway.release_to("1.0.0")
    said = DeployReport(revision="", unchanged=True, healed=("revision 2 was marked failed", "x" * 1000))
    slipway.outside.environments.reports["production/delivery"] = said

    slipway.ask(ev.RedeployRequested, environment="production", version="")
    slipway.pump()

    notes = [note for entry in slipway.timeline() for note in entry.notes]
    number = slipway.promotion("1.0.0", "production").number
    assert f"production #{number}: revision 2 was marked failed" in notes
    assert f"production #{number}: nothing had to change" in notes
    assert f"production #{number}: {'x' * 300}" in notes
    assert slipway.promotion("1.0.0", "production").unchanged


def test_an_order_that_found_no_room_goes_back_unharmed(slipway: Harness) -> None:
    """It is no try: another one comes when there may be room."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("deploy"))
    slipway.outside.troubles.add("applier.write", *[Busy("all taken", retry_after=timedelta(seconds=1))] * 20)
    slipway.pump(most=timedelta(minutes=5))

    assert slipway.promotion("1.0.0", "qa").phase == "Succeeded"


def test_what_the_cluster_would_refuse_keeps_a_promotion_waiting(slipway: Harness) -> None:
    """Before anybody is asked, with object and field."""
    slipway.outside.environments.objections["production/delivery"] = (
        ClusterObjection(
            object="Deployment/delivery", field=".spec.replicas", problem="kubectl changed it", manager="kubectl"
        ),
    )
    slipway.release_to("1.0.0", approve=False)

    waiting = slipway.promotion("1.0.0", "production")
    assert (waiting.phase, waiting.approval) == ("Waiting", None)
    assert waiting.reason == "Deployment/delivery: .spec.replicas: kubectl changed it"


@pytest.mark.parametrize("slipway", [Drift.CORRECT], indirect=True)
def test_what_will_be_taken_back_is_named_before_anybody_answers(slipway: Harness) -> None:
    """It stands in nobody's way; what is nobody's field still does."""
    changed = ClusterObjection(
        object="Deployment/delivery", field=".spec.replicas", problem="kubectl changed it", manager="kubectl"
    )
    slipway.outside.environments.objections["production/delivery"] = (changed,)
    slipway.release_to("1.0.0", approve=False)

    waiting = slipway.promotion("1.0.0", "production")
    assert waiting.approval is not None
    assert waiting.facts is not None
    assert [(one.object, one.field) for one in waiting.facts.drift] == [("Deployment/delivery", ".spec.replicas")]
    view = release_view(
        read_service(slipway.app, DELIVERY), slipway.release("1.0.0"), viewer=None, now=slipway.app.now()
    )
    assert [one.problem for promotion in view.promotions for one in promotion.drift] == ["kubectl changed it"]
