"""What is kept of a failed rollout: enough to find the cause, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.evidence import evidence
from shared.adapters.kubernetes.workloads import Seen
from shared.domain.policies.patience import Patience
from shared.domain.rollouts.observed import Container, ContainerEnd, Look, PodState, Workload
from shared.domain.rollouts.verdicts import judge
from shared.ports.errors import AdapterError, NotFound
from tests.support.clock import NOON

pytestmark = pytest.mark.pure
CRASHED = Container(
    name="app",
    image="shop/delivery:v1",
    waiting="CrashLoopBackOff",
    restarts=3,
    ended=ContainerEnd(reason="Error", exit_code=1),
)


class Cluster:
    """An API with these logs, of the run before and of the last one, and with so many events of each object."""

    def __init__(self, before: str | AdapterError, last: str | AdapterError, events: int = 0) -> None:
        self.before, self.last, self.events = before, last, events

    def get(self, path: Sequence[str], query: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
        """Events, and the pod that is asked for by name."""
        if path[-1] == "pods":
            return {"items": [{"metadata": {"uid": "u"}}]}
        one = {"reason": "BackOff", "message": "m" * 5000, "lastTimestamp": "2026-11-23T12:00:00Z"}
        return {"items": [one] * self.events}

    def text(self, path: Sequence[str], query: Sequence[tuple[str, str]] = ()) -> str:
        """A log."""
        found = self.before if ("previous", "true") in query else self.last
        if isinstance(found, AdapterError):
            raise found
        return found


def kept(cluster: Cluster, *containers: Container, pods: int = 1) -> str:
    """Keep what is to be seen of these containers."""
    each = tuple(PodState(name=f"delivery-{number}", changed=NOON, containers=containers) for number in range(pods))
    workload = Workload(kind="Deployment", name="delivery", lacks="is not ready", pods=each)
    look = Look(at=NOON, workloads=(workload,))
    seen = [Seen(workload, "1", uid="d", pods="app=delivery")]
    return evidence(cast(Api, cluster), "shop", judge(look, Patience()), look, seen).decode()


def test_the_run_before_tells_why_a_container_crashed() -> None:
    """And the last run where that is forgotten."""
    forgotten = NotFound("previous terminated container not found")

    assert "the run before, the last 50 lines at most\n  panic\n" in kept(Cluster("panic\n", "starting\n"), CRASHED)
    assert "its last run, the last 50 lines at most\n  starting\n" in kept(Cluster(forgotten, "starting\n"), CRASHED)


def test_a_log_that_cannot_be_read_is_said_so() -> None:
    """The node may be gone."""
    gone = NotFound("no such pod")

    assert "Log of container app of pod delivery-0 cannot be read: no such pod" in kept(Cluster(gone, gone), CRASHED)


def test_a_container_that_never_began_has_no_log() -> None:
    """Nobody is asked for one."""
    unpulled = Container(name="app", image="shop/delivery:v1", waiting="ImagePullBackOff", message="not found")
    found = kept(Cluster("never asked", "never asked"), unpulled)

    assert "ImagePullBackOff: not found, 0 restarts, no image yet" in found
    assert "Log" not in found


def test_attack_write_a_log_without_an_end() -> None:
    """Its last lines are kept, of the pods and events the first and the newest: 40 KiB in all."""
    endless = Cluster("x" * 1_000_000 + "\n" + "y\n" * 100_000, "", events=1000)
    found = kept(endless, CRASHED, pods=500)

    assert found.count("  y\n") == 50
    assert len(found) < 40 * 1024


@pytest.mark.parametrize("state", [{"ready": True}, {"running": True}, {"ended": CRASHED.ended}, {}])
def test_each_container_says_how_it_is(state: dict[str, Any]) -> None:
    """In words."""
    found = kept(Cluster("", ""), Container(name="app", image="", image_id="x@1", **state))
    words = {"ready": "ready", "running": "running, not ready", "ended": "ended with exit code 1 (Error)"}

    assert f"container app: {next((words[key] for key in state), 'not begun')}, 0 restarts, x@1" in found
