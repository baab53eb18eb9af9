"""Threads that run functions."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from infra.local.host.log import log_event


class Workers:
    """Runs jobs in daemon threads, made when first needed and kept; unlike a ThreadPoolExecutor's they never hold up the exit."""

    def __init__(self, most: int) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._most, self._made = most, 0
        self._lock = threading.Lock()

    def submit(self, job: Callable[[], None]) -> None:
        """Run the job as soon as a thread is free."""
        with self._lock:
            if not self._idle.acquire(blocking=False) and self._made < self._most:
                self._made += 1
                threading.Thread(target=self._work, name=f"worker-{self._made}", daemon=True).start()
            self._jobs.put(job)

    def stop(self) -> None:
        """Let the threads end after the jobs they have."""
        with self._lock:
            for _ in range(self._made):
                self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except BaseException as error:  # the thread must live on, whatever a function raises
                log_event("host.job_failed", error=error)
            self._idle.release()
