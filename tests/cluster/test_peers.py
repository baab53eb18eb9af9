"""What went wrong for people with other tools, tried here."""

from __future__ import annotations

from typing import Any

import pytest

from shared.adapters.kubernetes.watcher import KubernetesWatcher
from shared.ports.rollout_watcher import Rollout, RolloutState
from tests.support.helm.shop import Shop, image
from tests.support.host import wait_until

pytestmark = pytest.mark.cluster

STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  serviceName: store
  replicas: 2
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}, annotations: {fakelet/mode: "%s"}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: shop/store:v%s
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
LIMITED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: limited}
spec:
  selector: {matchLabels: {app: limited}}
  template:
    metadata: {labels: {app: limited}, annotations: {version: "%s"}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: shop/limited:v1
          resources: {limits: {memory: 200Mi}}
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""
HASTY = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: hasty}
spec:
  progressDeadlineSeconds: 2
  selector: {matchLabels: {app: hasty}}
  template:
    metadata: {labels: {app: hasty}, annotations: {fakelet/mode: "%s", fakelet/delay: "1"}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: shop/hasty:v1
          securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def settled(shop: Shop, revision: str) -> Rollout:
    """Watch until there is a verdict."""
    watcher = KubernetesWatcher(lambda place: shop.deployer.api, shop.charts.parse)
    found: list[Rollout] = []

    def look() -> bool:
        found.append(watcher.observe(shop.place, revision))
        return found[-1].state is not RolloutState.PROGRESSING

    wait_until(look)
    return found[-1]


@pytest.mark.usefixtures("fake_kubelet")
def test_a_stateful_set_whose_new_pods_never_get_ready_is_rolled_back(shop: Shop) -> None:
    """Its controller waits for the broken pod for ever, also after the way back (kubernetes/kubernetes 67250)."""
    good = shop.order("1.0.0", templates={"store.yaml": STATEFUL % ("run", "1")})
    revision = shop.applier.apply(good).revision
    assert settled(shop, revision).state is RolloutState.HEALTHY
    bad = shop.applier.apply(shop.order("1.0.1", templates={"store.yaml": STATEFUL % ("crash", "2")}))
    assert settled(shop, bad.revision).state is RolloutState.DEGRADED

    back = shop.applier.apply(
        shop.order("1.0.0", manifests=good.manifests, chart=good.chart, before=revision, force=True)
    )

    assert settled(shop, back.revision).state is RolloutState.HEALTHY


def test_what_somebody_added_by_hand_makes_no_way_back_impossible(shop: Shop) -> None:
    """A request above the chart's limit, which the chart does not set (fluxcd/helm-controller 742)."""
    good = shop.order("1.0.0", templates={"limited.yaml": LIMITED % "1"})
    revision = shop.applier.apply(good).revision
    shop.applier.apply(shop.order("1.0.1", templates={"limited.yaml": LIMITED % "2"}))
    path = ("apis", "apps", "v1", "namespaces", shop.deployer.namespace, "deployments", "limited")
    container: dict[str, Any] = shop.deployer.api.get(path)["spec"]["template"]["spec"]["containers"][0]
    container["resources"] = {"limits": {"memory": "1000Mi"}, "requests": {"memory": "500Mi"}}
    shop.edit(path, {"spec": {"template": {"spec": {"containers": [container]}}}})

    shop.applier.apply(shop.order("1.0.0", manifests=good.manifests, chart=good.chart, before=revision, force=True))

    found = shop.deployer.api.get(path)["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert found["limits"] == {"memory": "200Mi"}


@pytest.mark.usefixtures("fake_kubelet")
def test_a_deadline_that_another_revision_missed_says_nothing_of_this_one(shop: Shop) -> None:
    """The condition stands there until the controller has seen the next one (kubernetes/kubernetes 49637)."""
    bad = shop.applier.apply(shop.order("1.0.0", templates={"hasty.yaml": HASTY % "never-ready"}))
    assert "progress" in settled(shop, bad.revision).reason.lower()

    good = shop.applier.apply(shop.order("1.0.1", templates={"hasty.yaml": HASTY % "run"}))

    assert settled(shop, good.revision).state is RolloutState.HEALTHY


def test_two_revisions_that_helm_calls_deployed_are_no_trouble(shop: Shop) -> None:
    """A client that lost its connection left both (helm/helm 4558); the newest is what runs."""
    shop.applier.apply(shop.order("1.0.0"))
    shop.applier.apply(shop.order("1.0.1"))
    shop.call_deployed(1)

    report = shop.applier.apply(shop.order("1.0.2"))

    assert report.revision.startswith("3/")
    assert shop.history()[-1] == (3, "deployed")
    assert shop.image() == image("1.0.2")


def test_an_object_that_somebody_deleted_comes_back(shop: Shop) -> None:
    """With the same order once more, which does not say that nothing had to change (fluxcd/helm-controller drift)."""
    first = shop.order("1.0.0")
    shop.applier.apply(first)
    shop.deployer.api.delete(shop.deployment_path)

    report = shop.applier.apply(shop.order("1.0.0", manifests=first.manifests, chart=first.chart))

    assert not report.unchanged
    assert shop.image() == image("1.0.0")
