"""What is asked for costs what it returns, and not what lies in the store.

Counted in statements and in steps of SQLite's machine: a row that is looked at is some steps, however fast.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from shared.adapters.sqlite import SqliteDatabase, committer, readers, schema
from shared.app.handling.handle_event import handle
from shared.app.operating.finding import Chosen, find_service
from shared.app.parts import App
from shared.app.people.authorize import Viewer
from shared.app.people.authorship import with_authorship
from shared.app.sweep import sweep
from shared.app.views import read_overview, read_status
from shared.app.views.health import health
from shared.app.views.ledger import ledger_page
from shared.app.views.poison import poison_page
from shared.bootstrap import utc_now
from shared.domain.messages.events import ApprovalAnswered, TimePassed
from shared.ports.people import Question
from shared.ports.store import Due
from tests.support.outside import RITA
from tests.workshop.bench.large import large_store
from tests.workshop.bench.outside import ENDED_SERIES, VERSION, Quiet, Shape
from tests.workshop.bench.story import Doors, begin_and_wait
from tests.workshop.bench.world import ENGINE, hosted, wire

pytestmark = pytest.mark.slow
SMALL, LARGE = Shape(505, 1, 60), Shape(990, 1, 2000)
REPOSITORIES = 20
SPREAD = replace(SMALL, at_least=REPOSITORIES)
# What compares each repository, or tells of each, reads a row of it by the statement that reads the others'.
OF_EACH = {"tick", "tick with something due", "page", "page of the largest", "mark", "health"}
# A name without its repository is looked for in each.
BY_NAME = {"finding", "by name"}
A_ROW = 40
VIEWER = Viewer(person=RITA, memberships=(), operates=True)

Costs: TypeAlias = Callable[[Shape], Mapping[str, tuple[int, int]]]


class Counter:
    """Counts what every connection does."""

    def __init__(self) -> None:
        self.steps = self.statements = 0

    def step(self) -> int:
        """Called for each step."""
        self.steps += 1
        return 0

    def statement(self, _text: str) -> None:
        """Called for each statement."""
        self.statements += 1

    def connect(self, path: Path, **more: Any) -> sqlite3.Connection:
        """Open as the product does, and count."""
        connection = schema.connect(path, **more)
        connection.set_progress_handler(self.step, 1)
        connection.set_trace_callback(self.statement)
        return connection


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stores lie."""
    return tmp_path_factory.mktemp("stores")


@pytest.fixture
def costs(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Costs:
    """Say what everything costs on a store: steps and statements."""

    def of(shape: Shape) -> Mapping[str, tuple[int, int]]:
        folder = tmp_path / f"{shape.services} {shape.at_least}"
        folder.mkdir()
        large_store(shape, folder, cache)
        outside = Quiet(shape)
        with hosted(folder, outside, kind=ENGINE) as host:
            [question] = begin_and_wait(outside, Doors(host.app), [shape.key(1)]).values()
            host.settle()
        counter = Counter()
        monkeypatch.setattr(readers, "connect", counter.connect)
        monkeypatch.setattr(committer, "connect", counter.connect)
        found: dict[str, tuple[int, int]] = {}
        with closing(SqliteDatabase(folder / "slipway.db", utc_now)) as database:
            database.recover()
            found["open"] = (counter.steps, counter.statements)
            app = wire(database, outside, folder / "scratch")
            for name, ask in asked(app, shape, question).items():
                counter.steps = counter.statements = 0
                ask()
                found[name] = (counter.steps, counter.statements)
        return found

    return of


def asked(app: App, shape: Shape, question: Question) -> Mapping[str, Callable[[], object]]:
    """Everything that must not grow."""
    largest, waiting = shape.key(0), shape.key(1)
    yes = ApprovalAnswered(id="answer", service=waiting, request=question.request, person=RITA, groups=(), approve=True)
    answer = with_authorship(app, yes)

    def tick_with_something_due() -> None:
        for index in range(2, 7):
            app.store.add_due(str(shape.key(index)), Due(at=app.now() - timedelta(seconds=1), what="test"))
        sweep(app)

    everything = Chosen()
    return {
        "tick": lambda: sweep(app),
        "tick with something due": tick_with_something_due,
        "page": lambda: read_overview.read_overview(app, viewer=VIEWER, chosen=everything),
        "page of the largest": lambda: read_overview.read_service_page(app, largest, viewer=VIEWER, after=""),
        "mark": lambda: read_overview.overview_mark(app, everything),
        "health": lambda: health(app),
        "poison": lambda: poison_page(app, after=0, most=50),
        "services": lambda: read_status.services(app, viewer=VIEWER, chosen=everything, most=50),
        "a later page": lambda: read_status.services(app, viewer=VIEWER, chosen=Chosen(after="bench~s00300"), most=50),
        "by name": lambda: read_status.services(app, viewer=VIEWER, chosen=Chosen(name="s0000"), most=50),
        "finding": lambda: find_service(app, "s00000"),
        "releases of the largest": lambda: read_status.releases(app, largest, viewer=VIEWER, after="", most=20),
        "ended release": lambda: read_status.release(app, largest, f"{ENDED_SERIES}.9", viewer=VIEWER),
        "why": lambda: read_status.release(app, waiting, VERSION, viewer=VIEWER),
        "ledger of the largest": lambda: ledger_page(app, largest, after=100, most=50),
        "decision": lambda: handle(app, answer),
        "decision about the largest": lambda: handle(app, TimePassed(id="time", service=largest)),
    }


def test_nothing_costs_more_with_more_services_and_releases_in_the_store(
    costs: Costs,
) -> None:
    """The largest service has 60 releases that ended in one store, and 2,000 in the other."""
    small, large = costs(SMALL), costs(LARGE)

    grown = {name: (small[name], large[name]) for name in small if large[name][0] > small[name][0] * 1.02 + 5}
    assert grown == {}
    assert {name: cost[1] for name, cost in small.items()} == {name: cost[1] for name, cost in large.items()}


def test_many_repositories_cost_a_row_each_and_no_statement(costs: Costs) -> None:
    """Where they are shown or compared; all else knows of one."""
    few, many = costs(SMALL), costs(SPREAD)

    more = {name: (many[name][0] - cost[0], many[name][1] - cost[1]) for name, cost in few.items()}
    assert {name for name, (_, statements) in more.items() if statements} == BY_NAME
    assert {name for name, (steps, _) in more.items() if steps > 5} == OF_EACH | BY_NAME
    assert max(steps for steps, _ in more.values()) <= REPOSITORIES * A_ROW
