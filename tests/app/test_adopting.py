"""A release that runs already is taken over: named, matched to a version, and gone back to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.app.handling.handle_event import Handled
from shared.domain.deciding.adopting import foreign_at
from shared.domain.drafts.decision import Outcome
from shared.domain.gating.asking import changes_of
from shared.domain.messages import events as ev
from shared.domain.state.adoptable import Adoptable
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.release import EnvironmentState
from shared.domain.values.records import replace
from shared.ports.applier import Found
from shared.ports.chart import read_rendering
from shared.ports.rollout_watcher import RolloutState
from tests.app.test_gathering import asked
from tests.support.app_parts import Harness, make_app
from tests.support.outside import Outside, on_clusters
from tests.support.outside_registry import digest_of

QA = "qa/delivery"
MANIFESTS = b"kind: Deployment\n"
SAID = "revision hand0 was not written by Slipway: release delivery, chart delivery"


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """Version 1.0.0 is built, and nobody has looked yet what runs in QA, which is a cluster."""
    made = make_app("memory", tmp_path, Outside(slipway_yaml=on_clusters())).start()
    asked(made)
    yield made
    made.database.close()


def runs(slipway: Harness, *, environment: str = "qa", **changes: Any) -> None:
    """Have somebody's own `helm install` of version 1.0.0 run, in QA if nothing else is said."""
    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    slipway.outside.environments.by_hand(environment, "delivery", "localhost:5000/delivery:v1.0.0")
    said: dict[str, Any] = {
        "release_name": "delivery",
        "revision": "3/",
        "chart": "delivery",
        "chart_version": "1.0.0",
        "app_version": "1",
        "status": "deployed",
        "images": ("localhost:5000/delivery:v1.0.0",),
        "digests": (artifact.image.digest.text,),
        "manifests": MANIFESTS,
        "values": b'{"replicas": 2}',
    }
    slipway.outside.environments.adoptable[f"{environment}/delivery"] = Found(**{**said, **changes})
    slipway.pump()


def old_version(slipway: Harness) -> None:
    """The registry has 0.9.0, which was built before Slipway."""
    for repository, tag, content in (("delivery", "v0.9.0", b"old"), ("charts/delivery", "0.9.0", b"old chart")):
        slipway.outside.registry.put(repository, tag, content)


def adopt(slipway: Harness, version: str = "", *, dry_run: bool = False) -> Handled:
    """Adopt what runs in QA."""
    return slipway.ask(ev.LiveAdopted, environment="qa", version=version, reason="taken over", dry_run=dry_run)


def qa(slipway: Harness) -> EnvironmentState:
    """QA as it is known."""
    return slipway.state().environments["qa"]


def read(slipway: Harness) -> Adoptable:
    """What was found in QA."""
    facts = foreign_at(slipway.release("1.0.0").promotions, "qa")
    assert facts is not None
    assert facts.found is not None
    return facts.found


def test_a_first_deployment_over_it_waits_and_says_what_is_there(slipway: Harness) -> None:
    """Release, chart and version, and how to go on."""
    runs(slipway)

    promotion = slipway.promotion("1.0.0", "qa")

    assert promotion.phase is Phase.WAITING
    assert promotion.reason == f"qa runs what Slipway did not deploy: {SAID} 1.0.0; adopt it, or take it out"


def test_what_runs_is_matched_to_a_version_of_the_registry(slipway: Harness) -> None:
    """By the chart's version, and the digest of the service's own image that runs."""
    runs(slipway)
    artifact = slipway.release("1.0.0").artifact

    found = read(slipway)

    assert artifact is not None
    assert found.artifact is not None
    assert (found.artifact.id, found.artifact.version.text) == (artifact.id, "1.0.0")
    assert slipway.app.evidence.get(found.manifests) == MANIFESTS
    kept = read_rendering(slipway.app.evidence.get(found.values), "delivery", "backend")
    assert kept.named_values == (("values of revision 3", b'{"replicas": 2}'),)


@pytest.mark.parametrize(
    "changes",
    [
        {"chart_version": "latest"},
        {"chart_version": "7.0.0"},
        {"digests": (f"sha256:{'0' * 64}",)},
        {"digests": ()},
        {"chart": "parcel"},
    ],
)
def test_what_runs_by_another_digest_or_version_is_no_known_version(slipway: Harness, changes: dict[str, Any]) -> None:
    """A name alone proves nothing."""
    runs(slipway, **changes)

    assert read(slipway).artifact is None


def test_a_version_that_is_adopted_is_live_and_good(slipway: Harness) -> None:
    """With its manifests, its values and the revision of Helm's history; the ledger says who and why."""
    runs(slipway)
    found = read(slipway)

    answer = adopt(slipway)

    live = qa(slipway).live
    assert live is not None
    assert (live.artifact.version.text, live.revision, live.manifests, live.values) == (
        "1.0.0",
        "3/",
        found.manifests,
        found.values,
    )
    assert (live.adopted, qa(slipway).good, qa(slipway).taken) == (True, (live,), None)
    assert "qa: v1.0.0 adopted as live by Rita Manager: taken over" in slipway.timeline()[-1].notes
    assert answer.outcome is not Outcome.REFUSED


def test_after_that_the_next_version_goes_on_and_back_to_it(slipway: Harness) -> None:
    """By Helm's history: the order names the revision and its manifests."""
    runs(slipway)
    adopt(slipway)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="it runs")
    slipway.outside.environments.health["delivery", "qa", "1.1.0"] = RolloutState.DEGRADED
    slipway.push_release("1.1.0")
    slipway.pump()
    promotion = slipway.promotion("1.1.0", "qa")

    order = slipway.outside.environments.orders[QA]

    assert (promotion.kind, promotion.phase) == (PromotionKind.ROLLBACK, Phase.ROLLED_BACK)
    assert (order.version, order.before, order.manifests, order.force) == ("1.0.0", "3/", MANIFESTS, True)
    assert slipway.live("qa") == "1.0.0"


def test_what_is_no_known_version_is_brought_back_by_helms_history(slipway: Harness) -> None:
    """After a first deployment that failed, whatever policy says of one: it is never uninstalled."""
    runs(slipway, chart_version="latest")
    slipway.outside.environments.health["delivery", "qa", "1.0.0"] = RolloutState.DEGRADED
    adopt(slipway)
    slipway.pump()

    order = slipway.outside.environments.orders[QA]

    notes = [note for entry in slipway.timeline() for note in entry.notes]
    who = "revision 3 (release delivery, chart delivery latest), which is no known version,"
    assert f"qa: {who} adopted as live by Rita Manager: taken over" in notes
    assert "qa has no earlier version to go back to; what was adopted, revision 3, is brought back" in notes
    assert (order.before, order.manifests, order.chart, order.force) == ("3/", MANIFESTS, None, True)
    assert qa(slipway).live is None
    assert slipway.outside.environments.live("qa", "delivery") is not None


def test_people_are_told_that_what_is_replaced_was_adopted(slipway: Harness) -> None:
    """Nobody knows its commit; whoever ever wrote the service counts as an author of the next version."""
    old_version(slipway)
    runs(slipway, chart_version="0.9.0", digests=(digest_of(b"old").text,))
    adopt(slipway)
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="it runs")
    release = slipway.release_to("1.1.0", approve=False)
    promotion = slipway.promotion("1.1.0", "qa")

    assert promotion.facts is not None
    assert [one.mail for one in promotion.facts.authors.first] == ["ada@example.com"]
    before = replace(qa(slipway), live=replace(qa(slipway).good[-1]))
    assert changes_of(before, release, promotion)[0].endswith("takes the place of v0.9.0 that was adopted")


def test_a_success_ends_what_was_adopted(slipway: Harness) -> None:
    """What runs is Slipway's own then."""
    runs(slipway, chart_version="latest")
    adopt(slipway)
    before = qa(slipway).taken
    slipway.pump()

    assert before is not None
    assert (slipway.live("qa"), qa(slipway).taken) == ("1.0.0", None)


def test_what_slipway_built_keeps_its_commit_whoever_deployed_it(slipway: Harness) -> None:
    """Authors are those since, and no others."""
    runs(slipway)

    assert read(slipway).artifact == slipway.release("1.0.0").artifact


def test_a_version_that_nobody_has_copied_yet_is_found_where_it_was_built(slipway: Harness) -> None:
    """Production reads its own part of the registry, in which what ran before Slipway never lay."""
    old_version(slipway)
    runs(slipway, environment="production", chart_version="0.9.0", digests=(digest_of(b"old").text,))
    slipway.pump()

    facts = foreign_at(slipway.release("1.0.0").promotions, "production")

    assert facts is not None
    assert facts.found is not None
    assert facts.found.artifact is not None
    assert (facts.found.artifact.version.text, facts.found.artifact.commit) == ("0.9.0", "")
    assert facts.found.artifact.image.repository == "delivery"


@pytest.mark.parametrize(
    ("chart_version", "what"),
    [
        ("1.0.0", "v1.0.0"),
        ("latest", "revision 3 (release delivery, chart delivery latest), which is no known version,"),
    ],
)
def test_what_adopting_would_come_to_is_told_without_doing_it(slipway: Harness, chart_version: str, what: str) -> None:
    """A dry run."""
    runs(slipway, chart_version=chart_version)

    answer = adopt(slipway, dry_run=True)

    assert (answer.outcome, answer.code) == (Outcome.IGNORED, "dry-run")
    assert answer.reason == f"qa: {what} would be adopted as live"
    assert "qa" not in slipway.state().environments


def test_a_cluster_whose_release_is_gone_meanwhile_has_nothing_to_adopt(slipway: Harness) -> None:
    """What was read first is still said."""
    slipway.outside.environments.by_hand("qa", "delivery", "busybox")
    slipway.pump()

    facts = foreign_at(slipway.release("1.0.0").promotions, "qa")

    assert facts is not None
    assert (facts.foreign, facts.found) == ("revision hand0 was not written by Slipway", None)
