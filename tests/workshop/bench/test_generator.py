"""A large store, made small: what it holds is what the product would have written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from shared.adapters.sqlite import SqliteDatabase
from shared.app.operating.finding import Chosen
from shared.app.parts import App
from shared.app.sweep import look_at_due
from shared.app.views import read_status
from shared.app.views.health import health
from shared.app.views.ledger import verify_ledger
from shared.bootstrap import utc_now
from shared.codec.repository import CONFIG
from shared.codec.state import BUILD, BUILDS, ENDED, ENDED_RELEASE, ENDS, RELEASES, decode_state
from shared.domain.state.phases import ReleasePhase
from tests.workshop.bench.large import large_store
from tests.workshop.bench.outside import ENDED_SERIES, Quiet, Shape
from tests.workshop.bench.story import Doors, Story
from tests.workshop.bench.world import ENGINE, hosted, wire

pytestmark = pytest.mark.slow
SHAPE = Shape(services=505, each=2, largest=300)
ALL = 10_000


def version(number: int) -> str:
    """Name a service's n-th release that ended."""
    return f"{ENDED_SERIES}.{number}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is found again."""
    return tmp_path_factory.mktemp("bench")


@contextmanager
def opened(made: Path, folder: Path) -> Iterator[tuple[App, SqliteDatabase, Quiet]]:
    """The application on a copy of it."""
    large_store(SHAPE, folder, made)
    outside = Quiet(SHAPE)
    with closing(SqliteDatabase(folder / "slipway.db", utc_now)) as database:
        database.recover()
        yield wire(database, outside, folder / "scratch"), database, outside


@pytest.mark.parametrize("index", [0, 1, 7, 504])
def test_every_row_of_a_service_reads_and_its_ledger_is_whole(made: Path, tmp_path: Path, index: int) -> None:
    """And there are as many releases as were asked for."""
    key, count = SHAPE.key(index), SHAPE.each if index else SHAPE.largest
    with opened(made, tmp_path) as (app, _, _):
        store = app.store
        state = decode_state(key, store.read(str(key)).rows, {})
        builds = [BUILDS.decode(row) for _, row in store.range(str(key), BUILD, f"{BUILD}~", most=ALL)]
        releases = [
            RELEASES.decode(row) for _, row in store.range(str(key), ENDED_RELEASE, f"{ENDED_RELEASE}~", most=ALL)
        ]
        ended = [ENDS.decode(row) for _, row in store.range(str(key), ENDED, f"{ENDED}~", most=ALL)]
        checked = verify_ledger(app, key)

    assert (checked.fault, checked.intact) == ("", True)
    assert len(builds) == len(releases) == len(ended) == count
    assert [one.version.text for one in releases] == [version(number) for number in range(1, count + 1)]
    assert [one.version for one in ended] == [one.version.text for one in reversed(releases)]
    assert {one.phase for one in releases} == {ReleasePhase.RELEASED}
    assert (state.numbers.build, state.numbers.promotion) == (count, 2 * count)
    live = [one.live.artifact.version.text for one in state.environments.values() if one.live]
    assert live == [version(count)] * 2


def test_the_rows_are_those_that_the_product_writes(made: Path, tmp_path: Path) -> None:
    """What the next release of a service leaves differs from what lies there in nothing but names, numbers and times."""
    key = SHAPE.key(0)
    large_store(SHAPE, tmp_path, made)
    with hosted(tmp_path, outside := Quiet(SHAPE), kind=ENGINE) as host:
        Story(outside, Doors(app := host.app), [key]).tell(1)
        page = read_status.releases(app, key, viewer=None, after="", most=2)
        rows = app.store.ledger(str(key), after=app.store.read(str(key)).sequence - 24, most=24)
        checked = verify_ledger(app, key)

    new, old = page.releases
    assert (new.version, old.version) == ("1.0.1", version(300))
    assert [one.phase for one in new.promotions] == [one.phase for one in old.promotions]
    assert len({len(rows[nth].body) - len(rows[nth + 12].body) for nth in range(12)}) < 12
    assert checked.intact


def test_the_large_store_is_read_like_any_other(made: Path, tmp_path: Path) -> None:
    """Services page by page, health, and a tick with nothing due."""
    with opened(made, tmp_path) as (app, _, _):
        found, after = [], ""
        while True:
            page = read_status.services(app, viewer=None, chosen=Chosen(after=after), most=200)
            found += [f"{one.repository}~{one.service}" for one in page.services]
            if page.next is None:
                break
            after = page.next
        look_at_due(app)
        marks = [bool(app.rows.get(repository, CONFIG)) for repository in SHAPE.configured()]

        assert found == sorted(str(SHAPE.key(index)) for index in range(505))
        assert (health(app).status, marks) == ("ok", [True, True])
