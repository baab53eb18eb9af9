"""A host that one of its messages kills; run as a program: `<folder> <how many hosts were there before>`.

It ends well once every message is dealt with. `done` in the folder has a line for each that was, `poison` one for each
that was poisoned: its body, and why.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import azure.functions as func

from infra.local.host import LocalHost, LocalPeople
from shared.adapters.sqlite import SqliteDatabase
from tests.support.host import KEY, wait_until, write_host_json
from tests.support.mortal import MortalProcess
from tests.support.stores import MINUTE

QUEUE, POISON = "slipway-events", "slipway-events-poison"
KILL, INNOCENT = "kill", ("one", "two", "three")
# At so many deaths the innocent ones are in hand too.
TOGETHER = 2


def run_host(folder: Path, before: int) -> int:
    """Run the program to its end and return its exit code."""
    command = [sys.executable, "-m", "tests.support.deadly_host", str(folder), str(before)]
    with MortalProcess(folder / "host.log", lambda _: command) as host:
        return host.process.wait(timeout=120)


def read_lines(file: Path) -> list[str]:
    """What was written to a file of the folder."""
    return file.read_text().splitlines() if file.exists() else []


class Deadly:
    """The function that is killed."""

    def __init__(self, folder: Path, before: int) -> None:
        self.app = func.FunctionApp()
        begun, never = threading.Semaphore(0), threading.Event()

        @self.app.queue_trigger(arg_name="msg", queue_name=QUEUE, connection="Storage")
        def work(msg: func.QueueMessage) -> None:
            body = msg.get_body().decode()
            if body == KILL:
                for _ in INNOCENT if before < TOGETHER else ():
                    begun.acquire()
                _die(before)
            begun.release()
            if before < TOGETHER:
                never.wait()
            _write(folder / "done", body)


def _die(before: int) -> None:
    if before % 2:
        os._exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


def _write(file: Path, line: str) -> None:
    with file.open("a") as opened:
        opened.write(f"{line}\n")


def _main(folder: Path, before: int) -> None:
    database = SqliteDatabase(folder / "slipway.db", lambda: datetime.now(UTC))
    database.recover()
    if not before:
        for body in (KILL, *INNOCENT):
            database.queues.send(QUEUE, body)
    host = LocalHost(
        Deadly(folder, before).app,
        receiver=database.queues,
        people=LocalPeople([]),
        host_json=write_host_json(folder),
        clock=lambda: datetime.now(UTC),
        settings={},
        key=KEY,
        in_hand=folder / "in-hand",
    )
    with host:
        wait_until(lambda: not database.queues.count(QUEUE))
        for message in database.queues.receive(POISON, most=9, visibility=MINUTE, wait=0 * MINUTE):
            _write(folder / "poison", f"{message.body}: {message.reason}")
    database.close()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
