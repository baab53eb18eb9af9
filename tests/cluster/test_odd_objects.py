"""Objects of any shape, as charts may render them: the cluster says what is wrong with each, and nothing breaks on the way."""

from __future__ import annotations

import pytest

from tests.support.helm.shop import Shop

pytestmark = pytest.mark.cluster

NAMED = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "%s"}\n'


@pytest.mark.parametrize(
    "manifest",
    [
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, labels: [a]}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: hi}",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: [1]",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: hi",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5, namespace: [x]}",
        "apiVersion: v1\nkind: [a]\nmetadata: {name: x}",
        "apiVersion: [1]\nkind: ConfigMap\nmetadata: {name: x}",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: 5",
        "apiVersion: v1\nkind: List\nitems: [5, {kind: List, items: {}}]",
        NAMED % "é",
        NAMED % "a?force=true",
        NAMED % "a%2fb",
    ],
)
def test_what_is_no_object_is_told_of_before_anything_is_applied(shop: Shop, manifest: str) -> None:
    """As an objection to it, and never as a fault of ours."""
    [told] = shop.applier.preflight(shop.place, manifest.encode())

    assert told.problem


@pytest.mark.parametrize(
    "manifest",
    [
        NAMED % "..",
        NAMED % ".",
        NAMED % "../secrets/x",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: ..}",
        "apiVersion: ../api/v1\nkind: ConfigMap\nmetadata: {name: x}",
        "apiVersion: apps/v1/../..\nkind: ConfigMap\nmetadata: {name: x}",
    ],
)
def test_a_name_that_leads_elsewhere_is_not_asked_for(shop: Shop, manifest: str) -> None:
    """Attack: dots in a name, by which the deployer would ask, or write, something else."""
    [told] = shop.applier.preflight(shop.place, manifest.encode())

    assert told.problem.endswith("holds a name that nothing has")
