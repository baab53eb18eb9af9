"""The local host, put together."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType

import azure.functions as func

from infra.local.host.application import HostApplication
from infra.local.host.errors import HostRefused
from infra.local.host.functions import read_functions
from infra.local.host.host_json import read_host_json
from infra.local.host.in_hand import InHand
from infra.local.host.people import LocalPeople
from infra.local.host.queues import dispatchers
from infra.local.host.server import HostServer
from infra.local.host.timers import Timers
from infra.local.host.workers import Workers
from shared import signing_in
from shared.ports.queues import QueueReceiver

_MAX_BODY = 100 * 1024 * 1024
_SELDOM = (5000, 20, 50)  # objects, and collections of younger ones, until the collector looks for cycles


class LocalHost:
    """Runs a FunctionApp's functions by their triggers: http, queue, timer and eventGrid, on 127.0.0.1.

    `settings` are the names that %SETTING% in a binding may ask for, `key` is what functions of level function or admin and Event Grid
    ask for, `grace` how long a stop waits for what runs, `max_body` the largest request in bytes. `in_hand` is
    the file that says what was worked on when a host died; without it nobody knows. A host starts once.
    """

    def __init__(
        self,
        function_app: func.FunctionApp,
        *,
        receiver: QueueReceiver,
        people: LocalPeople,
        host_json: Path,
        clock: Callable[[], datetime],
        settings: Mapping[str, str],
        key: str,
        in_hand: Path | None = None,
        grace: timedelta = timedelta(seconds=10),
        max_body: int = _MAX_BODY,
    ) -> None:
        if not key:
            raise HostRefused(["the host's key is empty; anybody could call functions that ask for it"])
        self._app, self._receiver, self._people = function_app, receiver, people
        self._host_json, self._settings, self._key = host_json, settings, key
        self._in_hand_file = in_hand
        self._clock, self._grace, self._max_body = clock, grace, max_body
        self._server: HostServer | None = None

    def start(self, port: int = 0) -> LocalHost:
        """Check everything, then begin; port 0 takes a free one. Raise HostRefused, with nothing started."""
        if self._server is not None:
            raise RuntimeError("the local host was started before; make a new one")
        options = read_host_json(self._host_json)
        functions = read_functions(self._app, self._settings, options, self._clock())
        application = HostApplication(
            functions,
            prefix=options.route_prefix,
            people=self._people,
            key=self._key,
            max_body=self._max_body,
        )
        # As many threads as can ever be busy, so that a queue of long builds never keeps the others waiting.
        self._workers = Workers(len(functions.queues) * options.queues.concurrency + 2 * len(functions.timers))
        self._server = HostServer(application, port)
        self._timers = Timers(functions.timers, self._workers, self._clock)
        self._in_hand = InHand(self._in_hand_file, options.queues.max_dequeue_count)
        self._queues = dispatchers(functions.queues, self._receiver, options.queues, self._workers, self._in_hand)
        # The application takes callers' own words about themselves out: what it says of them may be believed.
        signing_in.trust(self)
        try:
            self._server.start()
            for queue in self._queues:
                queue.start()
            self._timers.start()
        except BaseException:
            signing_in.distrust(self)
            raise
        # What is there by now stays; of what comes, hardly anything is ever in a cycle.
        gc.freeze()
        gc.set_threshold(*_SELDOM)
        return self

    @property
    def url(self) -> str:
        """Where the host listens, without a slash at the end."""
        if self._server is None:
            raise RuntimeError("the local host is not started")
        return f"http://127.0.0.1:{self._server.port}"

    def run_now(self, name: str) -> None:
        """Run a timer's function now and wait for it; see Timers.run_now."""
        self._timers.run_now(name)

    def stop(self) -> None:
        """Take nothing more, let what runs end within the grace time, give back the leases of the rest."""
        if self._server is None:
            return
        deadline = time.monotonic() + self._grace.total_seconds()
        self._timers.ask_to_stop()
        for queue in self._queues:
            queue.ask_to_stop()
        try:
            self._server.stop(deadline)
        finally:
            signing_in.distrust(self)
        self._timers.finish(deadline)
        for queue in self._queues:
            queue.finish(deadline)
        self._in_hand.close()
        self._workers.stop()

    def __enter__(self) -> LocalHost:
        return self if self._server is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
