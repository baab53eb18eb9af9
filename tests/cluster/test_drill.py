"""The crash drill's short form on a control plane: a host dies while Helm is at it, and when Helm has just ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shared.adapters.kubernetes.api import Api
from tests.support.cluster.environments import variables
from tests.support.cluster.names import new_name
from tests.support.cluster.shared import Cluster
from tests.workshop.drill.boundaries import Death, Place
from tests.workshop.drill.cluster_scene import ClusterScene
from tests.workshop.drill.run import tell
from tests.workshop.drill.story import Teller, at_rest_by_helm, request

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.slow,
    pytest.mark.xdist_group("local-host"),
    pytest.mark.usefixtures("fake_kubelet"),
]
# Seconds into the act: Helm is there after one at most, and its hook takes longer than that.
IN_HOOK = 1.5


@pytest.fixture
def scene(
    own_control_plane: Cluster, admin: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ClusterScene]:
    """The story's commits, for two namespaces of the test's own."""
    namespaces = {"qa": new_name(), "production": new_name()}
    for name, value in variables(own_control_plane, {one: one for one in namespaces.values()}).items():
        monkeypatch.setenv(name, value)
    yield ClusterScene(tmp_path / "scene", admin, namespaces)
    for one in namespaces.values():
        admin.delete(("api", "v1", "namespaces", one))


def test_attack_kill_the_host_in_the_act_of_a_deployment_and_after_it(scene: ClusterScene, tmp_path: Path) -> None:
    """While Helm runs a hook, and when what took that over has just ended: the version is applied once, and runs."""
    deaths = [Death(kind="deploy", place=Place.IN_ACT, after=IN_HOOK), Death(kind="deploy", place=Place.AFTER_ACT)]

    told = tell(scene, tmp_path / "run", replace(scene.plan, deaths=deaths, tell=in_qa))

    assert told.problems == []
    assert (told.kills, [kind for kind, _ in told.twice()]) == (2, ["deploy"])
    assert [one.revision.status for one in scene.records("qa")] == ["failed", "deployed"]
    assert told.end["pods"]["qa"] == [told.end["environments"]["qa"]["live"][1]]


def in_qa(teller: Teller) -> None:
    """A version goes to QA, and waits for people."""
    teller.push("release/delivery/v1.0.1", "1.0.1")
    teller.until("v1.0.1 waits for approval", lambda: request(teller, "1.0.1"))
    at_rest_by_helm(teller)
