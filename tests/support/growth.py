"""How much memory is kept by doing something again and again, each time with something new."""

from __future__ import annotations

import functools
import gc
import itertools
import sys
import threading
from collections.abc import Callable
from typing import Any

from shared.codec.memo import Memo
from tests.support.host import wait_until

_Cache: Any = type(functools.lru_cache(int))
_WARM_UP, _ROUNDS = 2, 6


def kept_each(do: Callable[[int], object], *, times: int) -> float:
    """Do it many times, with a number that is new each time, and return how many blocks of memory each time left behind.

    Counted is what Python's allocator has given out, not what the process has of the machine, which is noise. What is
    only under way, or held in reserve, makes a reading too large and never too small: the smallest of each half counts.
    """
    numbers = itertools.count()
    # A stand-in that another test has left open has threads of its own, which wait.
    others = frozenset(threading.enumerate())
    there = gc.get_objects()
    forget = [one.cache_clear for one in there if isinstance(one, _Cache) and one.cache_info().maxsize is not None]
    forget += [one.clear for one in there if isinstance(one, Memo)]

    def after_a_round() -> int:
        for number in itertools.islice(numbers, times):
            do(number)
        return _kept(forget, others)

    gc.collect()
    gc.freeze()  # what is there by now is not looked at again and again
    # Coverage keeps something of every thread that it follows, and each request has one.
    tracing: Any = threading.gettrace()
    settrace: Any = threading.settrace
    settrace(None)
    try:
        for _ in range(_WARM_UP):
            after_a_round()
        before = min(after_a_round() for _ in range(_ROUNDS))
        after = min(after_a_round() for _ in range(_ROUNDS))
    finally:
        settrace(tracing)
        gc.unfreeze()
    return (after - before) / (times * _ROUNDS)


def _kept(forget: list[Callable[[], object]], others: frozenset[threading.Thread]) -> int:
    wait_until(lambda: not any("process_request" in one.name for one in set(threading.enumerate()) - others))
    # A cache with a limit may fill up to it, the interpreter's of attribute names too; one without is what we look for.
    for one in forget:
        one()
    getattr(sys, "_clear_internal_caches", lambda: None)()
    getattr(sys, "_clear_type_cache", lambda: None)()
    for _ in range(3):
        gc.collect()
    return sys.getallocatedblocks()
