"""People and hooks at a host's doors, over connections that are kept."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

PATIENCE = 120.0


class Asker(http.client.HTTPConnection):
    """Somebody at a host's doors; with a key, a person. Raise RuntimeError where an answer is not a good one."""

    def __init__(self, url: str, key: str = "") -> None:
        super().__init__(urlsplit(url).netloc, timeout=PATIENCE)
        self._own = {"Content-Type": "application/json", **(signed_in(key) if key else {})}

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> float:
        """Ask for something, and return how long the answer took in seconds."""
        content = None if body is None else json.dumps(body).encode()
        began = time.perf_counter()
        self.request(method, path, content, {**self._own, **(headers or {})})
        answer = self.getresponse()
        found = answer.read()
        took = time.perf_counter() - began
        if answer.status not in (200, 202):
            raise RuntimeError(f"{method} {path}: {answer.status} {found[:300]!r}")
        return took


class Callers:
    """So many askers in a process of their own."""

    def __init__(self, url: str, connections: int) -> None:
        context, self._writing = multiprocessing.get_context("spawn"), threading.Lock()
        self._asked, answering = context.Pipe()
        context.Process(target=_post_all, args=(url, connections, answering), daemon=True).start()
        answering.close()

    def post(self, path: str, body: object, headers: Mapping[str, str]) -> None:
        """Have one of them post something."""
        with self._writing:
            self._asked.send((path, body, headers))

    def took(self) -> list[float]:
        """Wait for the answers, and return how many seconds each took in their order; raise EOFError where one was not a good one."""
        self._asked.send(None)
        found: list[float] = self._asked.recv()
        return found


def signed_in(key: str) -> dict[str, str]:
    """Who signs in by a key."""
    return {"Authorization": f"Bearer {key}"}


def _post_all(url: str, connections: int, asked: Connection) -> None:
    free, took = [Asker(url) for _ in range(connections)], list[float]()

    def post(path: str, body: object, headers: Mapping[str, str]) -> None:
        asker = free.pop()
        took.append(asker.ask("POST", path, body, headers))
        free.append(asker)

    with ThreadPoolExecutor(connections) as threads:
        for one in [threads.submit(post, *given) for given in iter(asked.recv, None)]:
            one.result()
    asked.send(took)
