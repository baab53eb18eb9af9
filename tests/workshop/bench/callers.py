"""`python -m tests.workshop.bench.callers URL CONNECTIONS`: posts what stands on its standard input, a JSON object a line.

Prints how many seconds each answer took, in the order of the answers; 1 where one was not a good one.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 60.0


class Asker:
    """Somebody at a host's doors over a connection that is kept. Raise RuntimeError where an answer is not a good one."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE)
        self._headers = {"Content-Type": "application/json", **(headers or {})}

    def ask(self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> float:
        """Ask for something, and return how long the answer took in seconds."""
        began = time.perf_counter()
        self._connection.request(method, path, body and body.encode(), {**self._headers, **(headers or {})})
        answer = self._connection.getresponse()
        content = answer.read()
        took = time.perf_counter() - began
        if answer.status not in (200, 202):
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return took

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def person(key: str) -> dict[str, str]:
    """Who signs in by a key."""
    return {"Authorization": f"Bearer {key}"}


def start(url: str, connections: int) -> subprocess.Popen[str]:
    """Start callers in a process of their own."""
    command = [sys.executable, "-m", "tests.workshop.bench.callers", url, str(connections)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def request(path: str, headers: Mapping[str, str], body: object) -> str:
    """A line for them."""
    return json.dumps({"path": path, "headers": headers, "body": json.dumps(body)}) + "\n"


def main(url: str, connections: int) -> None:
    """Post everything."""

    def post(line: str) -> float:
        asked: dict[str, Any] = json.loads(line)
        asker = free.pop()
        took = asker.ask("POST", asked["path"], asked["body"], asked["headers"])
        free.append(asker)
        ended.append(took)
        return took

    ended: list[float] = []
    free = [Asker(url) for _ in range(connections)]
    lines: Iterator[str] = iter(sys.stdin.readline, "")
    with ThreadPoolExecutor(connections) as threads:
        for one in [threads.submit(post, line) for line in lines]:
            one.result()
    print(json.dumps(ended))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
