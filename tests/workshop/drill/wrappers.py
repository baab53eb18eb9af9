"""Puts wrappers around ports, messages and functions, so that a fuse sees what passes. They change nothing else."""

from __future__ import annotations

import functools
import itertools
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import azure.functions as func

from shared.adapters.sqlite.queues import SqliteQueues
from shared.app.access import EnvironmentAccess
from shared.app.parts import App
from shared.ports.queues import QueueReceiver, Received
from shared.ports.store import Loaded, Write
from tests.support.mortal import Watched
from tests.support.wiring import around_ports
from tests.workshop.drill.boundaries import INSPECT, PUSH_CHART, PUSH_IMAGE, Place, Work, request_of, work_of
from tests.workshop.drill.fuse import HostFuse


@dataclass(frozen=True, slots=True)
class _Step:
    """What a call of a port is on the way of a piece of work; `only` for these kinds, empty for all.

    `part` names a piece of that work that has boundaries of its own.
    """

    before: Place | None
    after: Place
    only: frozenset[str] = frozenset()
    part: str = ""


def _act(*kinds: str, part: str = "") -> _Step:
    return _Step(Place.BEFORE_ACT, Place.AFTER_ACT, frozenset(kinds), part)


_COMMIT = _Step(Place.BEFORE_COMMIT, Place.AFTER_COMMIT)
_REPORT = _Step(Place.BEFORE_REPORT, Place.AFTER_REPORT)
_CALLS: Mapping[str, Mapping[str, _Step]] = {
    "store": {"transact": _COMMIT, "forget": _COMMIT},
    "queues": {
        "send": _Step(Place.BEFORE_SEND, Place.AFTER_SEND),
        "put_off": _Step(Place.BEFORE_SEND, Place.AFTER_SEND),
        # Before it lies the commit, with nothing in between.
        "send_outbox": _Step(None, Place.AFTER_SEND),
    },
    "rows": {"put": _act(INSPECT), "overwrite": _act(INSPECT), "delete": _act(INSPECT)},
    "people": {"ask": _act(), "close": _act()},
}
_REGISTRY: Mapping[str, _Step] = {
    "copy": _act(),
    "digest_of": _act("read-tags"),
    # Both tags are put by one effect: after the first lies the boundary between them.
    "tag": _act(),
    "push_image": _act(part=PUSH_IMAGE),
    "push_chart": _act(part=PUSH_CHART),
}
_ACTED_ON: Mapping[str, Mapping[str, _Step]] = {
    "statuses": {"set_status": _act()},
    "charts": {"render": _act("gather-facts")},
    "builder": {"build": _act(), "cancel": _act()},
    "applier": {"apply": _act(), "remove": _act()},
    "watcher": {"observe": _act()},
}


class _Between:
    """What of a call lies between two boundaries: all that the current work does there, if the step is on its way."""

    def __init__(self, fuse: HostFuse) -> None:
        self._fuse = fuse

    def __call__(self, step: _Step, arguments: Sequence[Any]) -> tuple[AbstractContextManager[object], Sequence[Any]]:
        work = self._fuse.work
        if work is None or (step.only and work.kind not in step.only):
            return nullcontext(), arguments
        told = _REPORT if step is _COMMIT and work.reports else step
        return self._fuse.within(Work(told.part, work.id) if told.part else work, told.before, told.after), [
            functools.partial(self._deciding, work, one) if callable(one) else one for one in arguments
        ]

    def _deciding(self, work: Work, fn: Callable[[Loaded], Write | None], loaded: Loaded) -> Write | None:
        """Have a function that decides say so: another thread may call it, in the transaction of several."""
        write = fn(loaded)
        if write is not None:
            self._fuse.decided(work)
        return write


def _watched(port: Any, steps: Mapping[str, _Step], fuse: HostFuse) -> Any:
    return Watched(port, steps, _Between(fuse))


class WatchedConnection:
    """The connection that writes, seen ending its transactions."""

    def __init__(self, connection: sqlite3.Connection, fuse: HostFuse) -> None:
        self._connection, self._fuse = connection, fuse

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """See sqlite3."""
        done = self._connection.execute(sql, values)
        if sql in ("COMMIT", "ROLLBACK"):
            self._fuse.ended(kept=sql == "COMMIT")
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def watched_registry(own: EnvironmentAccess, fuse: HostFuse) -> EnvironmentAccess:
    """Put a wrapper around the registry, which builds push to as well."""
    return replace(own, registry=_watched(own.registry, _REGISTRY, fuse))


def watched_app(app: App, fuse: HostFuse) -> App:
    """Put a wrapper around every port that changes something, apart from the registry."""
    ports: dict[str, Any] = {name: _watched(getattr(app, name), calls, fuse) for name, calls in _CALLS.items()}

    def watched(name: str, port: Any) -> Any:
        return _watched(port, _ACTED_ON[name], fuse) if name in _ACTED_ON else port

    return around_ports(replace(app, **ports), watched)


class _Receiver:
    """Acknowledges between two boundaries. Who has the message is known by its body.

    Spelt out, because a host looks at what its receiver can do.
    """

    def __init__(self, wrapped: SqliteQueues, fuse: HostFuse) -> None:
        self._fuse, self._wrapped = fuse, wrapped
        self.receive, self.release, self.poison, self.count, self.poison_queues = (
            wrapped.receive,
            wrapped.release,
            wrapped.poison,
            wrapped.count,
            wrapped.poison_queues,
        )

    def receive_any(self, queues: Mapping[str, int], *, visibility: timedelta) -> Received | None:
        """See PoolReceiver."""
        return self._wrapped.receive_any(queues, visibility=visibility)

    def on_need(self, more_hands: Callable[[], None]) -> None:
        """See PoolReceiver."""
        self._wrapped.on_need(more_hands)

    def delete(self, message: Received) -> None:
        """See QueueReceiver."""
        work = work_of(message.queue, message.body)
        self._fuse.cross(Place.BEFORE_ACKNOWLEDGE, work)
        self._wrapped.delete(message)
        self._fuse.cross(Place.AFTER_ACKNOWLEDGE, work)


def watched_receiver(receiver: SqliteQueues, fuse: HostFuse) -> QueueReceiver:
    """Put a wrapper around what receives."""
    return _Receiver(receiver, fuse)


class _Functions:
    """A FunctionApp whose functions say what they work on."""

    def __init__(self, wrapped: Any, fuse: HostFuse) -> None:
        self._wrapped, self._fuse = wrapped, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    functions_bindings: Any = None

    def get_functions(self) -> list[Any]:
        """See FunctionApp."""
        self._wrapped.functions_bindings = None
        return [_Function(one, self._fuse) for one in self._wrapped.get_functions()]


class _Function(_Functions):
    """One function: what it is called with says what is worked on."""

    def get_user_function(self) -> Callable[..., object]:
        """See azure.functions' Function."""
        call, trigger = self._wrapped.get_user_function(), self._wrapped.get_trigger()
        numbers = itertools.count(1)

        @functools.wraps(call)
        def run(**arguments: Any) -> object:
            [brought] = arguments.values()
            work = None
            if isinstance(brought, func.HttpRequest):
                headers = {name.lower(): value for name, value in brought.headers.items()}
                work = request_of(brought.method, brought.url, next(numbers), headers)
            elif isinstance(brought, func.QueueMessage):
                work = work_of(trigger.queue_name, brought.get_body().decode())
            with self._fuse.doing(work):
                self._fuse.cross(Place.RECEIVED)
                answer = call(**arguments)
                if isinstance(brought, func.HttpRequest):
                    self._fuse.cross(Place.BEFORE_ACKNOWLEDGE)
                return answer

        return run


def watched_functions(functions: func.FunctionApp, fuse: HostFuse) -> func.FunctionApp:
    """Put a wrapper around every function."""
    return cast(func.FunctionApp, _Functions(functions, fuse))
