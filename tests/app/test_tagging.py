"""The tags of a version: put last, looked at before, and never over what somebody else put."""

from __future__ import annotations

import pytest

from shared.app.take_message import take_message
from shared.codec.envelope import encode_effect
from shared.domain.messages import events as ev
from shared.domain.messages.delivery import Delivery
from shared.domain.messages.effects import Build, Tag
from shared.domain.messages.queues import PRODUCTION, queue_of
from shared.domain.values.names import Digest
from shared.ports.errors import Permanent, Transient
from tests.support.app_looks import all_but, do, open_effects, the
from tests.support.app_parts import DELIVERY, Harness, branch
from tests.support.parts import chart_of

OTHER = Digest("sha256:" + "f" * 64)
IMAGE, CHART = ("delivery", "v1.0.0"), ("charts/delivery", "1.0.0")


def recorded(slipway: Harness) -> Tag:
    """Release up to the tags, which are asked for and not put."""
    slipway.push_release("1.0.0")
    slipway.pump(*all_but("tag"))
    return the(slipway, Tag)


def builds(slipway: Harness) -> int:
    """How many builds of the version there were."""
    return [one.ref for one in slipway.outside.builder.orders].count(branch("1.0.0"))


def test_both_tags_name_what_was_recorded(slipway: Harness) -> None:
    """Then the version is packaged, and its promotions begin."""
    effect = recorded(slipway)
    artifact, registry = slipway.release("1.0.0").artifact, slipway.outside.registry
    assert artifact is not None
    assert (registry.tagged, slipway.release("1.0.0").promotions) == ({}, ())

    do(slipway, effect)

    assert registry.tagged == {IMAGE: artifact.image.digest, CHART: chart_of(artifact).digest}
    assert slipway.release("1.0.0").phase == "Packaged"
    assert [one.environment for one in slipway.release("1.0.0").promotions] == ["qa", "production"]


def test_the_charts_tag_is_put_first(slipway: Harness) -> None:
    """Whoever sees the image's tag finds everything."""
    do(slipway, recorded(slipway))

    assert list(slipway.outside.registry.tagged) == [CHART, IMAGE]


def test_a_crash_between_two_tags_is_finished_by_the_same_effect(slipway: Harness) -> None:
    """No second build, and the tag that stands is left alone."""
    effect = recorded(slipway)
    before = builds(slipway)
    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    slipway.outside.registry.tagged[CHART] = chart_of(artifact).digest

    do(slipway, effect)
    slipway.pump()

    assert slipway.release("1.0.0").phase == "Packaged"
    assert slipway.outside.registry.tagged[IMAGE] == artifact.image.digest
    assert builds(slipway) == before


@pytest.mark.parametrize("place", [IMAGE, CHART])
def test_attack_a_tag_that_somebody_else_put_is_the_end_of_the_version(
    slipway: Harness, place: tuple[str, str]
) -> None:
    """It is named and never overwritten; ours stays; nothing is promoted."""
    effect = recorded(slipway)
    slipway.outside.registry.tagged[place] = OTHER
    do(slipway, effect)
    slipway.pump()
    release = slipway.release("1.0.0")

    assert release.phase == "Failed"
    assert f"{place[0]}:{place[1]} holds {OTHER}" in release.reason
    assert slipway.outside.registry.tagged[place] == OTHER
    assert release.promotions == ()
    assert CHART in slipway.outside.registry.tagged


@pytest.mark.parametrize(("repository", "what"), [("delivery", "image"), ("charts/delivery", "chart")])
def test_a_part_that_a_clean_up_took_is_built_anew_by_a_retry(slipway: Harness, repository: str, what: str) -> None:
    """Nothing of the version was tagged, so that a new build may give other bytes."""
    effect = recorded(slipway)
    slipway.outside.registry.manifests.pop(repository)
    do(slipway, effect)
    release = slipway.release("1.0.0")
    assert (release.phase, release.artifact, slipway.outside.registry.tagged) == ("Errored", None, {})
    assert f"{what} localhost:5000/{repository}@sha256:" in release.reason

    slipway.ask(ev.RetryRequested, version="1.0.0")
    slipway.pump()

    assert slipway.release("1.0.0").phase == "Packaged"
    assert builds(slipway) == 2


def test_a_registry_that_stays_away_is_our_error_and_a_retry_goes_on_with_the_tags(slipway: Harness) -> None:
    """The digests are recorded: nothing is built again."""
    effect = recorded(slipway)
    slipway.outside.troubles.add("registry.tag", Transient("HTTP 503"))
    do(slipway, effect, tries=slipway.app.timing.most_tries)
    assert slipway.release("1.0.0").phase == "Errored"
    assert "HTTP 503; retry the release" in slipway.release("1.0.0").reason

    slipway.ask(ev.RetryRequested, version="1.0.0")
    slipway.pump()

    assert slipway.release("1.0.0").phase == "Packaged"
    assert builds(slipway) == 1


def test_a_registry_that_does_not_let_us_tag_is_our_error(slipway: Harness) -> None:
    """It takes another right, and not another release."""
    effect = recorded(slipway)
    slipway.outside.troubles.add("registry.tag", Permanent("HTTP 403", ours=True))
    do(slipway, effect)

    assert slipway.release("1.0.0").phase == "Errored"
    assert slipway.release("1.0.0").artifact is not None


def test_tags_that_nobody_waits_for_are_not_put(slipway: Harness) -> None:
    """An aborted release, one that is packaged, another attempt, another version."""
    effect = recorded(slipway)
    do(slipway, Tag(service=DELIVERY, version="1.0.0", attempt=2))
    do(slipway, Tag(service=DELIVERY, version="2.0.0", attempt=1))
    slipway.ask(ev.AbortRequested, version="1.0.0", reason="wrong branch")
    do(slipway, effect)

    assert slipway.outside.registry.tagged == {}
    assert slipway.release("1.0.0").phase == "Aborted"


def test_a_mended_commit_comes_too_late_once_digests_are_recorded(slipway: Harness) -> None:
    """It is told which they are; what was recorded is released."""
    recorded(slipway)
    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    late = slipway.push(branch("1.0.0"), {"src/shipping/delivery/x": b"2"})
    slipway.pump(*all_but("tag"))
    said = slipway.statuses(late)["slipway/delivery/v1.0.0"]
    slipway.pump()

    assert said.state == "failed"
    assert str(artifact.image.digest) in said.description
    assert str(chart_of(artifact).digest) in said.description
    assert slipway.release("1.0.0").artifact == artifact


def test_a_report_that_comes_after_the_release_was_given_up_is_recorded_only(slipway: Harness) -> None:
    """A retry counts, and finds the tags as they stand."""
    effect = recorded(slipway)
    slipway.outside.troubles.before["registry.tag"] = lambda: slipway.ask(
        ev.AbortRequested, version="1.0.0", reason="wrong branch"
    )
    do(slipway, effect)
    assert slipway.release("1.0.0").phase == "Aborted"

    slipway.ask(ev.RetryRequested, version="1.0.0")
    slipway.pump()

    assert slipway.release("1.0.0").phase == "Packaged"
    assert [one for one in open_effects(slipway) if isinstance(one, Build | Tag)] == []


def test_production_does_not_put_the_tags(slipway: Harness) -> None:
    """Its worker acts on its environments, and does nothing else."""
    effect = recorded(slipway)
    body = encode_effect(effect, Delivery(correlation="c"), at=slipway.app.now())
    take_message(slipway.app, queue_of("gather-facts", PRODUCTION), body)

    assert slipway.outside.registry.tagged == {}
