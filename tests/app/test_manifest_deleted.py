"""A registry's hint that something was deleted: whose it was, and that the registry is asked."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from shared.app.hook_events.manifest_deleted import manifest_deleted
from shared.domain.messages import events as ev
from shared.domain.values.names import Digest
from tests.support.app_looks import latest
from tests.support.app_parts import DELIVERY, PACKAGE, Harness

HOST = "localhost:5000"


def deleted(repository: str, **said: Any) -> ev.ManifestDeleted:
    """What a registry says."""
    return ev.ManifestDeleted(**{"id": f"gone-{repository}", "registry": HOST, "repository": repository, **said})


def image_of(slipway: Harness, version: str) -> Digest:
    """What a version was packaged as."""
    artifact = slipway.release(version).artifact
    assert artifact is not None
    return artifact.image.digest


def test_a_way_back_that_is_deleted_stands_in_the_way_before_anybody_approves(slipway: Harness) -> None:
    """Told of the copy that production reads, with the other one gone as well."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)
    for repository in ("delivery", "prod/delivery"):
        slipway.outside.registry.lose_tag(repository, "v1.0.0")
    slipway.send(deleted("prod/delivery", digest=image_of(slipway, "1.0.0")))
    slipway.pump()

    assert "there is no way back" in slipway.promotion("1.1.0", "production").reason


def test_a_deletion_that_did_not_happen_is_looked_at_and_recorded(slipway: Harness) -> None:
    """Attack: whoever knows the hook's secret claims that what runs is gone."""
    slipway.release_to("1.0.0")
    slipway.release_to("1.1.0", approve=False)
    before = slipway.promotion("1.1.0", "production")
    slipway.send(deleted("delivery", digest=image_of(slipway, "1.0.0")))
    slipway.pump()

    after = slipway.promotion("1.1.0", "production")
    assert (after.phase, after.reason, after.approval) == (before.phase, before.reason, before.approval)
    assert after.facts_round == before.facts_round + 1
    [entry] = [one for one in slipway.timeline() if one.event_type == "artifact-withdrawn"]
    assert "delivery: the registry says that the image of v1.0.0 (kept for production, kept for qa)" in entry.notes[0]


@pytest.mark.parametrize(
    "said",
    [
        {"repository": "charts/delivery", "tag": "1.0.0"},
        {"repository": "delivery", "tag": "v1.0.0"},
        {"repository": "prod/charts/delivery", "tag": "1.0.0"},
        {"repository": "delivery"},
    ],
    ids=["tag of a chart", "tag of an image", "tag of a copy", "repository"],
)
def test_a_tag_or_a_whole_repository_is_told_to_its_service(slipway: Harness, said: dict[str, str]) -> None:
    """As a registry names it."""
    slipway.release_to("1.0.0")
    manifest_deleted(slipway.app, deleted(**said))

    assert latest(slipway, DELIVERY).event_type == "artifact-withdrawn"


@pytest.mark.parametrize(
    "said",
    [
        {"repository": "delivery", "digest": Digest("sha256:" + "f" * 64)},
        {"repository": "delivery", "tag": "latest"},
        {"repository": "delivery", "tag": "v9.9.9"},
        {"repository": "charts/delivery", "tag": "v1.0.0"},
        {"repository": "somebody/else"},
        {"repository": "delivery", "registry": "elsewhere:5000"},
        {"repository": "package"},
    ],
    ids=["untagged", "no version", "unknown version", "chart-with-v", "repository", "registry", "nothing released"],
)
def test_what_nobody_keeps_leaves_no_entry(
    slipway: Harness, caplog: pytest.LogCaptureFixture, said: dict[str, Any]
) -> None:
    """Cleaning up deletes platforms of an index and untagged manifests by the thousand; the log has them."""
    slipway.release_to("1.0.0")
    entries = [len(slipway.timeline(one)) for one in (DELIVERY, PACKAGE)]
    with caplog.at_level(logging.INFO):
        manifest_deleted(slipway.app, deleted(**said))

    assert [len(slipway.timeline(one)) for one in (DELIVERY, PACKAGE)] == entries
    assert "deletion.ignored" in caplog.text


def test_a_deletion_that_is_told_twice_is_recorded_once(slipway: Harness) -> None:
    """Registries deliver at least once."""
    slipway.release_to("1.0.0")
    manifest_deleted(slipway.app, deleted("delivery", digest=image_of(slipway, "1.0.0")))
    entries = slipway.timeline()
    manifest_deleted(slipway.app, deleted("delivery", digest=image_of(slipway, "1.0.0")))

    assert slipway.timeline() == entries
