"""Who works on charts: one warm child at most, and another one for a while where two are asked at once."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

from shared.adapters.helm_charts.child import Child, Died, Gone
from shared.adapters.helm_charts.faults import of_answer
from shared.ports.chart_limits import ChartLimits
from shared.ports.errors import Permanent

_AT_ONCE = 2
_HINT = "make the chart smaller, or raise the limit (SLIPWAY_CHART_*)"


@cache
def children_of(limits: ChartLimits) -> Children:
    """Return this process's children of these limits; they end with it."""
    made = Children(limits)
    atexit.register(made.close)
    return made


class Children:
    """For all threads of a process. What a child dies of is the fault of the chart that it was given, and nobody else's.

    `only` keeps them to one port of this machine (helm_child.network).
    """

    def __init__(
        self,
        limits: ChartLimits,
        environment: Mapping[str, str] | None = None,
        only: Mapping[str, int] | None = None,
    ) -> None:
        self.limits, self._environment, self._only = limits, environment, only
        self._room = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self.warm: Child | None = None

    def ask(self, doing: str, job: str, **values: Any) -> Any:
        """Have a job done; `doing` starts the message of what is raised."""
        with self._room:
            try:
                try:
                    answer = self._asked(job, values)
                except Gone:
                    # It had been idle for too long, or somebody ended it. A chart that does that does it again.
                    answer = self._asked(job, values)
            except Gone as error:
                raise Permanent(f"{doing}: the chart {error}, twice; {_HINT}") from error
            except Died as error:
                raise Permanent(f"{doing}: the chart {error}; {_HINT}") from error
        return of_answer(doing, answer, output=self.limits.output)

    def close(self) -> None:
        """End the warm child."""
        with self._lock:
            child, self.warm = self.warm, None
        if child is not None:
            child.end()

    def _asked(self, job: str, values: Mapping[str, Any]) -> Any:
        child = self._taken()
        try:
            answer = child.ask(job, values)
        except BaseException:
            child.end()
            raise
        self._give_back(child)
        return answer

    def _taken(self) -> Child:
        with self._lock:
            child, self.warm = self.warm, None
        if child is not None and child.alive:
            return child
        if child is not None:
            child.end()
        return Child(self.limits, self._environment, self._only)

    def _give_back(self, child: Child) -> None:
        with self._lock:
            if self.warm is None and child.asked < self.limits.renders:
                self.warm = child
                return
        child.end()
