"""What people change by hand in the cluster: seen, named, and taken back where policy says so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.policies.policy import Drift, HelmTarget
from shared.ports.errors import Permanent
from tests.support.helm.shop import HOOK, Shop, image
from tests.support.host import wait_until

pytestmark = pytest.mark.cluster
# No hook, and gone as soon as it has ended.
ONCE = (
    (HOOK % ("", "complete", "0"))
    .replace('"helm.sh/hook": "", ', "")
    .replace("spec:", "spec:\n  ttlSecondsAfterFinished: 0", 1)
)
TWICE = """apiVersion: v1
kind: ConfigMap
metadata: {name: twice}
data: {what: a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: twice}
data: {what: b}
"""
OTHER = "shop/delivery:by-hand"
EDITED = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": OTHER}]}}}}


def edit(shop: Shop) -> None:
    """Change the image as `kubectl edit` does."""
    found = shop.deployment()
    container = found["spec"]["template"]["spec"]["containers"][0] | {"image": OTHER}
    shop.edit(shop.deployment_path, {"spec": {"template": {"spec": {"containers": [container]}}}})


def test_a_field_that_somebody_changed_is_named_before_anything_is_applied(shop: Shop) -> None:
    """With who manages it now, the object and the field."""
    shop.applier.apply(shop.order("1.0.0"))
    edit(shop)

    [trouble] = shop.applier.preflight(shop.place, shop.order("1.0.1").manifests)

    assert (trouble.object, trouble.manager) == ("Deployment/delivery", "kubectl-edit")
    assert trouble.field == '.spec.template.spec.containers[name="app"].image'


def test_what_somebody_changed_ends_an_upgrade(shop: Shop) -> None:
    """In words that name the manager and the field."""
    shop.applier.apply(shop.order("1.0.0"))
    edit(shop)

    with pytest.raises(Permanent, match=r"kubectl-edit.*image.*set drift: correct"):
        shop.applier.apply(shop.order("1.0.1"))


def test_what_somebody_changed_is_taken_back_where_that_is_asked(shop: Shop) -> None:
    """By a rollback always, and forward by policy."""
    shop.applier.apply(shop.order("1.0.0"))
    edit(shop)

    report = shop.applier.apply(shop.order("1.0.1", force=True))

    assert shop.image() == image("1.0.1")
    assert report.healed == (
        'taken back: kubectl-edit manages .spec.template.spec.containers[name="app"].image of Deployment/delivery',
    )


def test_a_release_whose_image_was_edited_is_rolled_back(shop: Shop) -> None:
    """By Helm's history, which refuses to touch the field as long as it is another's."""
    good = shop.order("1.0.0")
    revision = shop.applier.apply(good).revision
    shop.applier.apply(shop.order("1.0.1"))
    edit(shop)

    back = shop.order("1.0.0", manifests=good.manifests, chart=None, before=revision, force=True)
    report = shop.applier.apply(back)

    assert shop.image() == image("1.0.0")
    assert shop.history()[-1] == (3, "deployed")
    assert shop.record(3).description == back.cause
    running = shop.applier.running(shop.place)
    assert running is not None
    assert (running.revision, running.turn, running.foreign) == (report.revision, back.turn, False)


def test_what_a_scaler_manages_is_never_taken(shop: Shop) -> None:
    """Its number of pods stays."""
    shop.applier.apply(shop.order("1.0.0", {"replicas": 2}))
    shop.edit(shop.deployment_path, {"spec": {"replicas": 7}}, manager="kube-controller-manager")

    assert shop.applier.preflight(shop.place, shop.order("1.0.1", {"replicas": 2}).manifests) == ()


def test_a_persons_own_upgrade_shows_as_changed_by_hand(shop: Shop) -> None:
    """It inherits the labels, which say that they are of another revision."""
    shop.applier.apply(shop.order("1.0.0"))
    shop.by_hand("1.0.1")

    running = shop.applier.running(shop.place)

    assert running is not None
    assert (running.foreign, running.turn) == (True, None)
    assert running.images == (image("1.0.1"),)
    assert shop.record(2).revision.own["slipway-effect"] == shop.record(1).revision.own["slipway-effect"]


def test_after_a_persons_upgrade_the_next_order_is_applied(shop: Shop) -> None:
    """Both are the field manager helm: neither stands in the other's way."""
    shop.applier.apply(shop.order("1.0.0"))
    shop.by_hand("1.0.1")

    shop.applier.apply(shop.order("1.0.2"))
    shop.by_hand("1.0.3")

    assert shop.history()[-1] == (4, "deployed")
    assert shop.image() == image("1.0.3")


def test_the_same_once_more_changes_nothing(shop: Shop) -> None:
    """And says so, with the revision that is there."""
    first = shop.order("1.0.0")
    revision = shop.applier.apply(first).revision

    report = shop.applier.apply(shop.order("1.0.0", manifests=first.manifests, chart=first.chart))

    assert (report.revision, report.unchanged) == (revision, True)
    assert shop.history() == [(1, "deployed")]


def test_the_same_once_more_heals_what_was_changed(shop: Shop) -> None:
    """A redeployment of what is live."""
    shop.target = HelmTarget(cluster="test", timeout=timedelta(seconds=60), drift=Drift.CORRECT)
    first = shop.order("1.0.0")
    shop.applier.apply(first)
    edit(shop)

    report = shop.applier.apply(replace(shop.order("1.0.0"), manifests=first.manifests, chart=first.chart, force=True))

    assert not report.unchanged
    assert shop.image() == image("1.0.0")


def test_pods_start_anew_once_for_each_order(shop: Shop) -> None:
    """Where a Secret was rotated: nothing else changes."""
    first = shop.order("1.0.0")
    shop.applier.apply(first)
    again = shop.order("1.0.0", manifests=first.manifests, chart=first.chart, restart=True)

    shop.applier.apply(again)
    generation = shop.deployment()["metadata"]["generation"]
    shop.applier.apply(again)

    assert generation == 2
    assert shop.deployment()["metadata"]["generation"] == 2
    assert shop.history() == [(1, "deployed")]


def test_a_job_that_is_gone_once_it_is_done_is_not_run_again(shop: Shop) -> None:
    """Neither for what somebody may have written late, nor where the same is ordered once more."""
    first = shop.order("1.0.0", templates={"once.yaml": ONCE})
    revision = shop.applier.apply(first).revision
    jobs = ("apis", "batch", "v1", "namespaces", shop.deployer.namespace, "jobs")
    wait_until(lambda: not shop.deployer.api.get(jobs)["items"])

    assert shop.applier.mend(shop.place, revision) == ()
    again = shop.order("1.0.0", manifests=first.manifests, chart=first.chart)
    assert shop.applier.apply(again).unchanged
    assert shop.deployer.api.get(jobs)["items"] == []


def test_what_a_chart_names_twice_comes_to_rest(shop: Shop) -> None:
    """Attack: each would be what the other is not, so that a rollout would be mended until its deadline."""
    revision = shop.applier.apply(shop.order("1.0.0", templates={"more.yaml": TWICE})).revision
    shop.applier.mend(shop.place, revision)

    assert shop.applier.mend(shop.place, revision) == ()


def test_a_rollouts_end_stands_in_the_record(shop: Shop) -> None:
    """Helm's `deployed` means that it was applied."""
    revision = shop.applier.apply(shop.order("1.0.0")).revision

    shop.applier.note(shop.place, revision, "rollout failed: no pod gets ready")

    assert shop.record(1).description == "rollout failed: no pod gets ready"
    assert shop.history() == [(1, "deployed")]


@pytest.mark.usefixtures("fake_kubelet")
def test_what_runs_already_is_described_for_whoever_adopts_it(shop: Shop) -> None:
    """Chart, values, what runs, and the objects that are others'."""
    assert shop.applier.found(shop.place) is None
    shop.by_hand("1.0.0", install=True)
    wait_until(lambda: shop.deployment()["status"].get("availableReplicas") == 1)
    shop.edit(shop.deployment_path, {"metadata": {"annotations": {"meta.helm.sh/release-name": "another"}}}, "helm")

    found = shop.applier.found(shop.place)

    assert found is not None
    assert (found.chart, found.chart_version, found.app_version) == ("delivery", "1.0.0", "v1.0.0")
    assert (found.revision, found.status, json.loads(found.values)) == ("1/", "deployed", {})
    assert found.images == (image("1.0.0"),)
    assert found.digests == (image("1.0.0").partition("@")[2],)
    assert found.others == ("Deployment/delivery belongs to the release another",)


def test_what_was_applied_client_side_is_no_conflict(shop: Shop) -> None:
    """As Helm 3 did it: its objects are helm's by updates, not by server-side apply."""
    space = shop.deployer.namespace
    whose = {"meta.helm.sh/release-name": "delivery", "meta.helm.sh/release-namespace": space}
    about = {"name": "delivery-a", "labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": whose}
    path = ("api", "v1", "namespaces", space, "configmaps")
    made = shop.deployer.api.post(path, {"metadata": about, "data": {"version": "old"}}, [("fieldManager", "helm")])
    assert {one["operation"] for one in made["metadata"]["managedFields"]} == {"Update"}

    shop.applier.apply(shop.order("1.0.0"))

    assert shop.deployer.api.get((*path, "delivery-a"))["data"] == {"version": "v1.0.0"}
