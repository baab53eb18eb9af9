"""A registry's hint: whose tag it is, and what is nobody's."""

from __future__ import annotations

import pytest

from shared.app.tag_pushed import tag_pushed
from shared.domain import events as ev
from shared.domain.names import Digest
from tests.support.app_looks import latest
from tests.support.app_parts import DELIVERY, PACKAGE, Harness
from tests.support.outside import ADA, MAIN, SLIPWAY_YAML

OTHER = Digest("sha256:" + "f" * 64)


def pushed(repository: str, tag: str, *, registry: str = "localhost:5000", digest: Digest = OTHER) -> ev.TagPushed:
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
    tag_pushed(slipway.app, pushed("delivery", "v1.0.0", digest=artifact.image_digest))

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
