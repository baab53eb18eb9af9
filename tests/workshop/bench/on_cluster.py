"""What deploying with Helm costs beside the library alone, and how soon a rollout's end is seen, on a real control plane."""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.adapters.kubernetes.watcher import KubernetesWatcher
from shared.ports.applier import Busy
from shared.ports.rollout_watcher import RolloutState
from tests.support.cluster import deployers
from tests.support.cluster.use import one_for_use
from tests.support.helm.shop import Shop, image
from tests.support.registries import embedded_registry
from tests.workshop.bench.figures import Report, in_folder, milliseconds

_MOST_OVERHEAD, _SOON, _LOOK = 1.2, 1.0, 10.0
_KIB, _STEPS, _RESTARTS = 1024, 10, 3


@contextmanager
def shops(folder: Path, number: int = 1) -> Iterator[list[Shop]]:
    """So many namespaces of a control plane, each with a deployer and a service."""
    with ExitStack() as opened:
        made = opened.enter_context(one_for_use())
        registry = opened.enter_context(embedded_registry())
        authority, token = made.ca_file.read_text(), made.token("admin")
        admin = Api(ClusterConnection(name="admin", server=made.server, authority=authority, token=token.__str__))
        opened.callback(admin.close)
        found = []
        for index in range(number):
            deployer = opened.enter_context(deployers.deployer(admin, made.server, made.ca_file))
            found.append(Shop(registry, folder / str(index), deployer))
        yield found


def overhead(report: Report, *, pairs: int) -> None:
    """Upgrade by the applier and by the bare library in a process of its own, in turn; by Helm's command too where it is."""
    report.say("overhead: an upgrade by the applier, and by the same library in a process of its own")
    command = shutil.which("helm")

    def run(folder: Path) -> tuple[list[float], list[float], list[float]]:
        with shops(folder) as [shop]:
            shop.applier.apply(shop.order("1.0.0"))
            ours, bare, cli = [], [], []
            for index in range(pairs):
                ours.append(milliseconds(partial(shop.applier.apply, shop.order(f"1.1.{index}"))))
                bare.append(milliseconds(shop.prepared(f"1.2.{index}")))
                if command is not None:
                    cli.append(milliseconds(shop.prepared(f"1.3.{index}", command=command)))
            return ours, bare, cli

    ours, bare, cli = in_folder(run)
    report.percentiles("cluster/upgrade", ours, bare)
    times = [one / other for one, other in zip(ours, bare, strict=True)]
    report.add("cluster/overhead", times, "times", goal=_MOST_OVERHEAD)
    if cli:
        report.percentiles("cluster/command", cli, bare)


def seen(report: Report, *, rollouts: int, delay: float) -> None:
    """How long after the cluster showed its end the watcher has said so: of rollouts that take some time, and that crash."""
    report.say(f"seen: rollouts that take {delay:g} s, and rollouts that crash")

    def run(folder: Path) -> tuple[list[float], list[float]]:
        with shops(folder) as [shop]:
            good = [_seen(shop, f"1.0.{index}", {"fakelet/delay": f"{delay:g}"}, _ready) for index in range(rollouts)]
            bad = [_seen(shop, f"1.1.{index}", {"fakelet/mode": "crash"}, _crashed) for index in range(rollouts)]
            return good, bad

    good, bad = in_folder(run)
    report.add("cluster/ready_seen", good, "s", goal=_SOON)
    report.add("cluster/failure_seen", bad, "s", goal=_LOOK)


def _seen(shop: Shop, version: str, annotations: dict[str, str], shows: Callable[[Shop, str], bool]) -> float:
    report = shop.applier.apply(shop.order(version, {"annotations": annotations}))
    watcher = KubernetesWatcher(lambda place: shop.deployer.api, shop.charts.parse)
    with ThreadPoolExecutor(max_workers=1) as pool:
        shown = pool.submit(_when, shop, version, shows)
        while watcher.observe(shop.place, report.revision).state is RolloutState.PROGRESSING:
            pass
        return time.monotonic() - shown.result()


def _when(shop: Shop, version: str, shows: Callable[[Shop, str], bool]) -> float:
    while not shows(shop, version):
        time.sleep(0.02)
    return time.monotonic()


def _ready(shop: Shop, version: str) -> bool:
    found = shop.deployment()
    status = found["status"]
    current = status.get("observedGeneration") == found["metadata"]["generation"] and shop.image() == image(version)
    return current and status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas", 0) > 0


def _crashed(shop: Shop, version: str) -> bool:
    path = ("api", "v1", "namespaces", shop.deployer.namespace, "pods")
    states = [
        state
        for pod in shop.deployer.api.get(path).get("items") or ()
        if pod["spec"]["containers"][0]["image"] == image(version)
        for state in pod.get("status", {}).get("containerStatuses") or ()
    ]
    return any(state["restartCount"] >= _RESTARTS for state in states)


def at_once(report: Report, *, services: int) -> None:
    """Install so many services at the same time, four children at most: who finds no room comes back."""
    report.say(f"at once: {services} services in as many namespaces")

    def run(folder: Path) -> list[float]:
        with shops(folder, services) as found, ThreadPoolExecutor(max_workers=services) as pool:
            orders = [(shop, shop.order("1.0.0")) for shop in found]
            one = orders[0][0]
            for shop, _ in orders:
                shop.applier._tools = replace(shop.applier._tools, processes=one.processes)
            return [milliseconds(lambda: list(pool.map(_until_room, orders))) / 1000]

    report.add("cluster/at_once", in_folder(run), "s", concurrency=services)


def _until_room(asked: tuple[Shop, Any]) -> None:
    shop, order = asked
    while True:
        try:
            shop.applier.apply(order)
        except Busy:
            time.sleep(0.1)
        else:
            return


def memory(report: Report, *, deployments: int) -> None:
    """What a worker holds after many deployments beside what it held after a tenth of them."""
    report.say(f"memory: {deployments} deployments by one process")

    def run(folder: Path) -> tuple[float, float]:
        with shops(folder) as [shop]:
            orders = [shop.order("1.0.0"), shop.order("1.0.1")]
            held = []
            for index in range(deployments):
                turn = index + len(orders) + 1
                order = replace(orders[index % 2], id=f"shop~delivery:{turn}:deploy:1", turn=turn, promotion=turn)
                shop.applier.apply(order)
                held.append(_resident())
            return held[max(0, deployments // _STEPS - 1)], held[-1]

    early, late = in_folder(run)
    report.add("cluster/memory", [late], "MiB", floor=early, goal=early * 1.05, note=f"after {deployments} deployments")


def _resident() -> float:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * resource.getpagesize() / _KIB / _KIB
