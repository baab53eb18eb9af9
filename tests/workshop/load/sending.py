"""Pushes at a steady rate: each moves its branch in the repository and tells the host as git's hook does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from infra.local.folder import KeptSettings
from infra.local.githook import post_receive
from tests.workshop.load.monorepo import REPOSITORY, Push, Refs

_THREADS = 16


@dataclass(slots=True)
class Answers:
    """What the host answered so far: seconds of each 202, and what else was said."""

    accepted: list[float] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[list[float], list[str]]:
        """Return what has come since the last time."""
        with self.lock:
            accepted, other = self.accepted, self.other
            self.accepted, self.other = [], []
            return accepted, other


class Sender:
    """Sends pushes one after the other, as many a minute as asked for, whether or not the host keeps up."""

    def __init__(self, kept: KeptSettings, refs: Refs, rate: int) -> None:
        self._url, self._secret, self._refs = f"http://127.0.0.1:{kept.port}", kept.hook_secret, refs
        self._pause = 60 / rate
        self.answers = Answers()
        self.sent = 0
        self.behind = 0.0

    def send(self, pushes: Sequence[Push], enough: Callable[[], bool]) -> None:
        """Send them all, or until it is enough."""
        start = time.monotonic()
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="hook") as hooks:
            for number, push in enumerate(pushes):
                wait = start + number * self._pause - time.monotonic()
                self.behind = max(self.behind, -wait)
                if wait > 0:
                    time.sleep(wait)
                if enough():
                    return
                self._refs.move(push)
                hooks.submit(self._tell, push)
                self.sent += 1

    def _tell(self, push: Push) -> None:
        body = {
            "id": push.id,
            "repository": REPOSITORY,
            "refs": [{"ref": push.ref, "before": push.before, "after": push.commit}],
            "pusher": {"name": "Ada Author", "mail": "ada@example.com"},
        }
        began = time.perf_counter()
        try:
            post_receive.send(self._url, self._secret, json.dumps(body).encode())
        except Exception as error:  # whatever it is, the push was not answered with 202
            with self.answers.lock:
                self.answers.other.append(f"{type(error).__name__}: {error}")
        else:
            with self.answers.lock:
                self.answers.accepted.append(time.perf_counter() - began)
