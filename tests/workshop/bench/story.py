"""Releases by the dozen: each service brings out one version after another, people say yes at once, and the end is seen."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue

from shared.app.parts import App
from shared.app.people.authorship import with_authorship
from shared.app.take_message import take_message
from shared.codec.envelope import encode_event
from shared.domain.messages.events import ApprovalAnswered, ChangeFound, ServiceEvent
from shared.domain.messages.queues import EVENTS_QUEUE, QUEUES
from shared.domain.values.names import ServiceKey
from shared.ports.people import Question
from shared.ports.queues import PoolReceiver
from shared.ports.statuses import CommitStatus
from tests.support.outside import ADA, RITA
from tests.workshop.bench import callers
from tests.workshop.bench.world import REPOSITORY, Hosted, Quiet

VERSION = "1.0.1"
PATIENCE = 120.0
_LEASE = timedelta(minutes=30)
_AT_ONCE, _THREADS = 24, 20


def release_begins(key: ServiceKey, version: str = VERSION) -> ChangeFound:
    """The event by which a service's release begins."""
    commit = hashlib.sha1(f"{key.service} {version}".encode()).hexdigest()
    ref = f"refs/heads/release/{key.service}/v{version}"
    id_ = f"{key.repository}:{ref}:1:{key.service}"
    return ChangeFound(id=id_, service=key, ref=ref, commit=commit, number=1, pushed_by=ADA)


def approval(question: Question) -> tuple[str, dict[str, str], dict[str, str]]:
    """How the API is told yes: path, body and key."""
    path = f"/api/services/{question.service.service}/approvals/{question.request}"
    return path, {"decision": "approve"}, {"Idempotency-Key": question.request[:32]}


class Doors:
    """How a release begins, and how a person answers: events straight into the doors' queue, as a door leaves them there."""

    def __init__(self, app: App) -> None:
        self._app = app

    def begin(self, event: ChangeFound) -> None:
        """Push a release branch."""
        self._send(event, correlation=self._app.new_id())

    def approve(self, question: Question) -> None:
        """Say yes."""
        id_, of = f"api:{question.request[:40]}", question.service
        yes = ApprovalAnswered(id=id_, service=of, request=question.request, person=RITA, groups=(), approve=True)
        self._send(with_authorship(self._app, yes), correlation=id_)

    def _send(self, event: ServiceEvent, *, correlation: str) -> None:
        self._app.queues.send(EVENTS_QUEUE, encode_event(event, correlation=correlation, at=self._app.now()))


class HttpDoors(Doors):
    """Requests to the host's doors, made by another process over connections that are kept."""

    def __init__(self, host: Hosted, outside: Quiet, connections: int) -> None:
        super().__init__(host.app)
        self._refs, self._host, self._writing = outside.source.refs(REPOSITORY), host, threading.Lock()
        self._callers = callers.start(host.url, connections)

    def begin(self, event: ChangeFound) -> None:
        """See Doors."""
        self._refs[event.ref] = event.commit
        refs = [{"ref": event.ref, "before": "0" * 40, "after": event.commit}]
        body = {
            "id": event.commit,
            "repository": REPOSITORY,
            "refs": refs,
            "pusher": {"name": ADA.name, "mail": ADA.mails[0]},
        }
        self._call("/api/hooks/git", {"X-Slipway-Secret": self._host.secret}, body)

    def approve(self, question: Question) -> None:
        """See Doors."""
        path, body, key = approval(question)
        self._call(path, {**callers.person(self._host.manager.key), **key}, body)

    def close(self) -> None:
        """Let what was asked for end; raise RuntimeError where an answer was not a good one."""
        self._callers.communicate(timeout=PATIENCE)
        if self._callers.returncode:
            raise RuntimeError("a request was refused; see above")

    def _call(self, path: str, headers: Mapping[str, str], body: object) -> None:
        assert self._callers.stdin is not None
        with self._writing:
            self._callers.stdin.write(callers.request(path, headers, body))
            self._callers.stdin.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a story took: from its first push to its last end, and each release by itself, in seconds."""

    seconds: float
    each: tuple[float, ...]


class Story:
    """So many versions of each service, one service's after another, all services at a time."""

    def __init__(self, outside: Quiet, doors: Doors, services: Sequence[str]) -> None:
        self._doors, self._versions = doors, dict.fromkeys(services, 0)
        self._begun: dict[str, float] = {}
        self._ended: SimpleQueue[tuple[str, float]] = SimpleQueue()
        outside.people.listens = doors.approve
        outside.statuses.said = on_end(self._end, lambda service: f"1.0.{self._versions[service]}")

    def tell(self, versions: int) -> Told:
        """Release so many more versions of each service; raise RuntimeError where one does not end."""
        left, each = dict.fromkeys(self._versions, versions), []
        began = time.perf_counter()
        for service in left:
            self._begin(service)
        while left:
            try:
                service, took = self._ended.get(timeout=PATIENCE)
            except Exception as error:
                raise RuntimeError(f"no release ended for {PATIENCE:.0f} s; left are {left}") from error
            each.append(took)
            left[service] -= 1
            if left[service]:
                self._begin(service)
            else:
                del left[service]
        return Told(seconds=time.perf_counter() - began, each=tuple(each))

    def _begin(self, service: str) -> None:
        self._versions[service] += 1
        self._begun[service] = time.perf_counter()
        self._doors.begin(release_begins(ServiceKey(REPOSITORY, service), f"1.0.{self._versions[service]}"))

    def _end(self, service: str) -> None:
        self._ended.put((service, time.perf_counter() - self._begun[service]))


def on_end(
    ended: Callable[[str], None], version: Callable[[str], str] = lambda service: VERSION
) -> Callable[[str, CommitStatus], None]:
    """Call with each service whose release of that version ended well; one that was released is not said to be so again."""

    def said(_commit: str, status: CommitStatus) -> None:
        service = status.context.split("/")[1]
        if status.description == f"v{version(service)} is Released":
            ended(service)

    return said


def begin_and_wait(outside: Quiet, doors: Doors, keys: Sequence[ServiceKey]) -> Mapping[ServiceKey, Question]:
    """Begin a release of each service, and return the questions when all of them wait."""
    asked: SimpleQueue[Question] = SimpleQueue()
    outside.people.listens = asked.put
    outside.statuses.said = lambda commit, status: None
    for key in keys:
        doors.begin(release_begins(key))
    found: dict[ServiceKey, Question] = {}
    while len(found) < len(keys):
        question = asked.get(timeout=PATIENCE)
        found[question.service] = question
    return found


class BareEngine:
    """Takes messages as the local host does, without functions around the use cases."""

    def __init__(self, app: App, receiver: PoolReceiver) -> None:
        self._app, self._receiver, self._stopping = app, receiver, False
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def settle(self) -> None:
        """Wait until every message is dealt with."""
        while any(self._receiver.count(queue) for queue in QUEUES):
            time.sleep(0.005)

    def stop(self) -> None:
        """Let every thread end what it has."""
        self._stopping = True
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        at_once = dict.fromkeys(QUEUES, _AT_ONCE)
        while not self._stopping:
            message = self._receiver.receive_any(at_once, visibility=_LEASE)
            if message is not None:
                take_message(self._app, message.queue, message.body)
                self._receiver.delete(message)


@contextmanager
def logging_to(handler: logging.Handler) -> Iterator[None]:
    """The real log, at INFO, into a handler and nowhere else."""
    log = logging.getLogger("slipway")
    level, log.propagate = log.level, False
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = True
        handler.close()


class Decisions(logging.Handler):
    """Calls with what each line about a decision says."""

    def __init__(self, decided: Callable[[Mapping[str, str]], None]) -> None:
        super().__init__()
        self._decided = decided

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line of the log."""
        text = record.getMessage()
        if text.startswith('{"event": "event.handled"'):
            self._decided(json.loads(text))
