"""What is applied is what people approved, however a chart renders once more."""

from __future__ import annotations

import pytest

from shared.ports.errors import Permanent
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


DELETES = """apiVersion: v1
kind: ConfigMap
metadata:
  name: theirs
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded"}
data: {what: ours}
"""
TAKES = DELETES.replace('"helm.sh/hook"', '"x"')


def theirs(shop: Shop, release: str) -> None:
    """Something that is another release's, with a field that somebody else manages."""
    path = ("api", "v1", "namespaces", shop.deployer.namespace, "configmaps")
    about = {"name": "theirs", "annotations": {"meta.helm.sh/release-name": release} if release else {}}
    shop.deployer.api.post(path, {"metadata": about, "data": {"what": "theirs"}}, [("fieldManager", "kubectl-edit")])


@pytest.mark.parametrize("release", ["other", ""])
def test_a_hook_deletes_nothing_of_others(shop: Shop, release: str) -> None:
    """Attack: Helm deletes what has a hook's name, and does not look whose it is. It is told before anybody approves."""
    theirs(shop, release)
    order = shop.order("1.0.0", templates={"more.yaml": DELETES})

    [told] = shop.applier.preflight(shop.place, order.manifests)
    with pytest.raises(Permanent, match="give the hook another name"):
        shop.applier.apply(order)

    assert (told.object, told.manager) == ("ConfigMap/theirs", "")
    assert what(shop, "theirs") == "theirs"


def test_a_hook_comes_in_the_place_of_its_own(shop: Shop) -> None:
    """Of the run before, or of an object of the same release that was none."""
    shop.applier.apply(shop.order("1.0.0", templates={"more.yaml": TAKES}))
    for version in ("1.0.1", "1.0.2"):
        shop.applier.apply(shop.order(version, templates={"more.yaml": DELETES.replace(",hook-succeeded", "")}))

    assert what(shop, "theirs") == "ours"


def test_what_is_another_releases_is_never_taken_back(shop: Shop) -> None:
    """Attack: where drift is corrected, an object of another service with a field that somebody edited."""
    theirs(shop, "other")
    order = shop.order("1.0.0", templates={"more.yaml": TAKES}, force=True)

    [told] = shop.applier.preflight(shop.place, order.manifests)
    with pytest.raises(Permanent, match="invalid ownership metadata"):
        shop.applier.apply(order)

    assert told.problem == "is there, and belongs to the release other: Helm never takes it"
    assert what(shop, "theirs") == "theirs"
