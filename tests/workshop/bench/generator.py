"""Makes a large store: services by the thousand, releases that ended by the million, rows as the product writes them.

`python -m tests.workshop.bench.generator --services 10000 --releases 1000000` puts it below .local/bench, where it is found
again. Nothing of it goes into git.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.schema import SCHEMA_VERSION
from shared.bootstrap import utc_now
from shared.codec.repository import SHOWN
from tests.workshop.bench.filling import Filler
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.template import Template, take_template

CACHE = Path(".local/bench")
_ROWS = 2  # raised when rows are made otherwise
_PART = 50_000  # releases that one process writes in one go
_TABLES = ("service", "state", "ledger", "seen", "due")


def large_store(shape: Shape, cache: Path = CACHE, *, say: Callable[[str], None] = lambda text: None) -> Path:
    """Return the file of that shape, which is made if it is not there. It must be copied before it is used."""
    path = cache / f"store-{_name_of(shape)}.db"
    if path.exists():
        return path
    began = time.monotonic()
    say(f"making {path}: {shape.services:,} services, {shape.releases:,} ended releases")
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache) as name:
        folder = Path(name)
        made = _make(shape, take_template(folder), folder)
        made.replace(path)
    size = path.stat().st_size
    say(f"made in {time.monotonic() - began:.0f} s: {size / 1e6:,.0f} MB, {size / shape.releases:,.0f} bytes a release")
    return path


def copy_store(source: Path, folder: Path) -> Path:
    """Put a copy where a host keeps its state; it may be written to."""
    target = folder / "slipway.db"
    shutil.copyfile(source, target)
    # What is still on its way to the disk would be waited for by the first that is measured.
    with target.open("rb+") as file:
        os.fsync(file.fileno())
    return target


def _name_of(shape: Shape) -> str:
    """Another schema, another shape or another way of making the rows is another file."""
    return hashlib.sha256(f"{_ROWS} {SCHEMA_VERSION} {astuple(shape)}".encode()).hexdigest()[:12]


def _make(shape: Shape, template: Template, folder: Path) -> Path:
    """Write parts side by side, each in the order of its keys, and put them together in that order."""
    target = folder / "whole.db"
    with closing(SqliteDatabase(target, utc_now)) as database:
        for _, content in template.evidence:
            database.evidence.put(content)
        for repository in shape.repositories():
            for key, value in shape.configuration(repository):
                database.rows.overwrite(repository, key, value)
            database.rows.overwrite(SHOWN, repository, shape.shown(repository))
    parts = [(number, part) for number, part in enumerate(_parts(shape))]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        write = partial(_write_part, shape, template, folder)
        with closing(_fast(target)) as connection:
            for path in pool.imap(write, parts):
                _append(connection, path)
            connection.execute("PRAGMA journal_mode=WAL")
    return target


def _parts(shape: Shape) -> Iterator[tuple[int, int]]:
    """Ranges of services with about the same number of releases."""
    first, held = 0, 0
    for index in range(shape.services):
        held += shape.releases_of(index)
        if held >= _PART or index == shape.services - 1:
            yield first, index + 1
            first, held = index + 1, 0


def _write_part(shape: Shape, template: Template, folder: Path, part: tuple[int, tuple[int, int]]) -> Path:
    number, (first, end) = part
    path = folder / f"part-{number}.db"
    SqliteDatabase(path, utc_now).close()
    with closing(_fast(path)) as connection:
        connection.execute("BEGIN")
        for index in range(first, end):
            Filler(shape, template, index).fill(connection)
        connection.execute("COMMIT")
    return path


def _append(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("ATTACH ? AS part", (str(path),))
    connection.execute("BEGIN")
    for table in _TABLES:
        connection.execute(f"INSERT INTO main.{table} SELECT * FROM part.{table}")
    connection.execute("COMMIT")
    connection.execute("DETACH part")
    path.unlink()


def _fast(path: Path) -> sqlite3.Connection:
    """Open a file that nobody misses if the machine stops."""
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a store and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m tests.workshop.bench.generator", description=__doc__)
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--releases", type=int, default=1_000_000, help="ended releases in all")
    parser.add_argument("--largest", type=int, help="of which in the first service; a tenth if not given")
    given = parser.parse_args(arguments)
    largest = given.releases // 10 if given.largest is None else given.largest
    print(large_store(Shape(given.services, given.releases, largest), say=print))


if __name__ == "__main__":
    main()
