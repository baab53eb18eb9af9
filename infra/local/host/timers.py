"""Timer triggers: each runs by its schedule in UTC, and never beside itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from azure.functions.timer import TimerRequest

from infra.local.host.functions import Registered
from infra.local.host.log import log_event
from infra.local.host.schedule import Schedule
from infra.local.host.workers import Workers

# The wall clock may be set while a thread sleeps by the monotonic one.
_LONGEST_SLEEP = 60.0
_LATE = timedelta(seconds=1)


class _Timer:
    def __init__(self, function: Registered, now: datetime) -> None:
        self.function = function
        self.schedule = Schedule(str(function.trigger["schedule"]), now)
        self.last: datetime | None = None
        self.alone = threading.Lock()

    def request(self, *, past_due: bool) -> TimerRequest:
        status = {"Last": self.last.isoformat() if self.last else "", "Next": self.schedule.next.isoformat()}
        return TimerRequest(past_due=past_due, schedule_status=status, schedule={"AdjustForDST": True})


class Timers:
    """Runs the timer functions."""

    def __init__(self, functions: Iterable[Registered], workers: Workers, clock: Callable[[], datetime]) -> None:
        now = clock()
        self._timers = {one.name: _Timer(one, now) for one in functions}
        self._workers, self._clock = workers, clock
        self._stopping = False
        self._running = 0
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._wait, name="timers", daemon=True)

    def start(self) -> None:
        """Begin to keep the schedules; what is marked run_on_startup runs now."""
        for timer in self._timers.values():
            if timer.function.trigger.get("runOnStartup") is True:
                self._begin(timer, past_due=False)
        if self._timers:
            self._thread.start()

    def run_now(self, name: str) -> None:
        """Run a timer's function in this thread, after a run that is under way; raise what it raises, KeyError for an unknown name."""
        timer = self._timers[name]
        with timer.alone:
            timer.last = self._clock()
            timer.function.run(timer.request(past_due=False))

    def ask_to_stop(self) -> None:
        """Start nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def finish(self, deadline: float) -> None:
        """Let what runs end until the deadline (time.monotonic)."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, max(0.0, deadline - time.monotonic()))

    def _wait(self) -> None:
        while True:
            with self._changed:
                soonest = min(timer.schedule.next for timer in self._timers.values())
                sleep = min((soonest - self._clock()).total_seconds(), _LONGEST_SLEEP)
                if self._changed.wait_for(lambda: self._stopping, max(sleep, 0.0)):
                    return
            now = self._clock()
            for timer in self._timers.values():
                late = timer.schedule.take(now)
                if late is not None:
                    self._begin(timer, past_due=late > _LATE)

    def _begin(self, timer: _Timer, *, past_due: bool) -> None:
        with self._changed:
            self._running += 1
        self._workers.submit(partial(self._run, timer, past_due))

    def _run(self, timer: _Timer, past_due: bool) -> None:
        try:
            if not timer.alone.acquire(blocking=False):
                log_event("timer.skipped", function=timer.function.name)
                return
            try:
                timer.last = self._clock()
                timer.function.run(timer.request(past_due=past_due))
            finally:
                timer.alone.release()
        except Exception as error:
            log_event("function.failed", error=error, function=timer.function.name, trigger="timerTrigger")
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
