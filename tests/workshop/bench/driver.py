"""Releases by the dozen: each service brings out one version after another, people say yes at once, and the end is seen."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

from shared.app.authorship import with_authorship
from shared.app.parts import App
from shared.codec.envelope import encode_event
from shared.domain.events import ApprovalAnswered, ChangeFound, ServiceEvent
from shared.domain.names import ServiceKey
from shared.domain.queues import EVENTS_QUEUE
from shared.ports.people import Question
from shared.ports.statuses import CommitStatus
from tests.workshop.bench.source import AUTHOR
from tests.workshop.bench.wiring import REPOSITORY, Quiet
from tests.workshop.bench.world import MANAGER

_PATIENCE = 120.0


class Doors(Protocol):
    """How a release begins, and how a person answers."""

    def begin(self, service: str, ref: str, commit: str) -> None:
        """Push a release branch."""
        ...

    def approve(self, question: Question) -> None:
        """Say yes."""
        ...


class QueueDoors:
    """Events straight into the doors' queue, as a door leaves them there."""

    def __init__(self, app: App) -> None:
        self._app = app

    def begin(self, service: str, ref: str, commit: str) -> None:
        """See Doors."""
        key = ServiceKey(REPOSITORY, service)
        id_ = f"{REPOSITORY}:{ref}:1:{service}"
        event = ChangeFound(id=id_, service=key, ref=ref, commit=commit, number=1, pushed_by=AUTHOR)
        self._send(event, correlation=self._app.new_id())

    def approve(self, question: Question) -> None:
        """See Doors."""
        id_ = f"api:{question.request[:40]}"
        event = ApprovalAnswered(
            id=id_, service=question.service, request=question.request, person=MANAGER, groups=(), approve=True
        )
        self._send(with_authorship(self._app, event), correlation=id_)

    def _send(self, event: ServiceEvent, *, correlation: str) -> None:
        self._app.queues.send(EVENTS_QUEUE, encode_event(event, correlation=correlation, at=self._app.now()))


class HttpDoors:
    """Requests to the host's doors, made by another process over connections that are kept."""

    def __init__(self, url: str, outside: Quiet, *, secret: str, key: str, connections: int) -> None:
        self._outside = outside
        self._hook = {"X-Slipway-Secret": secret, "Content-Type": "application/json"}
        self._person = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        command = [sys.executable, "-m", "tests.workshop.bench.caller", url, str(connections)]
        self._caller = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
        self._writing = threading.Lock()

    def begin(self, service: str, ref: str, commit: str) -> None:
        """See Doors."""
        self._outside.source.refs[ref] = commit
        pusher = {"name": AUTHOR.name, "mail": AUTHOR.mails[0]}
        refs = [{"ref": ref, "before": "0" * 40, "after": commit}]
        body: dict[str, object] = {"id": commit, "repository": REPOSITORY, "refs": refs, "pusher": pusher}
        self._call("/api/hooks/git", self._hook, body)

    def approve(self, question: Question) -> None:
        """See Doors."""
        path = f"/api/services/{question.service.service}/approvals/{question.request}"
        self._call(path, {**self._person, "Idempotency-Key": question.request[:32]}, {"decision": "approve"})

    def close(self) -> None:
        """Let what was asked for end; raise RuntimeError where an answer was not a good one."""
        assert self._caller.stdin is not None
        self._caller.stdin.close()
        if self._caller.wait(_PATIENCE):
            raise RuntimeError("a request was refused; see above")

    def _call(self, path: str, headers: dict[str, str], body: dict[str, object]) -> None:
        line = json.dumps({"path": path, "headers": headers, "body": json.dumps(body)}) + "\n"
        with self._writing:
            assert self._caller.stdin is not None
            self._caller.stdin.write(line)
            self._caller.stdin.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a story took: from its first push to its last end, and each release by itself, in seconds."""

    seconds: float
    each: tuple[float, ...]


class Story:
    """So many versions of each service, one service's after another, all services at a time."""

    def __init__(self, outside: Quiet, doors: Doors, services: Sequence[str]) -> None:
        self._outside, self._doors, self._services = outside, doors, services
        self._versions = dict.fromkeys(services, 0)
        self._begun: dict[str, float] = {}
        self._each: list[float] = []
        self._ended: SimpleQueue[str] = SimpleQueue()
        outside.people.asked = doors.approve
        outside.statuses.said = self._said

    def tell(self, versions: int) -> Told:
        """Release so many more versions of each service; raise RuntimeError where one does not end."""
        self._each = []
        left = dict.fromkeys(self._services, versions)
        began = time.perf_counter()
        for service in self._services:
            self._begin(service)
        while left:
            try:
                service = self._ended.get(timeout=_PATIENCE)
            except Exception as error:
                raise RuntimeError(f"no release ended for {_PATIENCE:.0f} s; left are {left}") from error
            left[service] -= 1
            if left[service]:
                self._begin(service)
            else:
                del left[service]
        return Told(seconds=time.perf_counter() - began, each=tuple(self._each))

    def _begin(self, service: str) -> None:
        self._versions[service] += 1
        version = f"1.0.{self._versions[service]}"
        commit = hashlib.sha1(f"{service} {version}".encode()).hexdigest()
        self._begun[service] = time.perf_counter()
        self._doors.begin(service, f"refs/heads/release/{service}/v{version}", commit)

    def _said(self, _commit: str, status: CommitStatus) -> None:
        # Of one version only: one that was released is not said to be so again.
        if status.description == f"v1.0.{self._versions[status.context.split('/')[1]]} is Released":
            service = status.context.split("/")[1]
            self._each.append(time.perf_counter() - self._begun[service])
            self._ended.put(service)
