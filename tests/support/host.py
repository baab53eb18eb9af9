"""A local host for tests: a host.json of its own, queues in memory, and a client that speaks plain HTTP."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.functions as func

from infra.local.host import LocalHost, LocalPeople, LocalPerson
from shared.adapters.storage.message_leases import running_time
from shared.ports.queues import QueueReceiver
from tests.contracts.memory.queues import MemoryQueues
from tests.contracts.memory.table import Table

KEY = "key-of-the-host"
# Far more than anything takes: it ends only what would never come, and a busy machine is no fault.
_PATIENCE = 60.0


class Clock:
    """The wall clock until it is moved, or set: then it shows another time while none has passed."""

    def __init__(self) -> None:
        self._ahead = self._passed = timedelta(0)

    def __call__(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self._ahead

    def advance(self, **by: float) -> None:
        """Let time pass."""
        self._ahead += timedelta(**by)
        self._passed += timedelta(**by)

    def set(self, **by: float) -> None:
        """Put the hands forward or back."""
        self._ahead += timedelta(**by)

    def elapsed(self) -> timedelta:
        """How much time has passed, whatever the hands show."""
        return running_time() + self._passed


def wait_until(
    condition: Callable[[], object], *, clock: Clock | None = None, step: float = 0, patience: float = _PATIENCE
) -> None:
    """Wait for a condition while the clock moves by so many seconds each time; fail where it does not come."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, "the condition did not come"
        if clock is not None:
            clock.advance(seconds=step)
        threading.Event().wait(0.005)


def write_host_json(folder: Path, *, prefix: str = "", **queues: object) -> Path:
    """Write a host.json like the product's, with other options for queues where asked for."""
    options = {"messageEncoding": "none", "batchSize": 4, "newBatchThreshold": 2, **queues}
    file = folder / "host.json"
    content = {"version": "2.0", "extensions": {"http": {"routePrefix": prefix}, "queues": options}}
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the host answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body as JSON."""
        return json.loads(self.body)


@dataclass(kw_only=True)
class Running:
    """A started host and what it works with."""

    host: LocalHost
    queues: MemoryQueues
    clock: Clock = field(default_factory=Clock)

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection."""
        return http.client.HTTPConnection(self.host.url.removeprefix("http://"), timeout=_PATIENCE)

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        raw: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """Send one request, `raw` headers in addition and unchecked, and read the answer."""
        with contextlib.closing(self.connect()) as connection:
            named = dict(headers or {})
            connection.putrequest(method, path, skip_host="Host" in named)
            for name, value in (*named.items(), *raw):
                connection.putheader(name, value)
            if "Content-Length" not in named and body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            return read_answer(connection)


def port_of(host: Running) -> str:
    """The port that a host listens on."""
    return host.host.url.rpartition(":")[2]


def signed_in(host: Running, person: LocalPerson) -> str:
    """Sign somebody in as the page does, and return the cookie of the session."""
    headers = {"Origin": host.host.url, "Content-Type": "application/x-www-form-urlencoded"}
    answer = host.call("POST", "/local/sign-in", body=f"key={person.key}".encode(), headers=headers)
    return answer.headers["Set-Cookie"].partition(";")[0]


def read_answer(connection: http.client.HTTPConnection) -> Answer:
    """Read the answer to the request just sent."""
    response = connection.getresponse()
    return Answer(status=response.status, headers=dict(response.getheaders()), body=response.read())


def new_queues(clock: Clock) -> MemoryQueues:
    """Make empty queues."""
    return MemoryQueues(Table(), elapsed=clock.elapsed)


@contextlib.contextmanager
def running(
    app: func.FunctionApp,
    folder: Path,
    *,
    people: Iterable[LocalPerson] = (),
    queues: Mapping[str, object] | None = None,
    messages: MemoryQueues | None = None,
    receiver: QueueReceiver | None = None,
    prefix: str = "",
    settings: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Running]:
    """Run a host with these functions until the block ends; `queues` are options for host.json."""
    clock = Clock()
    messages = messages or new_queues(clock)
    host = LocalHost(
        app,
        receiver=receiver or messages,
        people=LocalPeople(people),
        host_json=write_host_json(folder, prefix=prefix, **(queues or {})),
        clock=clock,
        settings=settings or {},
        key=KEY,
        **options,
    )
    with host:
        yield Running(host=host, queues=messages, clock=clock)
