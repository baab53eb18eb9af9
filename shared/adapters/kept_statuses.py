"""Commit statuses of repositories that have no place for them: kept in the store, shown by the page and the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from shared.codec.keys import decode_part, encode_part
from shared.ports.rows import Rows
from shared.ports.statuses import CommitState, CommitStatus


class KeptStatuses:
    """Keeps one row for each status that is said of a context, named by what it is about: the last row is shown.

    So whoever is late takes nothing from whoever was faster, without looking. `now` gives the time that is kept beside it.
    """

    def __init__(self, rows: Rows, *, now: Callable[[], datetime]) -> None:
        self._rows, self._now = rows, now

    def set_status(self, repository: str, commit: str, status: CommitStatus, *, about: int) -> None:
        """Keep a status; of a context the one with the highest `about` is shown."""
        body = {
            "schema": 1,
            "at": self._now().isoformat(),
            "description": status.description,
            "link": status.link,
            "state": status.state.value,
        }
        key = f"{_prefix(commit)}{encode_part(status.context)}~{about:020d}"
        self._rows.overwrite(_partition(repository), key, json.dumps(body, sort_keys=True).encode())

    def statuses(self, repository: str, commit: str) -> Sequence[CommitStatus]:
        """Read what was kept for a commit, by context."""
        prefix = _prefix(commit)
        rows = self._rows.list(_partition(repository), prefix=prefix)
        newest = {row.key.removeprefix(prefix).rpartition("~")[0]: row.value for row in rows}
        kept = [_decode(decode_part(context), value) for context, value in newest.items()]
        return sorted(kept, key=lambda status: status.context)


def _decode(context: str, value: bytes) -> CommitStatus:
    body = json.loads(value)
    state = CommitState(body["state"])
    return CommitStatus(context=context, state=state, description=body["description"], link=body["link"])


def _partition(repository: str) -> str:
    return f"statuses~{encode_part(repository)}"


def _prefix(commit: str) -> str:
    return f"{encode_part(commit)}~"
