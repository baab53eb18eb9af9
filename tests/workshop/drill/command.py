"""`make drill`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tests.workshop.drill import full, torn
from tests.workshop.drill.boundaries import KINDS, Boundary
from tests.workshop.drill.kills import (
    Passed,
    boundaries_of,
    chosen,
    death_at,
    in_both,
    in_pairs,
    kill_at,
    missing_kinds,
)
from tests.workshop.drill.report import Result, say, say_result, say_summary
from tests.workshop.drill.run import Told, tell
from tests.workshop.drill.scene import Scene

KILLS, TORN, FULL = "kills", "torn", "full"
PARTS = (KILLS, TORN, FULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What of the drill is done, and where. `only` is a kind of work, empty for all."""

    folder: Path
    parts: Sequence[str] = PARTS
    only: str = ""
    short: bool = False
    seed: int = 0
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """Something that is tried in a folder of its own."""

    part: str
    name: str
    run: Callable[[Path], list[Result]]


def run_drill(options: Options) -> int:
    """Do it, say what became of each trial, and return 0 only if all of them ended as the undisturbed story."""
    began = time.monotonic()
    root = begin_anew(options.folder)
    scene = Scene(root / "scene")
    say(f"The drill's folder is {root}; seed {options.seed}. The story is told undisturbed, twice.")
    with ThreadPoolExecutor(max_workers=options.workers) as pool:
        undisturbed, second = pool.map(lambda name: tell(scene, root / name), ("undisturbed", "undisturbed-again"))
        problems = [*undisturbed.problems, *second.against(undisturbed.end)]
        found = in_both(boundaries_of(undisturbed.passes), boundaries_of(second.passes))
        problems += [f"the story has no {kind}" for kind in missing_kinds(found)]
        if problems:
            say("  the undisturbed story is not told as it should be:")
            for problem in problems:
                say(f"      {problem}")
            return 1
        say(f"  {undisturbed.seconds:.1f} s, {len(undisturbed.passes)} passes of {len(found)} boundaries:")
        say_boundaries(found)
        trials = list(_trials(options, scene, undisturbed, found))
        say(f"{len(trials)} trials:")
        results = run_trials(pool, root, trials)
    return 0 if say_all(results, time.monotonic() - began) else 1


def _trials(options: Options, scene: Scene, undisturbed: Told, found: dict[Boundary, Passed]) -> Iterator[Trial]:
    if FULL in options.parts:
        yield from (
            Trial(FULL, name, run)
            for name, run in full.trials(scene, undisturbed, seed=options.seed, short=options.short)
        )
    if TORN in options.parts:
        for name, run in torn.trials(scene, undisturbed, seed=options.seed, short=options.short):
            yield Trial(TORN, name, run)
    if KILLS in options.parts:
        wanted = chosen(found, only=options.only, short=options.short)
        together = in_pairs(wanted, undisturbed.passes) if options.short else [(one,) for one in wanted]
        for boundaries in together:
            deaths = [death_at(one, found[one], options.seed) for one in boundaries]
            if len(deaths) > 1:
                # The first of its kind: what is to die next must not be over by then.
                deaths = [replace(death, nth=1) for death in deaths]
            name = "+".join(f"{one.kind}-{one.place}" for one in boundaries).replace(" ", "-")
            yield Trial(
                KILLS, name, partial(kill_at, scene, {one: found[one] for one in boundaries}, deaths, undisturbed)
            )


def say_all(results: Mapping[str, Sequence[Result]], seconds: float) -> bool:
    """Sum every part up, also after one that went wrong, and return whether all of it is as it should be."""
    say()
    good = [say_summary(part, results[part]) for part in PARTS if results[part]]
    say(f"{'All of it is as it should be' if all(good) else 'NOT all of it is as it should be'}; {seconds:.0f} s")
    return all(good)


def _run_one(trial: Trial, root: Path) -> list[Result]:
    try:
        return trial.run(root / trial.name)
    except Exception as error:
        # One that breaks is one that failed; the others are still worth having.
        return [Result(about=trial.name, what="broke", problems=(f"{type(error).__name__}: {error}",))]


def run_trials(pool: ThreadPoolExecutor, root: Path, trials: Sequence[Trial]) -> dict[str, list[Result]]:
    """Try all of them, and say what became of each."""
    results: dict[str, list[Result]] = {part: [] for part in PARTS}
    under_way = {pool.submit(_run_one, trial, root): trial for trial in trials}
    try:
        for future in as_completed(under_way):
            trial, found = under_way[future], future.result()
            results[trial.part] += found
            for result in found:
                say_result(result)
            if all(result.same for result in found):
                shutil.rmtree(root / trial.name, ignore_errors=True)
            else:
                say(f"      its folder: {root / trial.name}")
    except BaseException:
        # Ctrl-C: what runs comes to its end, with its hosts and disks; the rest does not begin.
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return results


def say_boundaries(found: Mapping[Boundary, Passed]) -> None:
    """Say, kind by kind, which places the story passes."""
    for kind in KINDS:
        places = [
            f"{one.place} {passed.count}{'' if passed.always else ' by chance'}"
            for one, passed in found.items()
            if one.kind == kind
        ]
        if places:
            say(f"    {kind:<16} {', '.join(places)}")


def begin_anew(folder: Path) -> Path:
    """Take away what an earlier drill left, and nothing that is not a drill's."""
    root = folder.resolve()
    if root.exists() and any(root.iterdir()) and not (root / "scene").exists():
        raise SystemExit(f"{root} holds something else; name an empty folder")
    for disk in root.glob(f"*/{full.DISK}"):
        # Of a drill that was killed itself.
        if disk.is_mount():
            full.unmount(disk)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    return root
