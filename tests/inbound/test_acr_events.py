"""What Event Grid brings of Azure Container Registry, as events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.domain.messages.events import ManifestDeleted, TagPushed
from shared.domain.values.names import Digest
from shared.inbound.acr_events import read_event
from shared.inbound.problems import Unacceptable
from shared.inbound.registry_message import RegistryMessage
from tests.support.payloads import payload

[PUSHED] = json.loads(payload("event-grid-image-pushed"))
[DELETED] = json.loads(payload("event-grid-image-deleted"))
[CHART] = json.loads(payload("event-grid-chart-pushed"))
CLOUD = json.loads(payload("cloud-event-image-pushed"))
DIGEST = Digest(PUSHED["data"]["target"]["digest"])
PREFIX = "Microsoft.ContainerRegistry"


def read(event: dict[str, Any], **changes: Any) -> RegistryMessage:
    """What an event of either schema comes to."""
    told = {
        "id_": event["id"],
        "type_": event.get("eventType") or event["type"],
        "source": event.get("topic") or event["source"],
        "data": event["data"],
    }
    return read_event(**{**told, **changes})


@pytest.mark.parametrize("event", [PUSHED, CLOUD], ids=["event-grid", "cloud-events"])
def test_a_pushed_image_is_a_tag_in_both_schemas(event: dict[str, Any]) -> None:
    """With Event Grid's id, which is the same at each delivery."""
    assert read(event) == RegistryMessage(
        (
            TagPushed(
                id="831e1650-001e-001b-66ab-eeb76e069631",
                registry="fabrikam.azurecr.io",
                repository="delivery",
                tag="v1.0.2",
                digest=DIGEST,
            ),
        )
    )


def test_a_deleted_image_is_a_manifest_of_a_repository() -> None:
    """Which artifact that is, is not for a payload to say."""
    [found] = read(DELETED).events

    assert found == ManifestDeleted(
        id=DELETED["id"], registry="fabrikam.azurecr.io", repository="delivery", digest=DIGEST
    )


def test_an_object_that_is_written_down_as_text_is_read_alike() -> None:
    """Some of Azure's publishers do so."""
    assert read(PUSHED, data=json.dumps(PUSHED["data"])) == read(PUSHED)


@pytest.mark.parametrize("kind", ["ChartPushed", "ChartDeleted"])
def test_a_chart_of_a_retired_chart_repository_is_accepted_and_passed_over(kind: str) -> None:
    """It raises nothing that would have it delivered again."""
    found = read(CHART, type_=f"{PREFIX}.{kind}")

    assert found.events == ()
    assert "retired" in found.passed_over[0]


@pytest.mark.parametrize("kind", ["ImagePushed", "ChartPushed"])
def test_a_chart_that_is_an_oci_artifact_is_a_tag_of_the_charts_repository(kind: str) -> None:
    """Whichever type it is raised as; the registry is then that of the resource."""
    target = {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": DIGEST.text,
        "repository": "charts/delivery",
        "tag": "1.0.2",
    }

    [found] = read(PUSHED, type_=f"{PREFIX}.{kind}", data={**CHART["data"], "target": target}).events

    assert found == TagPushed(
        id=PUSHED["id"],
        registry="fabrikam.azurecr.io",
        repository="charts/delivery",
        tag="1.0.2",
        digest=DIGEST,
    )


def test_one_platform_of_an_index_is_passed_over_by_name() -> None:
    """Only the index has the tag."""
    target = {name: value for name, value in PUSHED["data"]["target"].items() if name != "tag"}

    found = read(PUSHED, data={**PUSHED["data"], "target": target})

    assert found == RegistryMessage(passed_over=("an untagged manifest, e.g. one platform of an index",))


@pytest.mark.parametrize("type_", ["Microsoft.Storage.BlobCreated", f"{PREFIX}.Renamed", "", None])
def test_what_is_not_known_is_passed_over_by_name(type_: str | None) -> None:
    """A subscription may bring more than was asked for."""
    found = read(PUSHED, type_=type_, data=None)

    assert found.events == ()
    assert f"the type {type_ or ''} is none" in found.passed_over[0]


@pytest.mark.parametrize("source", ["", None, "/registries/a/b", "/subscriptions/1"])
def test_what_names_no_registry_is_passed_over(source: str | None) -> None:
    """Neither by its request nor by its resource: whose repository it is cannot be told."""
    found = read(DELETED, source=source, data={"target": {"repository": "delivery"}})

    assert found == RegistryMessage(passed_over=("delivery is of no registry: request.host is missing",))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"data": None}, "data"),
        ({"data": [1]}, "data"),
        ({"data": "no JSON"}, "body"),
        ({"data": "\ud800"}, "body"),
        ({"data": {"target": {}}}, "data.target.repository"),
        ({"source": 5}, "source"),
        ({"type_": 5}, "type"),
        ({"id_": None}, "id"),
        ({"id_": ""}, "id"),
        ({"id_": "x" * 201}, "id"),
        ({"id_": "\ud800"}, "id"),
    ],
)
def test_what_is_not_of_that_shape_is_refused_with_its_field(changes: dict[str, Any], field: str) -> None:
    """Whoever calls makes sure that it is not delivered for ever."""
    with pytest.raises(Unacceptable) as found:
        read(DELETED, **changes)

    assert found.value.field == field
