"""Whether one service with thousands of waiting events keeps another service's people waiting."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import utc_now
from shared.domain.messages.queues import EVENTS_QUEUE
from shared.domain.values.names import ServiceKey
from shared.ports.people import Question
from tests.support.host import wait_until
from tests.workshop.bench.callers import PATIENCE, Asker
from tests.workshop.bench.figures import Report, in_folder
from tests.workshop.bench.large import large_store
from tests.workshop.bench.outside import Quiet, Shape, release_begins
from tests.workshop.bench.story import Doors, approval, begin_and_wait, decisions, log_goes_to, send, yes
from tests.workshop.bench.world import Hosted, hosted

_GOAL = 100.0
# Milliseconds of each click, of each event of another service from the queue to its decision, and to each end; what is left.
Taken = Mapping[str, list[float]]


def measure(report: Report, *, events: int = 20_000, clicks: int = 200) -> None:
    """Approve other services' releases by API, first on a host that does nothing else, then beside the events.

    There are more of these than ten thousand, so that the last click meets some, too.
    """
    report.say(f"fair: one service with {events:,} waiting events, {clicks} clicks for others")
    alone, beside = in_folder(partial(_both, events, clicks))
    [left] = beside["left"]
    note = f"{left:,.0f} of the other service's events were left after the last click"
    report.percentiles("fair/click", beside["click"], alone["click"], goal_99=_GOAL, note=note)
    for name in ("event", "release"):
        report.percentiles(f"fair/{name}", beside[name], alone[name])


def _both(events: int, clicks: int, folder: Path) -> tuple[Taken, Taken]:
    services = 1 + 2 * clicks + max(2, clicks // 10)
    shape = Shape(services, 1, 1)
    outside, [flooded, *keys] = Quiet(shape), shape.every()
    idle, busy, queued = keys[:clicks], keys[clicks : 2 * clicks], keys[2 * clicks :]
    large_store(shape, folder)
    with hosted(folder, outside) as host:
        questions = begin_and_wait(outside, Doors(host.app), [*idle, *busy])
        alone = _click_each(host, outside, [questions[key] for key in idle], queued[::2])
    _flood(folder, flooded, events)
    with hosted(folder, outside) as host:
        return alone, _click_each(host, outside, [questions[key] for key in busy], queued[1::2])


def _flood(folder: Path, service: ServiceKey, events: int) -> None:
    """Put events into the doors' queue that nobody takes yet: answers to a question that was never asked."""
    with closing(SqliteDatabase(folder / "slipway.db", utc_now)) as database:
        for number in range(events):
            send(database.queues, yes(f"flood-{number}", service, "0" * 64))


def _click_each(host: Hosted, outside: Quiet, questions: Sequence[Question], queued: Sequence[ServiceKey]) -> Taken:
    """Answer one question after the other; now and then begin a release of yet another service through the queue."""
    taken, clicked = defaultdict[str, list[float]](list), dict[str, float]()
    sent, first = dict[str, float](), dict[str, float]()

    def ended(service: str, version: str) -> None:
        if began := clicked.pop(service, 0):
            taken["release"].append(1000 * (time.perf_counter() - began))

    def decided(line: Mapping[str, str]) -> None:
        first.setdefault(line["service"], time.perf_counter())

    outside.released = ended
    doors, left, every = Doors(host.app), iter(queued), max(1, len(questions) // max(1, len(queued)))
    with log_goes_to(decisions(decided)), closing(Asker(host.url)) as asker:
        for nth, question in enumerate(questions):
            if nth % every == 0 and (key := next(left, None)) is not None:
                sent[str(key)] = time.perf_counter()
                doors.begin(release_begins(key))
            clicked[question.service.service] = time.perf_counter()
            taken["click"].append(1000 * asker.ask("POST", *approval(question, host.key)))
        taken["left"].append(host.queues.count(EVENTS_QUEUE))
        wait_until(lambda: not clicked and sent.keys() <= first.keys(), patience=PATIENCE)
    taken["event"] = [1000 * (first[key] - began) for key, began in sent.items()]
    return taken
