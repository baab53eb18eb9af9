"""Whether one service with thousands of waiting events keeps another service's people waiting."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import utc_now
from shared.codec.envelope import encode_event
from shared.domain.messages.events import ApprovalAnswered
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.values.names import ServiceKey
from shared.ports.people import Question
from tests.support.host import wait_until
from tests.support.outside import RITA
from tests.workshop.bench.callers import Asker, person
from tests.workshop.bench.figures import CACHE, Report, in_folder
from tests.workshop.bench.large import copy_store, large_store
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.story import (
    PATIENCE,
    Decisions,
    Doors,
    approval,
    begin_and_wait,
    logging_to,
    on_end,
    release_begins,
)
from tests.workshop.bench.world import Hosted, Quiet, hosted

_SENDERS = 32  # so that they share commits
_GOAL = 100.0


@dataclass(slots=True)
class _Taken:
    """Milliseconds: of each click, of each event of another service from the queue to its decision, and to each end."""

    click: list[float] = field(default_factory=list)
    event: list[float] = field(default_factory=list)
    release: list[float] = field(default_factory=list)
    left: int = 0


def measure(report: Report, *, events: int = 20_000, clicks: int = 200, cache: Path = CACHE) -> None:
    """Approve other services' releases by API, first on a host that does nothing else, then beside the events.

    There are more of these than ten thousand, so that the last click meets some, too.
    """
    report.say(f"fair: one service with {events:,} waiting events, {clicks} clicks for others")
    alone, beside = in_folder(partial(_both, events, clicks, cache), cache)
    note = f"{beside.left:,} of the other service's events were left after the last click"
    report.percentiles("fair/click", beside.click, alone.click, goals={99: _GOAL}, notes={99: note})
    report.percentiles("fair/event", beside.event, alone.event)
    report.percentiles("fair/release", beside.release, alone.release)


def _both(events: int, clicks: int, cache: Path, folder: Path) -> tuple[_Taken, _Taken]:
    services = 1 + 2 * clicks + max(2, clicks // 10)
    shape = Shape(services, services, 1)
    keys = [shape.key(index) for index in range(services)]
    idle, busy, queued = keys[1 : 1 + clicks], keys[1 + clicks : 1 + 2 * clicks], keys[1 + 2 * clicks :]
    outside = shape.outside()
    copy_store(large_store(shape, cache), folder)
    with hosted(folder, outside) as host:
        questions = begin_and_wait(outside, Doors(host.app), [*idle, *busy])
        alone = _click_each(host, outside, [questions[key] for key in idle], queued[::2])
    flood(folder, keys[0], events)
    with hosted(folder, outside) as host:
        return alone, _click_each(host, outside, [questions[key] for key in busy], queued[1::2])


def flood(folder: Path, service: ServiceKey, events: int) -> None:
    """Put events into the doors' queue that nobody takes yet: answers to a question that was never asked."""
    with closing(SqliteDatabase(folder / "slipway.db", utc_now)) as database, ThreadPoolExecutor(_SENDERS) as senders:

        def send(number: int) -> None:
            event = ApprovalAnswered(
                id=f"flood-{number}", service=service, request="0" * 64, person=RITA, groups=(), approve=True
            )
            database.queues.send(EVENTS_QUEUE, encode_event(event, correlation=event.id, at=utc_now()))

        list(senders.map(send, range(events)))


def _click_each(host: Hosted, outside: Quiet, questions: Sequence[Question], queued: Sequence[ServiceKey]) -> _Taken:
    """Answer one question after the other; now and then begin a release of yet another service through the queue."""
    taken, clicked, sent, first = _Taken(), dict[str, float](), dict[str, float](), dict[str, float]()
    all_ended = Event()

    def ended(service: str) -> None:
        if began := clicked.pop(service, 0):
            taken.release.append(1000 * (time.perf_counter() - began))
            if len(taken.release) == len(questions):
                all_ended.set()

    def decided(line: Mapping[str, str]) -> None:
        first.setdefault(line["service"], time.perf_counter())

    outside.statuses.said = on_end(ended)
    doors, left, every = Doors(host.app), iter(queued), max(1, len(questions) // max(1, len(queued)))
    with logging_to(Decisions(decided)), closing(Asker(host.url, person(host.manager.key))) as asker:
        for nth, question in enumerate(questions):
            if nth % every == 0 and (key := next(left, None)) is not None:
                sent[str(key)] = time.perf_counter()
                doors.begin(release_begins(key))
            clicked[question.service.service] = time.perf_counter()
            path, body, once = approval(question)
            taken.click.append(1000 * asker.ask("POST", path, json.dumps(body), once))
        taken.left = host.receiver.count(EVENTS_QUEUE)
        if not all_ended.wait(PATIENCE):
            raise RuntimeError(f"{len(taken.release)} of {len(questions)} releases ended within {PATIENCE:.0f} s")
        wait_until(lambda: sent.keys() <= first.keys(), patience=PATIENCE)
    taken.event = [1000 * (first[key] - began) for key, began in sent.items()]
    return taken
