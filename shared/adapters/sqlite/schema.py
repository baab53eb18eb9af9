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

# One script for each version of the file; a version's script is never changed once released.
_VERSIONS = (
    """
    CREATE TABLE head (
        service TEXT PRIMARY KEY, sequence INTEGER NOT NULL, hash TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE state (
        service TEXT, key TEXT, value BLOB NOT NULL, PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE ledger (
        service TEXT, sequence INTEGER, previous TEXT NOT NULL, hash TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (service, sequence)) STRICT, WITHOUT ROWID;
    CREATE TABLE seen (
        service TEXT, event TEXT, sequence INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (service, event)) STRICT, WITHOUT ROWID;
    CREATE TABLE due (
        key TEXT PRIMARY KEY, service TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE message (
        service TEXT, key TEXT, queue TEXT NOT NULL, body TEXT NOT NULL, delay INTEGER NOT NULL,
        visible_at INTEGER NOT NULL, attempts INTEGER NOT NULL, host TEXT, reason TEXT,
        PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID;
    CREATE INDEX message_unleased ON message (visible_at) WHERE host IS NULL;
    CREATE TABLE record (
        partition TEXT, key TEXT, value BLOB NOT NULL, etag TEXT NOT NULL,
        PRIMARY KEY (partition, key)) STRICT, WITHOUT ROWID;
    CREATE TABLE evidence (sha256 TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
    """,
    # Services by number and hashes as bytes: less than half the size, and quicker to compare.
    """
    CREATE TABLE service (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sequence INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
    INSERT INTO service (name, sequence, hash) SELECT service, sequence, bytes(hash) FROM head ORDER BY service;
    INSERT INTO service (name, sequence, hash)
        SELECT DISTINCT service, 0, bytes('') FROM due WHERE service NOT IN (SELECT service FROM head);
    DROP TABLE head;

    ALTER TABLE state RENAME TO old_state;
    CREATE TABLE state (
        service INTEGER, key TEXT, value BLOB NOT NULL, PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID;
    INSERT INTO state SELECT id, key, value FROM old_state JOIN service ON name = service ORDER BY 1, 2;
    DROP TABLE old_state;

    ALTER TABLE ledger RENAME TO old_ledger;
    CREATE TABLE ledger (
        service INTEGER, sequence INTEGER, hash BLOB NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (service, sequence)) STRICT, WITHOUT ROWID;
    INSERT INTO ledger SELECT id, l.sequence, bytes(l.hash), body
        FROM old_ledger AS l JOIN service ON name = service ORDER BY 1, 2;
    DROP TABLE old_ledger;

    ALTER TABLE seen RENAME TO old_seen;
    CREATE TABLE seen (
        service INTEGER, event BLOB, sequence INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (service, event)) STRICT, WITHOUT ROWID;
    INSERT INTO seen SELECT id, short(event), s.sequence, until
        FROM old_seen AS s JOIN service ON name = service ORDER BY 1, 2;
    DROP TABLE old_seen;

    ALTER TABLE due RENAME TO old_due;
    CREATE TABLE due (
        service INTEGER, at INTEGER, what TEXT NOT NULL, PRIMARY KEY (service, at)) STRICT, WITHOUT ROWID;
    CREATE INDEX due_at ON due (at);
    INSERT OR IGNORE INTO due SELECT id, at, what FROM old_due JOIN service ON name = service;
    DROP TABLE old_due;

    ALTER TABLE message RENAME TO old_message;
    DROP INDEX message_unleased;
    CREATE TABLE message (
        service INTEGER, key TEXT, queue TEXT NOT NULL, body TEXT NOT NULL, delay INTEGER NOT NULL,
        visible_at INTEGER NOT NULL, attempts INTEGER NOT NULL, host TEXT, reason TEXT,
        PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID;
    CREATE INDEX message_unleased ON message (visible_at) WHERE host IS NULL;
    INSERT INTO message SELECT coalesce(id, 0), key, queue, body, delay, visible_at, attempts, host, reason
        FROM old_message LEFT JOIN service ON name = service;
    DROP TABLE old_message;
    DELETE FROM record WHERE partition LIKE 'said~%';
    """,
    # Without a row id, large records (policies) lie in the pages that are searched: few on each, and many on the way.
    """
    ALTER TABLE record RENAME TO old_record;
    CREATE TABLE record (
        partition TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, etag TEXT NOT NULL,
        PRIMARY KEY (partition, key)) STRICT;
    INSERT INTO record SELECT partition, key, value, etag FROM old_record ORDER BY 1, 2;
    DROP TABLE old_record;
    """,
)

SCHEMA_VERSION = len(_VERSIONS)


def microseconds(at: datetime) -> int:
    """Write a time as microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Read a time written by `microseconds`."""
    return _EPOCH + value * _MICROSECOND


def short(event: str) -> bytes:
    """Name an event's mark: half of a SHA-256 tells one event of a service from another."""
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
        if reading:
            connection.execute("PRAGMA query_only=ON")
            # There are many of them, and each would fill its own 2 MB as the file grows.
            connection.execute("PRAGMA cache_size=-512")
        undo.pop_all()
        return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to this version's tables; the caller holds the write lock. Raise StoreUnavailable for a newer or foreign one."""
    with failures_named(path):
        connection.execute("PRAGMA journal_mode=WAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        if owner not in (0, APPLICATION_ID) or version > SCHEMA_VERSION:
            raise StoreUnavailable(
                f"{path} is of another program or of a newer version ({version}; this one knows {SCHEMA_VERSION}); "
                "start the version that wrote it or name another file"
            )
        connection.create_function("bytes", 1, bytes.fromhex, deterministic=True)
        connection.create_function("short", 1, short, deterministic=True)
        for number, script in enumerate(_VERSIONS[version:], version + 1):
            settings = f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={number};"
            connection.executescript(f"BEGIN IMMEDIATE; {script} {settings} COMMIT;")


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
