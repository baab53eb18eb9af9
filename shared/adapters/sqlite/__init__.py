"""State and queues in one SQLite file, for one machine."""

from shared.adapters.sqlite.database import SqliteDatabase

__all__ = ["SqliteDatabase"]
