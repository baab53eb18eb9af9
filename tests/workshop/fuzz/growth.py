"""How much memory is kept by doing something again and again, each time with something new."""

from __future__ import annotations

import functools
import gc
import itertools
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from shared.codec.memo import Memo
from tests.support.host import wait_until

_Cache: Any = type(functools.lru_cache(int))
_WARM_UP = 2
_ROUNDS = (12, 24, 48)
# Whatever is remembered takes a block at least.
SOMETHING = 0.5


def kept_each(do: Callable[[int], object], *, times: int) -> float:
    """Do it so many times in each of some rounds, with a number that is new each time; return how many blocks each left.

    Counted is what Python's allocator has given out, not what the process has of the machine, which is noise. What is
    kept rises with how often it was done, in all rounds and in most of them: what happened a few times, however large, is in
    few, and what comes and goes is not there over all. Where there seems to be something, as many rounds again are looked
    at, and then once more.
    """
    numbers, levels = itertools.count(), list[int]()
    kept = 0.0
    with _standing() as level:
        for rounds in _ROUNDS:
            while len(levels) < _WARM_UP + rounds:
                for number in itertools.islice(numbers, times):
                    do(number)
                levels.append(level())
            looked_at = levels[_WARM_UP:]
            kept = min(_slope(looked_at), _usual(looked_at)) / times
            if kept < SOMETHING:
                break
    return kept


def _slope(levels: Sequence[int]) -> float:
    """What a round adds. What is only under way makes a level too high and never too low: the lowest of each half counts."""
    half = len(levels) // 2
    before = min(range(half), key=levels.__getitem__)
    after = min(range(half, len(levels)), key=levels.__getitem__)
    return (levels[after] - levels[before]) / (after - before)


def _usual(levels: Sequence[int]) -> float:
    """What most rounds add."""
    return median(after - before for before, after in itertools.pairwise(levels))


@contextmanager
def _standing() -> Iterator[Callable[[], int]]:
    """Have all that is there by now stand aside; what is asked for inside says how many blocks are in use."""
    # A stand-in that another test has left open has threads of its own, which wait.
    others = frozenset(threading.enumerate())
    gc.unfreeze()  # what is frozen is not named
    there = gc.get_objects()
    forget = [one.cache_clear for one in there if isinstance(one, _Cache) and one.cache_info().maxsize is not None]
    forget += [one.clear for one in there if isinstance(one, Memo)]
    databases = [one for one in there if isinstance(one, sqlite3.Connection)]
    del there
    gc.collect()
    gc.freeze()  # it is not looked at again and again
    # Coverage keeps something of every thread that it follows, and each request has one.
    tracing: Any = threading.gettrace()
    settrace: Any = threading.settrace
    settrace(None)
    try:
        yield lambda: _level(forget, databases, others)
    finally:
        settrace(tracing)
        gc.unfreeze()


def _level(
    forget: list[Callable[[], object]], databases: list[sqlite3.Connection], others: frozenset[threading.Thread]
) -> int:
    wait_until(lambda: not any("process_request" in one.name for one in set(threading.enumerate()) - others))
    # A cache with a limit may fill up to it, the interpreter's of attribute names too; one without is what we look for.
    for one in forget:
        one()
    getattr(sys, "_clear_internal_caches", lambda: None)()
    getattr(sys, "_clear_type_cache", lambda: None)()
    for _ in range(3):
        gc.collect()
    opened = [one for one in gc.get_objects() if isinstance(one, sqlite3.Connection)]
    return sys.getallocatedblocks() - sum(map(_old_cursors, (*databases, *opened)))


def _old_cursors(database: sqlite3.Connection) -> int:
    """What a connection still has of cursors that are gone, a block each: it forgets them two hundred at a time."""
    lists = [one for one in gc.get_referents(database) if isinstance(one, list)]
    return sum(reference() is None for one in lists for reference in one)
