"""How soon a watcher sees what it watches, and whose revision it is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters.helm.marks import RevisionMark
from shared.adapters.kubernetes.bells import Bells, Followed
from shared.adapters.kubernetes.watcher import KubernetesWatcher
from shared.domain.values.records import replace
from shared.ports.rollout_watcher import RolloutState
from tests.cluster.kube import Kube
from tests.support.cluster.deployers import Deployer
from tests.support.cluster.rollouts import EFFECT, NAME, SHORT, install, place, record, watcher, workload
from tests.support.helm.shop import Shop, image

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fake_kubelet")]


def test_ready_is_seen_within_a_second(deployer: Deployer, kube: Kube) -> None:
    """Nothing is polled: a change rings."""
    ready: list[float] = []

    def note() -> None:
        kube.until(
            lambda: kube.apps.read_namespaced_deployment(NAME, deployer.namespace).status.available_replicas == 3
        )
        ready.append(time.monotonic())

    revision = install(deployer.api, deployer.namespace, workload(spec={"replicas": 3}, delay="3"))
    noting = threading.Thread(target=note)
    noting.start()
    found = watcher(deployer.api).observe(place(deployer.namespace), revision)
    seen = time.monotonic()
    noting.join()

    assert found.state is RolloutState.HEALTHY
    assert seen - ready[0] < 1


def test_a_look_ends_when_its_time_is_over(deployer: Deployer) -> None:
    """Nothing has changed, and nothing rings."""
    revision = install(deployer.api, deployer.namespace, workload(pod={"nodeSelector": {"disk": "none"}}))
    began = time.monotonic()
    found = watcher(deployer.api, seconds=2).observe(place(deployer.namespace), revision)

    assert (found.state, found.waited) == (RolloutState.PROGRESSING, True)
    assert 1.5 < time.monotonic() - began < 5


def test_looks_of_many_rollouts_at_once_are_quick(deployer: Deployer) -> None:
    """Each holds a thread of the process, which has other work too; eight last, and whoever comes then asks again soon."""
    revision = install(deployer.api, deployer.namespace, workload(pod={"nodeSelector": {"disk": "none"}}))
    looking, where = watcher(deployer.api, seconds=4), place(deployer.namespace)

    def took() -> float:
        began = time.monotonic()
        looking.observe(where, revision)
        return time.monotonic() - began

    with ThreadPoolExecutor(12) as threads:
        times = sorted(each.result() for each in [threads.submit(took) for _ in range(12)])

    assert len([one for one in times if one < 3]) == 4
    assert took() > 3


def test_a_patience_that_ends_while_nothing_changes_ends_the_look(deployer: Deployer) -> None:
    """Time alone makes a failure of it."""
    revision = install(deployer.api, deployer.namespace, workload(safe=False))
    began = time.monotonic()
    found = watcher(deployer.api).observe(place(deployer.namespace), revision)

    assert found.state is RolloutState.DEGRADED
    assert time.monotonic() - began < 6


def test_a_bell_that_the_server_took_down_is_hung_again(deployer: Deployer) -> None:
    """What it said last rings, too; the connection may stay open."""
    where: Followed = (("api", "v1", "namespaces", deployer.namespace, "pods"), ())
    began = time.monotonic()
    with Bells(deployer.api, seconds=1) as bells:
        hung = [bells.hang({where: "0"}), bells.hang({where: "0"})]
        bells.wait(5)
        hung.append(bells.hang({where: "0"}))

    assert hung == [True, False, True]
    assert time.monotonic() - began < 4


def test_a_revision_that_was_written_over_is_not_judged(deployer: Deployer) -> None:
    """By a later promotion, which is named by its description."""
    first = install(deployer.api, deployer.namespace, workload())
    record(deployer.api, deployer.namespace, workload(), number=2, effect="another")
    found = watcher(deployer.api).observe(place(deployer.namespace), first)

    assert found.state is RolloutState.REPLACED
    assert found.reason == "revision 2 was written after it (delivery by promotion 2)"


def test_an_upgrade_by_hand_inherits_labels_and_is_seen_all_the_same(deployer: Deployer) -> None:
    """Helm hands labels on to the next revision: ours names its own number."""
    first = install(deployer.api, deployer.namespace, workload())
    inherited = RevisionMark(EFFECT, turn=1, until=0).labels(1)
    record(deployer.api, deployer.namespace, workload(), number=2, labels=inherited)
    found = watcher(deployer.api).observe(place(deployer.namespace), first)
    second = watcher(deployer.api).observe(place(deployer.namespace), f"2/{EFFECT}")

    assert found.reason.startswith("revision 2 was written by hand after it")
    assert (second.state, second.reason) == (
        RolloutState.REPLACED,
        "revision 2 of release delivery was written by hand",
    )


def test_what_was_adopted_is_watched_without_a_mark(deployer: Deployer) -> None:
    """Slipway did not make it, and said so when it named the revision."""
    install(deployer.api, deployer.namespace, workload())
    record(deployer.api, deployer.namespace, workload(), number=2, labels={})
    found = watcher(deployer.api).observe(place(deployer.namespace), "2/")

    assert found.state is RolloutState.HEALTHY


@pytest.mark.parametrize("revision", [f"1/{EFFECT}", "", "nonsense", f"-1/{EFFECT}"])
def test_a_release_that_is_gone_was_removed_by_somebody(deployer: Deployer, revision: str) -> None:
    """There is no record any more."""
    found = watcher(deployer.api).observe(place(deployer.namespace), revision)

    assert found.state is RolloutState.REPLACED
    assert "is not in namespace" in found.reason


def test_what_is_written_over_while_it_is_watched_is_not_healthy(deployer: Deployer) -> None:
    """It was ours when the look began."""
    first = install(deployer.api, deployer.namespace, workload(delay="2"))
    found = []
    looking = threading.Thread(
        target=lambda: found.append(watcher(deployer.api).observe(place(deployer.namespace, SHORT), first))
    )
    looking.start()
    record(deployer.api, deployer.namespace, workload(), number=2, effect="another")
    looking.join()

    assert found[0].state is RolloutState.REPLACED


def test_what_helm_installed_is_watched_as_it_left_it(shop: Shop) -> None:
    """By its own record, read as it was judged."""
    first = shop.applier.apply(shop.order("1.0.0"))
    looking = KubernetesWatcher(lambda place: shop.deployer.api, shop.charts.parse)
    healthy = looking.observe(shop.place, first.revision)
    second = shop.applier.apply(shop.order("1.0.1", {"annotations": {"fakelet/mode": "pull-error"}}))
    failed = looking.observe(replace(shop.place, patience=SHORT), second.revision)

    assert (healthy.state, [one.image for one in healthy.ran or ()]) == (RolloutState.HEALTHY, [image("1.0.0")])
    assert failed.state is RolloutState.DEGRADED
    assert looking.observe(shop.place, first.revision).state is RolloutState.REPLACED
