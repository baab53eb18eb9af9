"""A large store: services by the thousand, releases that ended by the million, rows as the product writes them.

It lies below .local/bench, where it is found again. Nothing of it goes into git.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import astuple
from functools import cache, partial
from itertools import chain, islice
from pathlib import Path

from shared.adapters.sqlite import SqliteDatabase
from shared.adapters.sqlite.schema import FORMAT
from shared.bootstrap import utc_now
from shared.codec.repository import CONFIG, POLICIES, SHOWN, TIPS, encode_config, encode_services, tip_row
from shared.domain.policies.policy import RepositoryPolicy
from shared.domain.state.repository import ConfigInForce, Tip
from shared.inbound.slipway_yaml import SlipwayYaml
from tests.support.outside_source import MAIN
from tests.workshop.bench.figures import CACHE, in_folder
from tests.workshop.bench.shape import Shape
from tests.workshop.bench.template import BEGAN, Filler, Template, take_template
from tests.workshop.bench.world import Quiet

_ROWS = 4  # raised when rows are made otherwise


@cache
def _compiled(repository: str, names: tuple[str, ...]) -> RepositoryPolicy:
    source = Quiet({repository: names}).source
    commit = source.refs(repository)[MAIN]
    content, files = source.file(repository, commit, "slipway.yaml"), source.files(repository, commit)
    return SlipwayYaml().compile(content or b"", repository=repository, commit=commit, files=files)


def large_store(shape: Shape, cache: Path = CACHE, *, say: Callable[[str], None] = lambda text: None) -> Path:
    """Return the file of that shape, which is made if it is not there. It must be copied before it is used."""
    # Another schema, another shape or another way of making the rows is another file.
    name = hashlib.sha256(f"{_ROWS} {FORMAT} {astuple(shape)}".encode()).hexdigest()[:12]
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
    """Write each service in the order of its keys, into a file that nobody misses if the machine stops."""
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
            rows[tip_row(MAIN)] = TIPS.encode(Tip(commit=policy.commit, number=1, previous=None, sent=True))
            for key, value in rows.items():
                database.rows.overwrite(repository, key, value)
            database.rows.overwrite(SHOWN, repository, encode_config(in_force(policy=None)))
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000"):
            connection.execute(f"PRAGMA {setting}")
        services = chain.from_iterable(_compiled(*one).services for one in shape.configured().items())
        connection.execute("BEGIN")
        for index, policy_of in enumerate(islice(services, shape.services)):
            row = (POLICIES.encode(policy_of), policy_of.digest, policy_of.commit)
            Filler(template, policy_of.service, index + 1, shape.releases_of(index), row).fill(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    return target
