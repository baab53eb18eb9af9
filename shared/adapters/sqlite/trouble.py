"""Whether the last write succeeded. The log says so once whenever that changes."""

from __future__ import annotations

from pathlib import Path

from shared.adapters.sqlite.submission import Transaction
from shared.ports.store import StoreUnavailable
from shared.telemetry import log_warning


class Trouble:
    """What the writer knows of its last write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.error: StoreUnavailable | None = None

    def begins(self, error: StoreUnavailable) -> StoreUnavailable:
        """Note that a write failed, and return why."""
        if self.error is None:
            log_warning("store.failed", reason=str(error))
        self.error = error
        return error

    def is_over(self) -> None:
        """Note that a write succeeded."""
        if self.error is not None:
            log_warning("store.works_again", database=str(self._path))
        self.error = None

    def looked_at(self, transaction: Transaction) -> None:
        """Write, to see whether that works again."""
        # Setting it writes a page, even where the value stays the same.
        [version] = transaction.execute("PRAGMA user_version").fetchone()
        transaction.execute(f"PRAGMA user_version={version}")
        transaction.afterwards.append(self.is_over)
