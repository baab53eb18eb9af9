"""`python -m tests.workshop.bench.caller URL CONNECTIONS`: posts what stands on its standard input, a JSON object a line."""

from __future__ import annotations

import http.client
import json
import sys
import threading
from queue import SimpleQueue
from urllib.parse import urlsplit

_GOOD = (200, 202)


def _post(place: str, requests: SimpleQueue[str | None], bad: list[str]) -> None:
    connection = http.client.HTTPConnection(place, timeout=60)
    while (line := requests.get()) is not None:
        asked = json.loads(line)
        connection.request("POST", asked["path"], asked["body"].encode(), asked["headers"])
        answer = connection.getresponse()
        content = answer.read()
        if answer.status not in _GOOD:
            bad.append(f"{asked['path']}: {answer.status} {content[:300]!r}")
    connection.close()


def main(url: str, connections: int) -> int:
    """Post everything; 1 where an answer was not a good one."""
    requests: SimpleQueue[str | None] = SimpleQueue()
    bad: list[str] = []
    place = urlsplit(url).netloc
    threads = [threading.Thread(target=_post, args=(place, requests, bad)) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for line in sys.stdin:
        requests.put(line)
    for _ in threads:
        requests.put(None)
    for thread in threads:
        thread.join()
    for one in bad:
        print(one, file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
