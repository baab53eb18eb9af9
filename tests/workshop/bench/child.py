"""`python -m tests.workshop.bench.child FOLDER SHAPE FIRST BEGIN MOMENT CONNECTION`: a local host to be killed.

Its state is in a file in the folder, or in the storage account of the connection string. It says what happens on its
standard output, a word and a time of the monotonic clock a line, and ends with whoever started it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from shared import bootstrap
from shared.adapters.azure_storage import AzureStorage
from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import Database
from shared.codec.envelope import encode_event
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.values.names import ServiceKey
from shared.ports.people import Question
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.story import Decisions, Doors, logging_to, on_end, release_begins
from tests.workshop.bench.world import hosted, lasting

_SAYING = threading.Lock()


def say(word: str, about: str = "") -> None:
    """Say it at once; whoever reads knows the clock."""
    with _SAYING:
        print(word, time.monotonic(), about, flush=True)


def main(folder: Path, shape: Shape, first: int, begin: int, moment: float, connection: str) -> None:
    """Serve; begin so many releases, from the first service on, and answer every question with yes."""
    say("imported")
    parent = os.getppid()
    moved, begun = set[str](), set[str]()

    def decided(line: Mapping[str, str]) -> None:
        """Say when the first decision that moved a service is in the ledger, and when so many releases have begun."""
        service = line["service"]
        if line["outcome"] == "moved" and service not in moved:
            moved.add(service)
            say("moved", ServiceKey.parse(service).service)
        if line["outcome"] == "moved" and line["type"] == "change-found":
            begun.add(service)
            if len(begun) == begin:
                say("begun")

    def asked(question: Question) -> None:
        Doors(bootstrap.app()).approve(question)

    outside = shape.outside()
    lasting(outside, folder / "outside", moment)
    outside.statuses.said, outside.people.listens = on_end(lambda service: say("ended", service)), asked
    if begin:
        # They are in the doors' queue before the host begins: all releases go on side by side.
        with closing(_database(folder, connection)) as database:
            for index in range(first, first + begin):
                event = release_begins(shape.key(index))
                body = encode_event(event, correlation=event.id, at=bootstrap.utc_now())
                database.queues.send(EVENTS_QUEUE, body)
    with logging_to(Decisions(decided)), hosted(folder, outside, _database(folder, connection)) as host:
        say("listens", f"{host.url} {host.manager.key}")
        while os.getppid() == parent:
            time.sleep(1)


def _database(folder: Path, connection: str) -> Database:
    if connection:
        return AzureStorage.of_connection(connection, bootstrap.utc_now)
    return SqliteDatabase(folder / "slipway.db", bootstrap.utc_now)


if __name__ == "__main__":
    where, numbers, first, begin, moment, connection = sys.argv[1:]
    main(Path(where), Shape(*map(int, numbers.split(","))), int(first), int(begin), float(moment), connection)
