"""Crashes in process: the ports are wrapped so that the n-th boundary is never left, and what was durable goes on.

A boundary lies before and after every call that changes something: committing, sending, acting, acknowledging. A crash
at a read is the same as one after the change before it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.adapters.sqlite import SqliteDatabase
from shared.ports.store import StoreUnavailable
from tests.contracts.memory.store import MemoryStore
from tests.support.app_parts import Harness, make_app
from tests.support.databases import without_flushes
from tests.support.mortal import Boundaries, Watched
from tests.support.outside import Outside
from tests.support.wiring import around_ports

CHANGES: Mapping[str, frozenset[str]] = {
    "store": frozenset({"transact", "forget", "add_due", "remove_due"}),
    "rows": frozenset({"put", "overwrite", "delete"}),
    "evidence": frozenset({"put"}),
    "queues": frozenset({"send", "send_outbox"}),
    "people": frozenset({"ask", "close"}),
}
_ACTED_ON: Mapping[str, frozenset[str]] = {
    "statuses": frozenset({"set_status"}),
    "registry": frozenset({"copy", "tag"}),
    "builder": frozenset({"build", "cancel"}),
    "applier": frozenset({"apply", "remove"}),
    "watcher": frozenset({"observe"}),
}
_RECEIVER = frozenset({"delete"})
_STORAGE = frozenset({"store", "rows", "evidence", "queues"})


_LOOKED_AT_AGAIN = timedelta(minutes=6)  # what the tick failed at


class Crash(BaseException):
    """The process is gone; nobody may catch this."""


class Fuse(Boundaries[str]):
    """Counts boundaries and crashes at the named ones; without any it only counts."""

    def __init__(self, *at: int) -> None:
        self.at, self.count = frozenset(at), 0
        self.where: list[str] = []

    def cross(self, where: str) -> None:
        """Pass a boundary, or crash there."""
        self.count += 1
        if self.count in self.at:
            self.where.append(where)
            raise Crash(where)


class Outage(Fuse):
    """Counts boundaries too; at the named ones storage is out of reach, after it did what was asked or before.

    `spared` are those of the named ones where something else than storage was asked.
    """

    def __init__(self, *at: int) -> None:
        super().__init__(*at)
        self.spared: list[str] = []

    def cross(self, where: str) -> None:
        """Pass a boundary, or be told that nobody knows."""
        self.count += 1
        if self.count not in self.at:
            return
        if port_of(where) not in _STORAGE:
            self.spared.append(where)
            return
        self.where.append(where)
        raise StoreUnavailable(where)


def port_of(where: str) -> str:
    """The port that a boundary lies at."""
    return where.split()[1].partition(".")[0]


def with_fuse(harness: Harness, fuse: Fuse) -> Harness:
    """Wrap every port of an application, and its receiver."""
    app = harness.app
    ports: dict[str, Any] = {name: _watched(getattr(app, name), name, calls, fuse) for name, calls in CHANGES.items()}

    def watched(name: str, port: Any) -> Any:
        return _watched(port, name, _ACTED_ON.get(name, ()), fuse)

    harness.app = around_ports(replace(app, **ports), watched)
    harness.receiver = _Receiver(_watched(harness.receiver, "receiver", _RECEIVER, fuse), fuse)
    return harness


def _watched(port: Any, name: str, calls: Iterable[str], fuse: Fuse) -> Any:
    def between(call: str, given: Sequence[Any]) -> tuple[AbstractContextManager[object], Sequence[Any]]:
        return fuse.around(f"before {call}", f"after {call}"), given

    return Watched(port, {call: f"{name}.{call}" for call in calls}, between)


class _Receiver:
    """What receives: a boundary lies behind every message that was got."""

    def __init__(self, receiver: Any, fuse: Fuse) -> None:
        self._receiver, self._fuse = receiver, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._receiver, name)

    def receive(self, *args: Any, **kwargs: Any) -> Any:
        """See QueueReceiver."""
        found = self._receiver.receive(*args, **kwargs)
        if found:
            self._fuse.cross("after receiver.receive")
        return found


@dataclass(frozen=True)
class Step:
    """One thing that comes from outside: `happens` there in any case, `told` is what Slipway is asked.

    A person asks again where no answer came (`repeated`).
    """

    happens: Callable[[Outside], object] = lambda outside: None
    told: Callable[[Harness], object] = lambda harness: None
    repeated: bool = False


class MortalSlipway:
    """An application that dies at a boundary, and is started again over what it had written down."""

    def __init__(self, store: str, folder: Path, *crash_at: int) -> None:
        self._store, self._folder, self._files = store, folder, itertools.count(1)
        self.outside = Outside()
        self.fuse = Fuse(*crash_at)
        # A build has boundaries of its own: between its two pushes, and before them.
        self.outside.troubles.watched["registry.push"] = lambda: self.fuse.cross("before registry.push")
        self.harness = with_fuse(make_app(store, folder, self.outside), self.fuse)

    def live(self, steps: list[Step]) -> Harness:
        """Start, go through the story, and come to rest after each step, whatever happens."""
        self._survive(Harness.start)
        for step in steps:
            step.happens(self.outside)
            self._survive(step.told, again=step.repeated)
            self._rest()
        return self.harness

    def close(self) -> None:
        """Stop for good."""
        self.harness.database.close()

    def _rest(self) -> None:
        self._survive(Harness.pump)
        self._survive(Harness.tick)

    def _survive(self, act: Callable[[Harness], object], *, again: bool = True) -> None:
        """Do something, in the next life if need be; whoever does not ask again leaves it at a start."""
        while True:
            try:
                act(self.harness)
                return
            except Crash:
                self._start_again()
                if not again:
                    act = Harness.start

    def _start_again(self) -> None:
        died = self.harness
        database: Any = died.database
        if isinstance(database, SqliteDatabase):
            # What is on disk at this moment, seen by a new process: no lock of the old one is held there.
            path = self._folder / f"after-crash-{next(self._files)}.db"
            database.backup(path)
            database.close()
            database = without_flushes(SqliteDatabase(path, self.outside.clock, elapsed=self.outside.clock.elapsed))
        else:
            assert isinstance(database, MemoryStore)
        self.harness = with_fuse(make_app(self._store, self._folder, self.outside, database=database), self.fuse)


class UnluckySlipway(MortalSlipway):
    """An application that lives on while storage is out of reach; whoever gets no answer asks again, and minutes pass."""

    def __init__(self, store: str, folder: Path, *out_at: int) -> None:
        super().__init__(store, folder)
        self.fuse: Outage = Outage(*out_at)
        self.harness = with_fuse(make_app(store, folder, self.outside), self.fuse)

    def _rest(self) -> None:
        super()._rest()
        self._survive(lambda harness: harness.tick(_LOOKED_AT_AGAIN))

    def _survive(self, act: Callable[[Harness], object], *, again: bool = True) -> None:
        while True:
            try:
                act(self.harness)
                return
            except StoreUnavailable:
                continue
