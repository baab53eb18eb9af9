"""Helm's records as somebody may write them who has rights in the namespace: they mislead nobody for long, and break nothing."""

from __future__ import annotations

import base64
import gzip
from datetime import timedelta

import pytest

from shared.ports.applier import Fenced
from shared.ports.errors import Permanent
from tests.support.helm.shop import Shop

pytestmark = pytest.mark.cluster

BOMB = '{"chart": {"files": [' + "[]," * 2_000_000 + "[]]}}"


def secrets(shop: Shop, *name: str) -> tuple[str, ...]:
    """Where records lie."""
    return ("api", "v1", "namespaces", shop.deployer.namespace, "secrets", *name)


def label(shop: Shop, **labels: str) -> None:
    """Write labels on the record of the first revision."""
    shop.edit(secrets(shop, "sh.helm.release.v1.delivery.v1"), {"metadata": {"labels": labels}})


def write(shop: Shop, content: str) -> None:
    """Write the record of the first revision."""
    path = secrets(shop, "sh.helm.release.v1.delivery.v1")
    packed = base64.b64encode(base64.b64encode(gzip.compress(content.encode()))).decode()
    shop.edit(path, {"data": {"release": packed}})


@pytest.mark.parametrize(
    "labels",
    [
        {"slipway-until": "9" * 60},
        {"slipway-until": "", "modifiedAt": "9" * 60},
    ],
    ids=["ours", "somebodys"],
)
def test_a_client_that_may_write_for_ever_is_waited_for_as_long_as_one_can(shop: Shop, labels: dict[str, str]) -> None:
    """Attack: a pending record whose labels name a time far away, so that no order comes to its turn any more."""
    shop.applier.apply(shop.order("1.0.0"))
    label(shop, status="pending-upgrade", **labels)
    shop.late = timedelta(minutes=22)

    report = shop.applier.apply(shop.order("1.0.1"))

    assert report.revision.startswith("2/")
    assert "by a client that died" in report.healed[0]


def test_a_turn_that_nobody_had_is_told_of_with_what_to_delete(shop: Shop) -> None:
    """Attack: a label that no order's turn ever reaches."""
    shop.applier.apply(shop.order("1.0.0"))
    label(shop, **{"slipway-turn": "9" * 60})

    with pytest.raises(Fenced, match=r"delete the label slipway-turn of Secret sh\.helm\.release\.v1\.delivery\.v1"):
        shop.applier.apply(shop.order("1.0.1"))


def test_only_helms_own_records_are_a_history(shop: Shop) -> None:
    """Attack: Secrets with a record's labels, and a record with another one's number."""
    shop.applier.apply(shop.order("1.0.0"))
    labels = {"owner": "helm", "name": "delivery", "status": "deployed"}
    shop.deployer.api.post(secrets(shop), {"metadata": {"name": "odd", "labels": {**labels, "version": "1000"}}})
    path = {"name": "sh.helm.release.v1.delivery.v900", "labels": {**labels, "version": "900"}}
    shop.deployer.api.post(secrets(shop), {"metadata": path, "type": "Opaque"})
    label(shop, version="9" * 60)

    assert shop.history() == [(1, "deployed")]


@pytest.mark.parametrize(
    "content",
    ["{}", '{"info": "x", "chart": [1], "config": 7, "manifest": 5}', '{"info": [1], "chart": {"metadata": [1]}}'],
)
def test_a_record_of_any_shape_is_read(shop: Shop, content: str) -> None:
    """Attack: what is no text, list or object where Helm has one."""
    revision = shop.applier.apply(shop.order("1.0.0")).revision
    write(shop, content)

    running, found = shop.applier.running(shop.place), shop.applier.found(shop.place)
    shop.applier.note(shop.place, revision, "it failed")

    assert running is not None
    assert running.images == ()
    assert found is not None
    assert (found.chart, found.values, found.manifests) == ("", b"{}", b"")
    assert shop.record(1).description == "it failed"


def test_half_a_character_is_shown_as_one_that_is_unknown(shop: Shop) -> None:
    """Attack: JSON may hold what no encoding can write."""
    shop.applier.apply(shop.order("1.0.0"))
    write(
        shop, r'{"manifest": "a: \ud800", "info": {"description": "\udfff"}, "chart": {"metadata": {"name": "\ud800"}}}'
    )

    record = shop.record(1)

    assert (record.manifest, record.description, record.chart["name"]) == ("a: ?", "?", "?")


def test_a_record_that_unpacks_to_millions_of_values_is_refused(shop: Shop) -> None:
    """Attack: some kilobytes that would take all of a worker's memory."""
    shop.applier.apply(shop.order("1.0.0"))
    write(shop, BOMB)

    with pytest.raises(Permanent, match=r"holds more than 1000000 values; delete it if it is not Helm's"):
        shop.applier.running(shop.place)
