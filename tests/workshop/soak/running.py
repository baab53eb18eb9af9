"""Runs the machine for a number of steps, and says how to repeat what it found."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.workshop.soak.acting import Acting
from tests.workshop.soak.laws import LAWS
from tests.workshop.soak.machine import Everything, EverythingOnDisk

MACHINES: Mapping[str, type[Acting]] = {"memory": Everything, "sqlite": EverythingOnDisk}
STEPS = "steps"
LENGTH, FEWEST = 150, 5
_ROUNDS = 1000


def run(store: str, *, number: int, steps: int, shrink: bool = False) -> Counter[str]:
    """Take at least so many steps with runs that follow from the number; return how many, and what was checked.

    To shrink what was found to the fewest steps takes minutes; so it is done when somebody repeats it.
    """
    tally: Counter[str] = Counter()
    for part in itertools.count():
        missing = steps - tally[STEPS]
        if missing <= 0:
            return tally
        machine: type[Acting] = type(MACHINES[store].__name__, (MACHINES[store],), {"tally": tally})
        found = settings(
            max_examples=max(missing // LENGTH, FEWEST),
            stateful_step_count=LENGTH,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            deadline=None,
            database=None,
        )
        try:
            run_state_machine_as_test(seed(number * _ROUNDS + part)(machine), settings=found)
        except BaseException as error:
            error.add_note(f"\nRepeat it with fewer steps: make soak STORE={store} SEED={number} STEPS={steps}")
            raise
    raise AssertionError("there is always another part")


def told(tally: Mapping[str, int]) -> Iterator[str]:
    """Say each law with how many times it was looked at."""
    for law, sentence in LAWS.items():
        yield f"{tally.get(law, 0):>12,}  {law}: {sentence}"
