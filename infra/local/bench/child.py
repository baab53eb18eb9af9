"""`python -m infra.local.bench.child FOLDER SHAPE BEGIN MOMENT`: a local host to be killed.

It says what happens on its standard output, a word and a time of the monotonic clock a line, and ends with its input.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import threading
import time
from pathlib import Path

from infra.local.bench.driver import QueueDoors
from infra.local.bench.kept import kept_outside
from infra.local.bench.shape import Shape
from infra.local.bench.wiring import hosted
from shared import bootstrap
from shared.ports.people import Question
from shared.ports.statuses import CommitStatus

VERSION = "1.0.1"
_SAYING = threading.Lock()


def say(word: str, about: str = "") -> None:
    """Say it at once; whoever reads knows the clock."""
    with _SAYING:
        print(word, time.monotonic(), about, flush=True)


class _FirstMove(logging.Handler):
    """Says when the first decision that moved something is in the ledger."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text.startswith("event.handled") and '"outcome": "moved"' in text:
            logging.getLogger("slipway").removeHandler(self)
            say("moved")


def main(folder: Path, shape: Shape, begin: int, moment: float) -> None:
    """Serve; begin so many releases, answer every question with yes."""
    say("imported")
    log = logging.getLogger("slipway")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(_FirstMove())
    outside = kept_outside(shape, folder, moment)

    def said(commit: str, status: CommitStatus) -> None:
        if status.description == f"v{VERSION} is Released":
            say("ended", status.context.split("/")[1])

    def asked(question: Question) -> None:
        say("asked", question.service.service)
        QueueDoors(bootstrap.app()).approve(question)

    outside.statuses.said, outside.people.asked = said, asked
    with hosted(folder, outside) as host:
        say("listens", f"{host.url} {host.manager.key}")
        doors = QueueDoors(host.app)
        for index in range(begin):
            name = shape.key(index).service
            commit = hashlib.sha1(f"{name} {VERSION}".encode()).hexdigest()
            doors.begin(name, f"refs/heads/release/{name}/v{VERSION}", commit)
        say("begun")
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Shape(*map(int, sys.argv[2].split(","))), int(sys.argv[3]), float(sys.argv[4]))
