"""The file's tables, and how a connection to it is opened."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.ports.store import StoreFull, StoreUnavailable

APPLICATION_ID = 0x534C5057  # "SLPW", so that `file` and we can tell whose database it is
_BUSY_SECONDS = 30.0
_PAGE = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# Of the file and of the records in it. An older one is refused, never converted.
FORMAT = 4
_TABLES = """
    CREATE TABLE service (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
    CREATE TABLE state (
        service INTEGER, key TEXT, value BLOB NOT NULL, PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE ledger (
        service INTEGER, sequence INTEGER, hash BLOB NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (service, sequence)) STRICT, WITHOUT ROWID;
    CREATE TABLE seen (
        service INTEGER, event BLOB, sequence INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (service, event)) STRICT, WITHOUT ROWID;
    CREATE TABLE due (
        service INTEGER, at INTEGER, what TEXT NOT NULL, PRIMARY KEY (service, at)) STRICT, WITHOUT ROWID;
    CREATE INDEX due_at ON due (at);
    CREATE TABLE message (
        service INTEGER, key TEXT, queue TEXT NOT NULL, body TEXT NOT NULL, delay INTEGER NOT NULL,
        visible_at INTEGER NOT NULL, attempts INTEGER NOT NULL, host TEXT, reason TEXT,
        PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID;
    CREATE INDEX message_unleased ON message (visible_at) WHERE host IS NULL;
    -- With a row id: without one, large records (policies) lie in the pages that are searched.
    CREATE TABLE record (
        partition TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, etag TEXT NOT NULL,
        PRIMARY KEY (partition, key)) STRICT;
    CREATE TABLE evidence (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
"""


def microseconds(at: datetime) -> int:
    """Write a time as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Read a time written by `microseconds`."""
    return _EPOCH + value * _MICROSECOND


def short(event: str) -> bytes:
    """Name an event's mark. Half of a SHA-256 is enough to tell one event of a service from another."""
    return hashlib.sha256(event.encode()).digest()[:16]


def connect(path: Path, *, reading: bool = False) -> sqlite3.Connection:
    """Open the file; the connection may be used by one thread at a time. Raise StoreUnavailable."""
    with failures_named(path), ExitStack() as undo:
        connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        undo.callback(connection.close)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=67108864")
        # The same few pages are written again and again: the later they are copied into the file, the fewer copies.
        connection.execute("PRAGMA wal_autocheckpoint=4000")
        if reading:
            connection.execute("PRAGMA query_only=ON")
            # There are many of them, and each would fill its own 2 MB as the file grows.
            connection.execute("PRAGMA cache_size=-512")
        undo.pop_all()
        return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file; the caller holds the write lock.

    Raise StoreUnavailable for a file of another program or of another format.
    """
    with failures_named(path):
        connection.execute("PRAGMA journal_mode=WAL")
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner not in (0, APPLICATION_ID) or found not in (0, FORMAT):
            raise StoreUnavailable(
                f"{path} is of another program or of another format ({found}; this Slipway keeps {FORMAT}) and is not "
                "converted; start the version that wrote it, or give another folder"
            )
        if not found:
            settings = f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT};"
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} {settings} COMMIT;")


@contextmanager
def failures_named(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into StoreUnavailable."""
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(path, error) from error


def unavailable(path: Path, error: sqlite3.Error) -> StoreUnavailable:
    """Say which file failed how, and what to do."""
    # SQLite says "disk I/O error" where it is the index beside the log that does not fit.
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL or _is_full(path.parent):
        return StoreFull(
            f"the disk is full: nothing more can be kept in {path} ({error}); make room there, it goes on by itself"
        )
    return StoreUnavailable(f"database {path} failed: {error}; check the disk and the file's rights, then try again")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _PAGE
    except OSError:
        return False
