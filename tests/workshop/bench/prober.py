"""`python -m tests.workshop.bench.prober URL PATH HEADERS CONNECTIONS COUNT`: posts bodies, prints how long each answer took."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

_WARM_UP = 20
_GOOD = (200, 202)


def body(number: str) -> bytes:
    """A push as a repository's hook tells of it; each has an id of its own."""
    refs = [{"ref": "refs/heads/main", "before": "0" * 40, "after": ""}]
    return json.dumps({"id": number, "repository": "bench", "refs": refs, "pusher": {"name": "Ada"}}).encode()


def _probe(place: str, path: str, headers: Mapping[str, str], name: str, count: int, took: list[float]) -> None:
    connection = http.client.HTTPConnection(place, timeout=60)
    for number in range(count + _WARM_UP):
        content = body(f"{name}-{number}")
        began = time.perf_counter()
        connection.request("POST", path, content, dict(headers))
        answer = connection.getresponse()
        answer.read()
        if answer.status not in _GOOD:
            raise RuntimeError(f"{path} was answered {answer.status}")
        if number >= _WARM_UP:
            took.append(time.perf_counter() - began)
    connection.close()


def main(url: str, path: str, headers: Mapping[str, str], connections: int, count: int) -> None:
    """Probe over so many connections at once, and print every duration in seconds."""
    took: list[float] = []
    place, run = urlsplit(url).netloc, f"{time.time_ns():x}"
    threads = [
        threading.Thread(target=_probe, args=(place, path, headers, f"{run}-{one}", count // connections, took))
        for one in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
