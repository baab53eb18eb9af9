"""Releases by the dozen: each service brings out one version after another, people say yes at once, and the end is seen."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import SimpleQueue

from shared.app.parts import App
from shared.app.people.authorship import with_authorship
from shared.bootstrap import utc_now
from shared.codec.envelope import encode_event
from shared.domain.messages.events import ApprovalAnswered, ChangeFound, ServiceEvent
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.values.names import ServiceKey
from shared.ports.people import Question
from shared.ports.queues import Queues
from tests.support.host import wait_until
from tests.support.outside import ADA, RITA
from tests.workshop.bench.callers import PATIENCE, Callers, signed_in
from tests.workshop.bench.outside import REPOSITORY, Quiet, release_begins
from tests.workshop.bench.world import SECRET, Hosted


def approval(question: Question, key: str) -> tuple[str, object, Mapping[str, str]]:
    """How the API is told yes: path, body and headers."""
    path = f"/api/services/{question.service.service}/approvals/{question.request}"
    return path, {"decision": "approve"}, {"Idempotency-Key": question.request[:32], **signed_in(key)}


def push(id_: str, ref: str, commit: str) -> tuple[str, object, Mapping[str, str]]:
    """How a repository's hook tells of a new branch: path, body and headers."""
    pusher, refs = {"name": ADA.name, "mail": ADA.mails[0]}, [{"ref": ref, "before": "0" * 40, "after": commit}]
    body = {"id": id_, "repository": REPOSITORY, "refs": refs, "pusher": pusher}
    return "/api/hooks/git", body, {"X-Slipway-Secret": SECRET}


def yes(id_: str, service: ServiceKey, request: str) -> ApprovalAnswered:
    """The event by which a question is answered."""
    return ApprovalAnswered(id=id_, service=service, request=request, person=RITA, groups=(), approve=True)


def send(queues: Queues, event: ServiceEvent, correlation: str = "") -> None:
    """Leave an event in the doors' queue, as a door does."""
    queues.send(EVENTS_QUEUE, encode_event(event, correlation=correlation or event.id, at=utc_now()))


class Doors:
    """How a release begins, and how a person answers: events straight into the doors' queue, as a door leaves them there."""

    def __init__(self, app: App) -> None:
        self._app = app

    def begin(self, event: ChangeFound) -> None:
        """Push a release branch."""
        send(self._app.queues, event, self._app.new_id())

    def approve(self, question: Question) -> None:
        """Say yes."""
        answer = yes(f"api:{question.request[:40]}", question.service, question.request)
        send(self._app.queues, with_authorship(self._app, answer))

    def close(self) -> None:
        """Let what was asked for end."""


class HttpDoors(Doors):
    """Requests to the host's doors, made by another process over connections that are kept."""

    def __init__(self, host: Hosted, outside: Quiet, connections: int) -> None:
        super().__init__(host.app)
        self._refs, self._key = outside.source.refs(REPOSITORY), host.key
        self._callers = Callers(host.url, connections)

    def begin(self, event: ChangeFound) -> None:
        """See Doors."""
        self._refs[event.ref] = event.commit
        self._callers.post(*push(event.commit, event.ref, event.commit))

    def approve(self, question: Question) -> None:
        """See Doors."""
        self._callers.post(*approval(question, self._key))

    def close(self) -> None:
        """See Doors; raise RuntimeError where an answer was not a good one."""
        self._callers.took()


class Story:
    """So many versions of each service, one service's after another, all services at a time."""

    def __init__(self, outside: Quiet, doors: Doors, keys: Sequence[ServiceKey], series: str = "1.0") -> None:
        self._doors, self._series, self._versions = doors, series, {key.service: 0 for key in keys}
        self._begun: dict[str, float] = {}
        self._ended: SimpleQueue[tuple[str, float]] = SimpleQueue()
        outside.people.listens = doors.approve
        outside.released = self._end

    def tell(self, versions: int) -> Sequence[float]:
        """Release so many more versions of each service, and return how many seconds each took; raise RuntimeError where one does not end."""
        left, each = dict.fromkeys(self._versions, versions), list[float]()
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
        return each

    def _begin(self, service: str) -> None:
        self._versions[service] += 1
        self._begun[service] = time.perf_counter()
        self._doors.begin(release_begins(ServiceKey(REPOSITORY, service), self._version(service)))

    def _version(self, service: str) -> str:
        return f"{self._series}.{self._versions[service]}"

    def _end(self, service: str, version: str) -> None:
        if version == self._version(service):
            self._ended.put((service, time.perf_counter() - self._begun[service]))


def begin_and_wait(outside: Quiet, doors: Doors, keys: Sequence[ServiceKey]) -> Mapping[ServiceKey, Question]:
    """Begin a release of each service, and return the questions when all of them wait."""
    outside.people.listens, outside.released = lambda question: None, lambda service, version: None
    for key in keys:
        doors.begin(release_begins(key))
    wait_until(lambda: {question.service for question in outside.people.open} >= set(keys), patience=PATIENCE)
    return {question.service: question for question in outside.people.open}


@contextmanager
def log_goes_to(heard: Callable[[str], object]) -> Iterator[None]:
    """Hand the application's lines of the real log, at INFO, to somebody and to nobody else."""
    log = logging.getLogger("slipway")
    level = log.level

    def to_nobody_else(record: logging.LogRecord) -> bool:
        heard(record.getMessage())
        return False

    log.addFilter(to_nobody_else)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeFilter(to_nobody_else)
        log.setLevel(level)


def decisions(decided: Callable[[Mapping[str, str]], None]) -> Callable[[str], None]:
    """Call with what each line about a decision says."""

    def heard(line: str) -> None:
        if line.startswith('{"event": "event.handled"'):
            decided(json.loads(line))

    return heard
