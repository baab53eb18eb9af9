"""Kill -9 at every boundary that the undisturbed story passes: once for each kind of work and each place."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from tests.workshop.drill.boundaries import EFFECT_KINDS, KINDS, Boundary, Death, Place
from tests.workshop.drill.report import Result
from tests.workshop.drill.run import Pass, Plan, Told, tell
from tests.workshop.drill.scene import Scene

# An act that takes less has no middle that a kill could hit.
_LONG_ENOUGH = 0.02
_AS_USUAL = Plan()
# A status that comes while an older one is being said waits for it.
_BY_CHANCE = frozenset(Boundary("set-status", place) for place in (Place.BEFORE_SEND, Place.AFTER_SEND))


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What is known of a boundary: how many pieces of work pass it, for an act how long one takes, and whether they do so
    each time; what is put off by chance, e.g. because another is at it, need not be the next time."""

    count: int
    seconds: float = 0.0
    always: bool = True


def boundaries_of(passes: Sequence[Pass]) -> dict[Boundary, Passed]:
    """List the boundaries that a telling passed, in the order of kinds and places."""
    ids: dict[Boundary, set[str]] = defaultdict(set)
    acts: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in passes:
        ids[Boundary(one.kind, Place(one.place))].add(one.id)
        if one.place in (Place.BEFORE_ACT, Place.AFTER_ACT):
            acts[one.kind][one.id].append(one.at)
    found = {boundary: Passed(count=len(works)) for boundary, works in ids.items()}
    for kind, works in acts.items():
        seconds = median(times[1] - times[0] for times in works.values() if len(times) > 1)
        if seconds >= _LONG_ENOUGH:
            found[Boundary(kind, Place.IN_ACT)] = Passed(count=len(works), seconds=seconds)
    places = list(Place)
    return dict(sorted(found.items(), key=lambda item: (KINDS.index(item[0].kind), places.index(item[0].place))))


def in_both(first: Mapping[Boundary, Passed], second: Mapping[Boundary, Passed]) -> dict[Boundary, Passed]:
    """What the first of two tellings passed, and whether the second did too."""
    return {one: replace(passed, always=one in second and one not in _BY_CHANCE) for one, passed in first.items()}


def missing_kinds(found: Mapping[Boundary, Passed]) -> list[str]:
    """Kinds of effects that the story does not have; a drill of it would prove nothing about them."""
    return [kind for kind in EFFECT_KINDS if kind not in {boundary.kind for boundary in found}]


def chosen(found: Mapping[Boundary, Passed], *, only: str, short: bool) -> list[Boundary]:
    """Choose what to try: all, those of one kind, or one for each kind such that every place occurs."""
    wanted = [boundary for boundary in found if only in ("", boundary.kind)]
    return list(_one_of_each([one for one in wanted if found[one].always])) if short else wanted


def _one_of_each(wanted: Sequence[Boundary]) -> Iterator[Boundary]:
    uses: dict[Place, int] = dict.fromkeys(Place, 0)
    by_kind: dict[str, list[Place]] = defaultdict(list)
    for boundary in wanted:
        by_kind[boundary.kind].append(boundary.place)
    rare = {place: sum(place in places for places in by_kind.values()) for place in Place}
    # Kinds with little choice first; each takes the place that was used least, and the rarest of those.
    for kind in sorted(by_kind, key=lambda kind: (len(by_kind[kind]), KINDS.index(kind))):
        place = min(by_kind[kind], key=lambda place: (uses[place], rare[place]))
        uses[place] += 1
        yield Boundary(kind, place)


def death_at(boundary: Boundary, passed: Passed, seed: int) -> Death:
    """Choose which of the works dies there, and how far into its act."""
    chance = random.Random(f"{seed}/{boundary}")
    nth, after = chance.randint(1, passed.count), passed.seconds * chance.uniform(0.2, 0.8)
    return Death(kind=boundary.kind, place=boundary.place, nth=nth, after=after)


def in_pairs(wanted: Sequence[Boundary], passes: Sequence[Pass]) -> list[tuple[Boundary, ...]]:
    """Put two into one telling, so that half as many will do: what comes up early in the story, then what comes up later."""
    begins: dict[str, float] = {}
    for one in passes:
        begins.setdefault(one.kind, one.at)
    ordered = sorted(wanted, key=lambda boundary: begins[boundary.kind])
    early, late = ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]
    pairs: list[tuple[Boundary, ...]] = list(zip(early, late, strict=False))
    return pairs + [(one,) for one in late[len(early) :]]


def kill_at(
    scene: Scene,
    found: Mapping[Boundary, Passed],
    deaths: Sequence[Death],
    undisturbed: Told,
    root: Path,
    plan: Plan = _AS_USUAL,
) -> list[Result]:
    """Tell the story with a kill at each of these boundaries, and compare its end."""
    boundaries = list(found)
    told = tell_deadly(scene, root, replace(plan, deaths=deaths), surely=all(one.always for one in found.values()))
    problems = told.against(undisturbed.end)
    result = Result(
        about=" + ".join(boundary.kind for boundary in boundaries),
        what=" + ".join(boundary.place for boundary in boundaries) + (" (did not come up)" if not told.kills else ""),
        twice=tuple(told.twice()),
        problems=tuple(problems),
        seconds=told.seconds,
    )
    return [result]


def tell_deadly(scene: Scene, root: Path, plan: Plan, *, surely: bool = True) -> Told:
    """Tell the story with these deaths; where a work did not come up this time, once more with the first of its kind.

    What does not come up `surely` need not do so then either.
    """
    told = tell(scene, root, plan)
    if told.kills < len(plan.deaths):
        told = tell(scene, root, replace(plan, deaths=[replace(death, nth=1) for death in plan.deaths]))
    missed = len(plan.deaths) - told.kills if surely else 0
    return replace(told, problems=[*told.problems, f"{missed} boundaries were not reached"]) if missed > 0 else told
