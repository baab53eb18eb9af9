"""Releases that wait for an answer which somebody else gives, and when decisions were made."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import SimpleQueue

from shared.domain.events import ChangeFound
from shared.domain.names import ServiceKey
from shared.ports.people import Question
from tests.workshop.bench.driver import Doors
from tests.workshop.bench.source import AUTHOR
from tests.workshop.bench.wiring import Quiet

VERSION = "1.0.1"
_PATIENCE = 120.0


def release_begins(key: ServiceKey) -> ChangeFound:
    """The event by which a service's release begins."""
    commit = hashlib.sha1(f"{key.service} {VERSION}".encode()).hexdigest()
    ref = f"refs/heads/release/{key.service}/v{VERSION}"
    return ChangeFound(id=commit, service=key, ref=ref, commit=commit, number=1, pushed_by=AUTHOR)


def begin(doors: Doors, key: ServiceKey) -> None:
    """Begin a service's release."""
    event = release_begins(key)
    doors.begin(key.service, event.ref, event.commit)


def begin_and_wait(outside: Quiet, doors: Doors, keys: Sequence[ServiceKey]) -> Mapping[ServiceKey, Question]:
    """Begin a release of each service, and return the questions when all of them wait."""
    asked: SimpleQueue[Question] = SimpleQueue()
    outside.people.asked = asked.put
    outside.statuses.said = lambda commit, status: None
    for key in keys:
        begin(doors, key)
    found: dict[ServiceKey, Question] = {}
    while len(found) < len(keys):
        question = asked.get(timeout=_PATIENCE)
        found[question.service] = question
    return found


class Decisions(logging.Handler):
    """When each service was first decided about, by the log that the product writes."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[str, float] = {}
        self._more = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line of the log."""
        fields = json.loads(record.getMessage())
        if fields["event"] == "event.handled":
            with self._more:
                self._first.setdefault(fields["service"], time.perf_counter())
                self._more.notify_all()

    def first(self, service: str) -> float:
        """When the first decision about a service was made, waiting for it."""
        with self._more:
            if not self._more.wait_for(lambda: service in self._first, _PATIENCE):
                raise RuntimeError(f"nothing was decided about {service} for {_PATIENCE:.0f} s")
            return self._first[service]


@contextmanager
def decisions() -> Iterator[Decisions]:
    """Watch the log at INFO."""
    log, watching = logging.getLogger("slipway"), Decisions()
    level, log.propagate = log.level, False
    log.addHandler(watching)
    log.setLevel(logging.INFO)
    try:
        yield watching
    finally:
        log.removeHandler(watching)
        log.setLevel(level)
        log.propagate = True
