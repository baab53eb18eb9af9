"""A registry's hint: whose tag it is, and what is nobody's."""

from __future__ import annotations

import logging

import pytest

from shared.app.hook_events.tag_pushed import tag_pushed
from shared.domain.messages import events as ev
from shared.domain.values.names import Digest
from shared.domain.values.records import replace
from tests.support.app_looks import latest
from tests.support.app_parts import DELIVERY, PACKAGE, Harness
from tests.support.outside import ADA, MAIN, SLIPWAY_YAML

OTHER = Digest("sha256:" + "f" * 64)


def pushed(
    repository: str, tag: str, *, registry: str = "localhost:5000", digest: Digest | None = OTHER
) -> ev.TagPushed:
    """What a registry says of a tag."""
    return ev.TagPushed(id=f"tag-{repository}-{tag}", registry=registry, repository=repository, tag=tag, digest=digest)


def test_a_tag_that_changes_after_packaging_stops_its_release(slipway: Harness) -> None:
    """Attack: whoever can push to the registry moves a tag under a release that waits."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.registry.tagged["delivery", "v1.0.0"] = OTHER
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0"))
    slipway.pump()

    assert OTHER.text in slipway.release("1.0.0").quarantine


def test_a_hint_that_lies_stops_nothing(slipway: Harness) -> None:
    """Attack: whoever knows the hook's secret claims another digest; the registry is asked, and says otherwise."""
    slipway.release_to("1.0.0", approve=False)
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0"))
    slipway.pump()

    assert slipway.release("1.0.0").quarantine == ""
    assert slipway.promotion("1.0.0", "production").phase == "Waiting"


@pytest.mark.parametrize(
    "hint",
    [
        pushed("delivery", "v1.0.0"),
        ev.ManifestDeleted(id="gone", registry="localhost:5000", repository="delivery", tag="v1.0.0"),
    ],
)
def test_a_hint_does_not_take_the_name_of_what_is_still_to_come(
    slipway: Harness, hint: ev.TagPushed | ev.ManifestDeleted
) -> None:
    """Attack: whoever knows the hook's secret chooses ids; a push of that name would count as known, and begin nothing."""
    slipway.release_to("1.0.0", approve=False)
    id_ = "shipping:refs/heads/release/delivery/v1.0.1:1:delivery"
    slipway.send(replace(hint, id=id_))
    slipway.pump()
    slipway.release_to("1.0.1", approve=False)

    assert id_ in [one.event_id for one in slipway.timeline() if one.event_type == "change-found"]


def test_a_chart_that_changes_after_packaging_stops_its_release_too(slipway: Harness) -> None:
    """Its tag is the bare version."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.registry.tagged["charts/delivery", "1.0.0"] = OTHER
    tag_pushed(slipway.app, pushed("charts/delivery", "1.0.0"))
    slipway.pump()

    assert slipway.release("1.0.0").quarantine


def test_a_tag_is_told_to_its_own_service_alone(slipway: Harness) -> None:
    """Image repositories tell them apart."""
    before = len(slipway.timeline())
    tag_pushed(slipway.app, pushed("package", "v1.0.0"))

    assert latest(slipway, PACKAGE).event_type == "artifact-announced"
    assert len(slipway.timeline()) == before


def test_the_push_of_our_own_build_is_known(slipway: Harness) -> None:
    """It says nothing that was not read back already."""
    slipway.release_to("1.0.0", approve=False)
    artifact = slipway.release("1.0.0").artifact
    assert artifact is not None
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0", digest=artifact.image.digest))

    assert slipway.release("1.0.0").quarantine == ""


@pytest.mark.parametrize(
    "event",
    [
        pushed("prod/delivery", "v1.0.0"),
        pushed("delivery", "v1.0.0", registry="elsewhere:5000"),
        pushed("somebody/else", "v1.0.0"),
        pushed("delivery", "1.0.0"),
        pushed("delivery", "latest"),
        pushed("charts/delivery", "v1.0.0"),
        pushed("delivery", "v1.0.0+build.5"),
        pushed("delivery/", "v1.0.0"),
    ],
    ids=["copy", "registry", "repository", "bare", "latest", "chart-with-v", "metadata", "slash"],
)
def test_what_is_nobodys_version_concerns_nobody(slipway: Harness, event: ev.TagPushed) -> None:
    """Our own copies under `prod/`, another registry, another repository, tags that are no version."""
    entries = [len(slipway.timeline(one)) for one in (DELIVERY, PACKAGE)]
    tag_pushed(slipway.app, event)

    assert [len(slipway.timeline(one)) for one in (DELIVERY, PACKAGE)] == entries


@pytest.mark.parametrize("repository", ["prod/delivery", "prod/charts/delivery"])
def test_our_own_copies_are_told_apart(slipway: Harness, caplog: pytest.LogCaptureFixture, repository: str) -> None:
    """By the namespaces that the policy in force names, whatever they are called."""
    with caplog.at_level(logging.INFO):
        tag_pushed(slipway.app, pushed(repository, "v1.0.0"))

    assert "ours: a copy of shipping~delivery in the namespace prod" in caplog.text


def test_a_namespace_that_no_environment_has_is_nobodys(slipway: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """The word `prod` means nothing by itself."""
    yaml = SLIPWAY_YAML.replace("registry_namespace: prod", "registry_namespace: released")
    slipway.push(MAIN, {"slipway.yaml": yaml.encode()})
    slipway.pump()
    with caplog.at_level(logging.INFO):
        tag_pushed(slipway.app, pushed("released/delivery", "v1.0.0"))
        tag_pushed(slipway.app, pushed("prod/delivery", "v1.0.0"))

    reasons = [one.getMessage() for one in caplog.records if "tag.ignored" in one.getMessage()]
    assert ["namespace released" in one for one in reasons] == [True, False]
    assert "no service in force has this repository" in reasons[1]


def test_a_tag_that_is_no_version_says_so(slipway: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """Its repository is known, after all."""
    with caplog.at_level(logging.INFO):
        tag_pushed(slipway.app, pushed("delivery", "latest"))

    assert "the tag is no version" in caplog.text


def test_an_older_push_that_is_told_after_a_newer_one_does_no_harm(slipway: Harness) -> None:
    """Event Grid keeps no order: what the tag names now is read, whatever was told last."""
    slipway.push_release("1.0.0")
    slipway.pump("events", "inspect-push", "gather-facts", "notify")
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0", digest=Digest("sha256:" + "e" * 64)))
    slipway.pump()
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0"))
    slipway.pump()

    assert slipway.release("1.0.0").quarantine == ""
    assert slipway.live("qa") == "1.0.0"


def test_a_push_that_two_doors_tell_of_stops_nothing_twice(slipway: Harness) -> None:
    """Under two ids: the second finds the tag read already."""
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.registry.tagged["delivery", "v1.0.0"] = OTHER
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0"))
    slipway.pump()
    stopped = slipway.release("1.0.0")
    tag_pushed(slipway.app, replace(pushed("delivery", "v1.0.0"), id="another door's"))
    slipway.pump()

    assert slipway.release("1.0.0").quarantine == stopped.quarantine
    assert [one.outcome for one in slipway.timeline() if one.event_type == "tags-read"][-1] == "ignored"


def test_a_push_without_a_digest_has_the_tag_read(slipway: Harness) -> None:
    """Docker Hub names none, and goes by several names."""
    slipway.push(MAIN, {"slipway.yaml": SLIPWAY_YAML.replace("localhost:5000", "registry-1.docker.io").encode()})
    slipway.pump()
    slipway.release_to("1.0.0", approve=False)
    slipway.outside.registry.tagged["delivery", "v1.0.0"] = OTHER
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0", registry="docker.io", digest=None))
    slipway.pump()

    assert OTHER.text in slipway.release("1.0.0").quarantine


def test_a_hint_that_comes_twice_is_recorded_once(slipway: Harness) -> None:
    """Registries deliver at least once."""
    slipway.release_to("1.0.0", approve=False)
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0"))
    entries = slipway.timeline()
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0"))

    assert slipway.timeline() == entries


def test_every_repository_that_is_served_is_looked_through(slipway: Harness) -> None:
    """Also past one that has no configuration, and past one whose tags look otherwise."""
    slipway.outside.source.create("aardvark")
    slipway.outside.source.create("zebra")
    yaml = SLIPWAY_YAML.replace('image: "{service}"', 'image: "zoo/{service}"').replace(
        'charts/{service}"}', 'zoo-charts/{service}"}'
    )
    files = dict.fromkeys(("src/shipping/delivery/Dockerfile", "charts/delivery/Chart.yaml"), b"")
    files |= {path.replace("delivery", "package"): b"" for path in files}
    slipway.outside.source.commit("zebra", MAIN, {"slipway.yaml": yaml.encode(), **files}, by=ADA)
    slipway.tick()
    tag_pushed(slipway.app, pushed("zoo/delivery", "v1.0.0"))

    assert latest(slipway, "zebra~delivery").event_type == "artifact-announced"
