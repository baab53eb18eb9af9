"""`make drill CLUSTER=1`: the same deaths where Helm deploys, to namespaces of a real control plane."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from infra.local.azurite.program import CannotInstall
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from tests.support.cluster.control_plane import ClusterFailed
from tests.support.cluster.environments import variables
from tests.support.cluster.shared import Cluster
from tests.support.cluster.use import one_for_use
from tests.workshop.drill.boundaries import Boundary, Death
from tests.workshop.drill.cluster_scene import ClusterScene
from tests.workshop.drill.command import (
    KILLS,
    Options,
    Trial,
    begin_anew,
    run_trials,
    say_all,
    say_boundaries,
)
from tests.workshop.drill.kills import Passed, boundaries_of, chosen, death_at, in_both, kill_at
from tests.workshop.drill.report import Result, say
from tests.workshop.drill.run import Told, tell

# What a cluster has a part in; the rest of the story is drilled without one.
ON_CLUSTER = ("deploy", "observe-rollout", "remove")


@dataclass(frozen=True, slots=True)
class Lane:
    """A scene with namespaces of its own, for one telling at a time, and how its story ends undisturbed."""

    scene: ClusterScene
    undisturbed: Told


def run_on_cluster(options: Options) -> int:
    """Do it on a control plane that ends with it; see run_drill."""
    if options.only not in ("", *ON_CLUSTER):
        print(f"a cluster has no part in {options.only}; it has in: {', '.join(ON_CLUSTER)}", file=sys.stderr)
        return 2
    began = time.monotonic()
    try:
        with one_for_use() as made:
            return _run(made, options, began)
    except (CannotInstall, ClusterFailed) as error:
        print(error, file=sys.stderr)
        return 1


def _run(made: Cluster, options: Options, began: float) -> int:
    root = begin_anew(options.folder)
    namespaces = [{"qa": f"drill-qa-{at}", "production": f"drill-{at}"} for at in range(options.workers)]
    names = [name for one in namespaces for name in one.values()]
    os.environ.update(variables(made, {name: name for name in names}))
    admin = Api(
        ClusterConnection(
            name="admin", server=made.server, authority=made.ca_file.read_text(), token=made.token("admin").__str__
        )
    )
    with closing(admin), ThreadPoolExecutor(max_workers=options.workers) as pool:
        say(f"The drill's folder is {root}; seed {options.seed}. The story is told undisturbed, in each lane.")
        scenes = [ClusterScene(root / "scene" / f"{at}", admin, one) for at, one in enumerate(namespaces)]
        tellings = pool.map(
            lambda at: tell(scenes[at], root / f"undisturbed-{at}", scenes[at].plan), range(len(scenes))
        )
        lanes = [Lane(scene, told) for scene, told in zip(scenes, tellings, strict=True)]
        if problems := [said for lane in lanes for said in lane.undisturbed.problems]:
            say("\n      ".join(["  the undisturbed story is not told as it should be:", *problems]))
            return 1
        found = passed_in(lanes)
        say(f"  {lanes[0].undisturbed.seconds:.1f} s, {len(found)} boundaries:")
        say_boundaries(found)
        results = run_trials(pool, root, _trials(options, lanes, found))
    return 0 if say_all(results, time.monotonic() - began) else 1


def passed_in(lanes: Sequence[Lane]) -> dict[Boundary, Passed]:
    """The boundaries that a cluster has a part in."""
    first, *_, last = [boundaries_of(lane.undisturbed.passes) for lane in (*lanes, lanes[-1])]
    return {one: passed for one, passed in in_both(first, last).items() if one.kind in ON_CLUSTER}


def _trials(options: Options, lanes: Sequence[Lane], found: Mapping[Boundary, Passed]) -> list[Trial]:
    free: SimpleQueue[Lane] = SimpleQueue()
    for lane in lanes:
        free.put(lane)
    trials = []
    for one in chosen(found, only=options.only, short=options.short):
        run = partial(_kill, free, {one: found[one]}, [death_at(one, found[one], options.seed)])
        trials.append(Trial(KILLS, f"{one.kind}-{one.place}".replace(" ", "-"), run))
    say(f"{len(trials)} trials:")
    return trials


def _kill(
    free: SimpleQueue[Lane], found: Mapping[Boundary, Passed], deaths: Sequence[Death], root: Path
) -> list[Result]:
    lane = free.get()
    try:
        return kill_at(lane.scene, found, deaths, lane.undisturbed, root, lane.scene.plan)
    finally:
        free.put(lane)
