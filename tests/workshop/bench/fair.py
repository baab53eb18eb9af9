"""Whether one service with thousands of waiting events keeps another service's people waiting."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import utc_now
from shared.codec.envelope import encode_event
from shared.domain.events import ApprovalAnswered
from shared.domain.names import ServiceKey
from shared.domain.queues import EVENTS_QUEUE
from shared.ports.people import Question
from shared.ports.statuses import CommitStatus
from tests.workshop.bench.asking import Asker
from tests.workshop.bench.driver import QueueDoors
from tests.workshop.bench.figures import Figure, Report, percentile
from tests.workshop.bench.generator import CACHE, copy_store, large_store
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.waiting import VERSION, Decisions, begin, begin_and_wait, decisions
from tests.workshop.bench.wiring import Hosted, Quiet, hosted, quiet
from tests.workshop.bench.world import MANAGER

_SENDERS = 32  # so that they share commits
_GOAL = 100.0
_PATIENCE = 120.0


@dataclass(slots=True)
class _Taken:
    """Milliseconds: of each click, of each event of another service from the queue to its decision, and to each end."""

    clicks: list[float] = field(default_factory=list)
    events: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    left: int = 0


def measure(report: Report, *, events: int = 20_000, clicks: int = 200, cache: Path = CACHE) -> None:
    """Approve other services' releases by API, first on a host that does nothing else, then beside the events.

    There are more of these than ten thousand, so that the last click meets some, too.
    """
    report.say(f"fair: one service with {events:,} waiting events, {clicks} clicks for others")
    services = 1 + 2 * clicks + max(2, clicks // 10)
    shape = Shape(services, services, 1)
    keys = [shape.key(index) for index in range(services)]
    idle, busy, queued = keys[1 : 1 + clicks], keys[1 + clicks : 1 + 2 * clicks], keys[1 + 2 * clicks :]
    outside = replace(quiet([]), source=shape.source(), deployer=shape.deployer())
    with TemporaryDirectory(dir=cache) as name, decisions() as watched:
        folder = Path(name)
        copy_store(large_store(shape, cache), folder)
        with hosted(folder, outside) as host:
            questions = begin_and_wait(outside, QueueDoors(host.app), [*idle, *busy])
            alone = _click_each(host, outside, watched, [questions[key] for key in idle], queued[::2])
        flood(folder, keys[0], events)
        with hosted(folder, outside) as host:
            beside = _click_each(host, outside, watched, [questions[key] for key in busy], queued[1::2])
    _add(report, alone, beside)


def flood(folder: Path, service: ServiceKey, events: int) -> None:
    """Put events into the doors' queue that nobody takes yet: answers to a question that was never asked."""
    with closing(SqliteDatabase(folder / "slipway.db", utc_now)) as database:

        def send(number: int) -> None:
            event = ApprovalAnswered(
                id=f"flood-{number}", service=service, request="0" * 64, person=MANAGER, groups=(), approve=True
            )
            database.queues.send(EVENTS_QUEUE, encode_event(event, correlation=event.id, at=utc_now()))

        with ThreadPoolExecutor(_SENDERS) as senders:
            list(senders.map(send, range(events)))


def _click_each(
    host: Hosted, outside: Quiet, watched: Decisions, questions: Sequence[Question], queued: Sequence[ServiceKey]
) -> _Taken:
    """Answer one question after the other; now and then begin a release of yet another service through the queue."""
    taken, clicked, sent = _Taken(), dict[str, float](), dict[str, float]()
    all_ended = Event()

    def said(_commit: str, status: CommitStatus) -> None:
        if status.description == f"v{VERSION} is Released" and (began := clicked.pop(status.context.split("/")[1], 0)):
            taken.ends.append(1000 * (time.perf_counter() - began))
            if len(taken.ends) == len(questions):
                all_ended.set()

    outside.statuses.said = said
    doors, every = QueueDoors(host.app), max(1, len(questions) // max(1, len(queued)))
    left = iter(queued)
    with closing(Asker(host.url, host.manager.key)) as asker:
        for nth, question in enumerate(questions):
            if nth % every == 0 and (key := next(left, None)) is not None:
                sent[str(key)] = time.perf_counter()
                begin(doors, key)
            clicked[question.service.service] = time.perf_counter()
            path = f"/api/services/{question.service.service}/approvals/{question.request}"
            taken.clicks.append(1000 * asker.post(path, {"decision": "approve"}, key=question.request[:32]))
    taken.left = host.receiver.count(EVENTS_QUEUE)
    if not all_ended.wait(_PATIENCE):
        raise RuntimeError(f"{len(taken.ends)} of {len(questions)} releases ended within {_PATIENCE:.0f} s")
    taken.events = [1000 * (watched.first(key) - began) for key, began in sent.items()]
    return taken


def _add(report: Report, alone: _Taken, beside: _Taken) -> None:
    note = f"{beside.left:,} of the other service's events were left after the last click"
    for name, idle, busy in (
        ("fair/click", alone.clicks, beside.clicks),
        ("fair/event", alone.events, beside.events),
        ("fair/release", alone.ends, beside.ends),
    ):
        for percent in (50, 99):
            is_goal = (name, percent) == ("fair/click", 99)
            report.add(
                Figure(
                    name=f"{name}_p{percent}",
                    value=percentile(busy, percent),
                    unit="ms",
                    floor=percentile(idle, percent),
                    goal=_GOAL if is_goal else None,
                    better="down",
                    note=note if is_goal else "",
                )
            )
