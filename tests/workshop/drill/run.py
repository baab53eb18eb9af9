"""One telling of the story: a folder of its own, a host, an end; and what the host passed on the way."""

from __future__ import annotations

import json
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.demo.team import StoryBroken
from infra.local.folder import Folder
from shared.domain.values.errors import SlipwayError
from tests.support.mortal import differences
from tests.workshop.drill.boundaries import Death, Place
from tests.workshop.drill.end import WRONG, End, end_of
from tests.workshop.drill.process import HOST, MortalHost
from tests.workshop.drill.scene import Scene
from tests.workshop.drill.story import PATIENCE, Teller, whole_story

_TAIL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A boundary that was passed."""

    life: int
    kind: str
    id: str
    place: str
    at: float
    dies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a telling ended. `problems` are empty where it went as it should, apart from its end."""

    end: End
    problems: Sequence[str]
    passes: Sequence[Pass]
    deaths: int
    seconds: float

    def against(self, wanted: End) -> list[str]:
        """Everything that is not as in the undisturbed telling."""
        differing = differences(wanted, self.end) if self.end else {}
        return [*self.problems, *(f"{key}: {one!r} became {other!r}" for key, (one, other) in differing.items())]

    @property
    def kills(self) -> int:
        """How often the host died where it was to."""
        return sum(one.dies for one in self.passes)

    def twice(self) -> list[tuple[str, str]]:
        """Kind and id of every effect whose act was begun in more than one life of the host."""
        lives = defaultdict(set)
        for one in self.passes:
            if one.place == Place.BEFORE_ACT:
                lives[one.kind, one.id].add(one.life)
        return sorted(work for work, found in lives.items() if len(found) > 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is special about a telling: where each life of the host ends and what is done between its lives, what it runs, what is told,
    how long anything is waited for, the disk that its folder lies on, and how its end is read; what is `wrong` there is no end."""

    deaths: Sequence[Death] = ()
    between: Callable[[Folder], None] | None = None
    module: str = HOST
    tell: Callable[[Teller], None] = whole_story
    patience: float = PATIENCE
    disk: Path | None = None
    end: Callable[[Folder, Scene], End] = end_of


def tell(scene: Scene, root: Path, plan: Plan = Plan()) -> Told:
    """Tell the story from the beginning below `root`."""
    began = time.monotonic()
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    folder = scene.begin(root, plan.disk or root)
    problems: list[str] = []
    with MortalHost(folder, root, deaths=plan.deaths, module=plan.module, between=plan.between) as host:
        try:
            plan.tell(Teller(scene, host, plan.patience))
            code = host.stop()
            problems += [f"stopping it ended with {code}"] if code else []
        except StoryBroken as error:
            problems += [str(error), *(f"log: {line}" for line in _tail(host.log))]
        deaths = host.deaths
        problems += [f"process {pid} outlived its host" for pid in host.left_over]
    end: End = {}
    try:
        end = plan.end(folder, scene)
        problems += end.get(WRONG, ())
    except (SlipwayError, RuntimeError) as error:
        problems.append(f"its end cannot be read: {error}")
    return Told(
        end=end,
        problems=problems,
        passes=read_passes(host.passes),
        deaths=deaths,
        seconds=time.monotonic() - began,
    )


def read_passes(file: Path) -> list[Pass]:
    """Read what fuses noted."""
    lines: Iterable[str] = file.read_text(encoding="utf-8").splitlines() if file.exists() else ()
    return [_pass(json.loads(line)) for line in lines]


def _pass(line: Mapping[str, Any]) -> Pass:
    return Pass(**line)


def _tail(log: Path) -> list[str]:
    return [line[:300] for line in log.read_text(errors="replace").splitlines()[-_TAIL:]]
