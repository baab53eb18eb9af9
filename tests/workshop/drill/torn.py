"""Writes that a crash tears: a log that was cut, damaged or not yet written at its end, and state older than the world."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.local.demo.team import StoryBroken
from infra.local.folder import Folder
from tests.workshop.drill.boundaries import EFFECT_KINDS, Boundary, Place
from tests.workshop.drill.end import end_of, registry_of
from tests.workshop.drill.kills import boundaries_of, death_at, tell_deadly
from tests.workshop.drill.process import MortalHost
from tests.workshop.drill.report import Result
from tests.workshop.drill.run import Plan, Told, tell
from tests.workshop.drill.scene import Scene
from tests.workshop.drill.story import Teller, messages, whole_story
from tests.workshop.drill.wal import DAMAGES, Log, copy_still, first_change, put_in_place, read_log
from tests.workshop.drill.whole import content_of, problems_of

# Where a write can be torn: it has just been done, and nobody has been told.
_PLACES = (Place.ON_DISK,)

Trial = tuple[str, Callable[[Path], list[Result]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is tried: copies of the database, places of damage in each, hosts that go on from one, older states."""

    copies: int
    places: int
    hosts: int
    older: int


SHORT, WHOLE = Extent(copies=4, places=4, hosts=1, older=1), Extent(copies=14, places=8, hosts=6, older=3)


def trials(scene: Scene, undisturbed: Told, *, seed: int, short: bool) -> Iterator[Trial]:
    """Name what is tried, and how."""
    extent = SHORT if short else WHOLE
    yield "torn-copies", lambda root: _copies(scene, root, undisturbed, random.Random(f"{seed}/copies"), extent)
    after = [boundary for boundary in boundaries_of(undisturbed.passes) if boundary.place in _PLACES]
    chance = random.Random(f"{seed}/torn")
    for number in range(extent.hosts):
        boundary = chance.choice([one for one in after if one.kind in EFFECT_KINDS])
        damage = list(DAMAGES)[number % len(DAMAGES)]
        yield f"torn-{number + 1}", partial(_goes_on, scene, boundary, damage, undisturbed, seed)


def _goes_on(scene: Scene, boundary: Boundary, damage: str, undisturbed: Told, seed: int, root: Path) -> list[Result]:
    """Kill a host behind a commit, tear that commit, and let the next life go on from what is left."""
    found = boundaries_of(undisturbed.passes)[boundary]
    chance, torn = random.Random(f"{seed}/{root.name}"), list[str]()

    def tear(folder: Folder) -> None:
        log = read_log(folder.database)
        if torn or not log.open:
            return
        begin, end = log.open[-1]
        damaged = DAMAGES[damage](log.content, chance.randrange(begin, end), chance)
        Path(f"{folder.database}-wal").write_bytes(damaged)
        torn.append(f"from byte {first_change(log.content, damaged) - begin} of {end - begin}")

    told = tell_deadly(scene, root, Plan(deaths=(death_at(boundary, found, seed),), between=tear))
    problems = tuple(told.against(undisturbed.end))
    # All of it may have been moved into the database by then.
    what = f"{damage} {torn[0] if torn else '(nothing was left to tear)'}, behind {boundary}"
    return [Result(about="torn write", what=what, twice=tuple(told.twice()), problems=problems, seconds=told.seconds)]


def _copies(scene: Scene, root: Path, undisturbed: Told, chance: random.Random, extent: Extent) -> list[Result]:
    """Copy the database while the story is told; damage each copy in many places; go on from some beside a newer world."""
    taken: list[tuple[Path, Log]] = []

    def tell_and_copy(teller: Teller) -> None:
        pause = undisturbed.seconds / (extent.copies + 1)
        with _copying(teller.host.folder, root, lambda: pause * chance.uniform(0.5, 1.3), extent.copies, taken):
            whole_story(teller)

    told = tell(scene, root, Plan(tell=tell_and_copy))
    problems = told.against(undisturbed.end) + ([] if taken else ["no copy was taken"])
    results = [_result(f"{len(taken)} copies while it runs", "same end", problems, told.seconds)]
    for damage in DAMAGES:
        began = time.monotonic()
        problems = [said for copy, log in taken for said in _opens(copy, log, damage, chance, extent.places, root)]
        what = f"{damage}: {len(taken) * extent.places} opened"
        results.append(_result(what, "whole commits", problems, time.monotonic() - began))
    folder = Folder(root / "host")
    for copy, log in chance.sample(taken, min(extent.older, len(taken))):
        results.append(_older(scene, folder, copy, log, chance))
    return results


def _result(what: str, claim: str, problems: Sequence[str], seconds: float) -> Result:
    return Result(about="torn copies", what=what, claim=claim, problems=tuple(problems), seconds=seconds)


@contextmanager
def _copying(
    folder: Folder, root: Path, pause: Callable[[], float], most: int, taken: list[tuple[Path, Log]]
) -> Iterator[None]:
    stop = threading.Event()

    def copy() -> None:
        while len(taken) < most and not stop.wait(pause()):
            target = root / f"copy-{len(taken)}.db"
            if folder.database.exists() and (log := copy_still(folder.database, target)).open:
                taken.append((target, log))

    thread = threading.Thread(target=copy, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _opens(copy: Path, log: Log, damage: str, chance: random.Random, places: int, root: Path) -> Iterator[str]:
    """Damage a copy in any of its open transactions: it opens as of the whole one before, and nothing in it is half."""
    begin, end = log.open[0][0], log.open[-1][1]
    for number in range(places):
        # Half of them at the very end, where a crash would.
        low = log.open[-1][0] if number % 2 else begin
        damaged = DAMAGES[damage](log.content, chance.randrange(low, end), chance)
        whole = log.whole_before(first_change(log.content, damaged))
        torn, wanted = root / "torn.db", root / "wanted.db"
        put_in_place(copy, damaged, torn)
        put_in_place(copy, log.content[:whole], wanted)
        where = f"{copy.name}, {damage}, {len(damaged)} bytes, whole up to {whole}"
        yield from (f"{where}: {said}" for path in (torn, wanted) for said in problems_of(path))
        if content_of(torn) != content_of(wanted):
            yield f"{where}: it does not open as of its last whole commit"


def _older(scene: Scene, folder: Folder, copy: Path, log: Log, chance: random.Random) -> Result:
    """Start a host over a state that is older than registry and environments.git: nothing there may go back or be moved."""
    began = time.monotonic()
    tags, files = registry_of(folder), end_of(folder, scene)["environments.git"]
    begin, end = log.open[0][0], log.open[-1][1]
    # As it was copied, or from long before.
    place = chance.choice([end, chance.randrange(begin, end)])
    put_in_place(copy, log.content[:place], folder.database)
    problems: list[str] = []
    with MortalHost(folder, folder.root.parent) as host:
        try:
            _rests(Teller(scene, host))
            problems += [f"stopping it ended with {code}"] if (code := host.stop()) else []
        except StoryBroken as error:
            problems.append(str(error))
    after = end_of(folder, scene)
    problems += [f"{name} was moved" for name, digest in tags.items() if after["registry"].get(name) != digest]
    problems += [f"{name} changed" for name, content in files.items() if after["environments.git"].get(name) != content]
    problems += [f"{one} is in poison" for one in after["poison"]]
    shutil.rmtree(folder.work, ignore_errors=True)
    phases = ", ".join(f"{name} {one['phase'] if one else 'unknown'}" for name, one in after["releases"].items())
    return _result(f"older beside newer ({phases})", "nothing moved", problems, time.monotonic() - began)


def _rests(teller: Teller) -> None:
    teller.until("an answer", lambda: teller.operator.get("/api/services").status == 200)
    # What goes on by itself has done so when nothing is left; questions and deadlines are rows, not messages.
    teller.until("no message is left", lambda: not messages(teller.host))
