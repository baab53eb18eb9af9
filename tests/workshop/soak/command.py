"""A million steps with fresh seeds: `make soak` (STEPS=, SEED= repeats one part, STORE= memory or sqlite, WORKERS=)."""

from __future__ import annotations

import random
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.workshop.soak.running import STEPS, run, told

PART = 5_000
ON_DISK = 50  # one part of so many is on SQLite, and a tenth as long


def parts(steps: int, store: str | None) -> Iterator[tuple[str, int, int]]:
    """Parts with numbers that nobody has chosen, until they are enough."""
    numbers = random.SystemRandom()
    for count in range(1, -(-steps // PART) + 1):
        number, size = numbers.randrange(10**9), min(PART, steps)
        yield store or "memory", number, size
        if store is None and count % ON_DISK == 1:
            yield "sqlite", number, size // 10


def try_part(part: tuple[str, int, int]) -> tuple[Counter[str], str]:
    """Run one part; what was found is told as text, because it comes from another process."""
    store, number, steps = part
    try:
        return run(store, number=number, steps=steps), ""
    except BaseException:
        return Counter(), traceback.format_exc()


def run_soak(steps: int, *, seed: int | None, store: str | None, workers: int) -> int:
    """Run, and say what was done; 1 where a law was broken."""
    if seed is not None:
        print("\n".join(told(run(store or "memory", number=seed, steps=steps, shrink=True))))
        return 0
    todo = list(parts(steps, store))
    began, tally = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(workers) as pool:
        for done in as_completed([pool.submit(try_part, one) for one in todo]):
            counted, found = done.result()
            if found:
                pool.shutdown(wait=False, cancel_futures=True)
                print(found, flush=True)
                print(f"A law was broken after {tally[STEPS]:,} steps that kept them all.")
                return 1
            tally += counted
            print(f"\r{tally[STEPS]:>12,} steps, {time.monotonic() - began:,.0f} s", end="", flush=True)
    print(f"\r{tally[STEPS]:>12,} steps in {time.monotonic() - began:,.0f} s; how often each law was looked at:")
    print("\n".join(told(tally)))
    return 0
