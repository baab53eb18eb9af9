"""`python -m tests.workshop.bench.child FOLDER SHAPE FIRST BEGIN MOMENT [CONNECTION]`: a local host to be killed.

Its state is in a file in the folder, or in the storage account of the connection string.

It says what happens on its standard output, a word and a time of the monotonic clock a line, and ends with its input.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from shared import bootstrap
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import Database
from shared.codec.envelope import encode_event
from shared.codec.primitives import parse_service
from shared.domain.names import ServiceKey
from shared.domain.queues import EVENTS_QUEUE
from shared.ports.people import Question
from shared.ports.statuses import CommitStatus
from tests.workshop.bench.driver import QueueDoors
from tests.workshop.bench.kept import kept_outside
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.waiting import VERSION, release_begins
from tests.workshop.bench.wiring import hosted

_SAYING = threading.Lock()


def say(word: str, about: str = "") -> None:
    """Say it at once; whoever reads knows the clock."""
    with _SAYING:
        print(word, time.monotonic(), about, flush=True)


class _Moves(logging.Handler):
    """Says when the first decision that moved a service is in the ledger, and when so many releases have begun."""

    def __init__(self, begin: int) -> None:
        super().__init__()
        self._moved: set[str] = set()
        self._left = begin

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if not text.startswith('{"event": "event.handled"') or '"outcome": "moved"' not in text:
            return
        service = str(json.loads(text)["service"])
        if service not in self._moved:
            self._moved.add(service)
            say("moved", parse_service(service).service)
        if '"type": "change-found"' in text:
            self._left -= 1
            if not self._left:
                say("begun")


def main(folder: Path, shape: Shape, first: int, begin: int, moment: float, connection: str = "") -> None:
    """Serve; begin so many releases, from the first service on, and answer every question with yes."""
    say("imported")
    log = logging.getLogger("slipway")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(_Moves(begin))
    outside = kept_outside(shape, folder, moment)

    def said(commit: str, status: CommitStatus) -> None:
        if status.description == f"v{VERSION} is Released":
            say("ended", status.context.split("/")[1])

    def asked(question: Question) -> None:
        say("asked", question.service.service)
        QueueDoors(bootstrap.app()).approve(question)

    outside.statuses.said, outside.people.asked = said, asked
    if begin:
        _push(_database(folder, connection), [shape.key(index) for index in range(first, first + begin)])
    with hosted(folder, outside, _database(folder, connection)) as host:
        say("listens", f"{host.url} {host.manager.key}")
        sys.stdin.read()


def _database(folder: Path, connection: str) -> Database:
    if connection:
        return AzureStorage.of_connection(connection, bootstrap.utc_now)
    return SqliteDatabase(folder / "slipway.db", bootstrap.utc_now)


def _push(opened: Database, keys: Sequence[ServiceKey]) -> None:
    """Leave the pushes in the doors' queue before the host begins: all releases go on side by side."""
    with closing(opened) as database:
        for key in keys:
            event = release_begins(key)
            text = encode_event(event, correlation=event.id, at=bootstrap.utc_now())
            database.queues.send(EVENTS_QUEUE, text)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Shape(*map(int, sys.argv[2].split(","))),
        int(sys.argv[3]),
        int(sys.argv[4]),
        float(sys.argv[5]),
        *sys.argv[6:],
    )
