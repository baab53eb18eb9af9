"""What is applied is what people approved, however a chart renders once more."""

from __future__ import annotations

import pytest

from tests.support.helm.shop import Shop

pytestmark = pytest.mark.cluster

BY_REVISION = """apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data: {what: "{{ if gt (int .Release.Revision) 1 }}smuggled{{ else }}approved{{ end }}"}
"""
BRACES = """apiVersion: v1
kind: ConfigMap
metadata: {name: more}
data:
  what: {{ "{{ .Release.Name }} {{{- x -}}} {{{{" | quote }}
"""
ACCOUNT = """apiVersion: v1
kind: ConfigMap
metadata: {name: %s}
data: {what: {{ .Release.Name }}-{{ .Values.word }}}
"""
NOTHING = "{{ if false }}\napiVersion: v1\n{{ end }}"
BELOW = "../charts/below"


def what(shop: Shop, name: str = "more") -> str:
    """What a ConfigMap of the chart says."""
    path = ("api", "v1", "namespaces", shop.deployer.namespace, "configmaps", name)
    return str(shop.deployer.api.get(path)["data"]["what"])


def test_a_template_that_looks_at_the_revisions_number_brings_what_was_approved(shop: Shop) -> None:
    """Attack: what is rendered for approval is always revision 1, and what Helm would render when it upgrades is not."""
    shop.applier.apply(shop.order("1.0.0"))

    order = shop.order("1.0.1", templates={"more.yaml": BY_REVISION})
    shop.applier.apply(order)

    assert b"approved" in order.manifests
    assert what(shop) == "approved"


def test_braces_that_a_template_printed_are_no_template(shop: Shop) -> None:
    """They reach the cluster as they are."""
    shop.applier.apply(
        shop.order("1.0.0", templates={"more.yaml": BRACES, "none.yaml": NOTHING, "NOTES.txt": "{{ .Release.Name }}"})
    )

    assert what(shop) == "{{ .Release.Name }} {{{- x -}}} {{{{"


def test_a_charts_charts_are_applied_too(shop: Shop) -> None:
    """With the values that they are given, first and later."""
    below = {
        f"{BELOW}/Chart.yaml": '{"apiVersion": "v2", "name": "below", "version": "0.1.0"}',
        f"{BELOW}/values.yaml": "word: none",
        f"{BELOW}/templates/more.yaml": ACCOUNT % "below",
    }
    values = {"word": "own", "below": {"word": "given"}}

    for version in ("1.0.0", "1.0.1"):
        shop.applier.apply(shop.order(version, values, templates={"more.yaml": ACCOUNT % "more", **below}))

    assert (what(shop), what(shop, "below")) == ("delivery-own", "delivery-given")
    assert shop.record(2).values == values
    assert (shop.record(2).chart["name"], shop.record(2).chart["version"]) == ("delivery", "1.0.1")
