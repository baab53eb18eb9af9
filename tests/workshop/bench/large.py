"""A large store: services by the thousand, releases that ended by the million, rows as the product writes them.

It lies below .local/bench, where it is found again. Nothing of it goes into git.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import astuple
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.schema import SCHEMA_VERSION
from shared.bootstrap import utc_now
from shared.codec.policy import encode_policy
from shared.codec.repository import CONFIG, SHOWN, encode_config, encode_services, encode_tip, tip_row
from shared.domain.policy import RepositoryPolicy
from shared.domain.repository import ConfigInForce, Tip
from shared.inbound.slipway_yaml import SlipwayYaml
from tests.support.outside_source import MAIN
from tests.workshop.bench.figures import CACHE, in_folder
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.template import BEGAN, Filler, Template, take_template
from tests.workshop.bench.world import Quiet

_ROWS = 4  # raised when rows are made otherwise
_PART = 50_000  # releases that one process writes in one go
_TABLES = ("service", "state", "ledger", "seen", "due")


@cache
def _compiled(repository: str, names: tuple[str, ...]) -> RepositoryPolicy:
    source = Quiet({repository: names}).source
    commit = source.refs(repository)[MAIN]
    content, files = source.file(repository, commit, "slipway.yaml"), source.files(repository, commit)
    return SlipwayYaml().compile(content or b"", repository=repository, commit=commit, files=files)


def large_store(shape: Shape, cache: Path = CACHE, *, say: Callable[[str], None] = lambda text: None) -> Path:
    """Return the file of that shape, which is made if it is not there. It must be copied before it is used."""
    # Another schema, another shape or another way of making the rows is another file.
    name = hashlib.sha256(f"{_ROWS} {SCHEMA_VERSION} {astuple(shape)}".encode()).hexdigest()[:12]
    path = cache / f"store-{name}.db"
    if path.exists():
        return path
    began = time.monotonic()
    say(f"making {path}: {shape.services:,} services, {shape.releases:,} ended releases")
    in_folder(lambda folder: _make(shape, take_template(folder), folder).replace(path), cache)
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


def _make(shape: Shape, template: Template, folder: Path) -> Path:
    """Write parts side by side, each in the order of its keys, and put them together in that order."""
    target = folder / "whole.db"
    with closing(SqliteDatabase(target, utc_now)) as database:
        for content in template.evidence:
            database.evidence.put(content)
        for repository, names in shape.configured().items():
            policy = _compiled(repository, names)
            in_force = partial(
                ConfigInForce, commit=policy.commit, faults=(), faulty_commit="", checked_at=BEGAN, number=1
            )
            rows = {**encode_services(policy), CONFIG: encode_config(in_force(policy=policy))}
            rows[tip_row(MAIN)] = encode_tip(Tip(commit=policy.commit, number=1, previous=None, sent=True))
            for key, value in rows.items():
                database.rows.overwrite(repository, key, value)
            database.rows.overwrite(SHOWN, repository, encode_config(in_force(policy=None)))
    write = partial(_write_part, shape, template, folder)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool, closing(_fast(target)) as connection:
        for path in pool.map(write, _parts(shape)):
            connection.execute("ATTACH ? AS part", (str(path),))
            for table in _TABLES:
                connection.execute(f"INSERT INTO main.{table} SELECT * FROM part.{table}")
            connection.execute("DETACH part")
            path.unlink()
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


def _write_part(shape: Shape, template: Template, folder: Path, part: tuple[int, int]) -> Path:
    path = folder / f"part-{part[0]}.db"
    SqliteDatabase(path, utc_now).close()
    with closing(_fast(path)) as connection:
        connection.execute("BEGIN")
        for index in range(*part):
            key = shape.key(index)
            policies = _compiled(key.repository, shape.names(key.repository)).services
            policy = next(one for one in policies if one.service == key)
            row = (encode_policy(policy), policy.digest, policy.commit)
            Filler(template, key, index + 1, shape.releases_of(index), row).fill(connection)
        connection.execute("COMMIT")
    return path


def _fast(path: Path) -> sqlite3.Connection:
    """Open a file that nobody misses if the machine stops."""
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
        connection.execute(f"PRAGMA {setting}")
    return connection
