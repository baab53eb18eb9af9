"""Recent failures: noted when a commit's status says so, shown on the first page."""

from __future__ import annotations

from shared.app.parts import App
from shared.codec.failure import FAILURES, failure_row
from shared.domain.state.failure import SHOWN_FOR, Failure, partition_of, partitions_at
from shared.ports.statuses import CommitState, CommitStatus

_FAILED = frozenset({CommitState.FAILED, CommitState.ERROR})
MOST_SHOWN = 10


def note_failure(app: App, repository: str, service: str, commit: str, status: CommitStatus) -> None:
    """Keep a status that says that something failed; any other costs nothing."""
    if status.state not in _FAILED:
        return
    found = Failure(
        repository=repository,
        service=service,
        context=status.context,
        commit=commit,
        state=status.state,
        description=status.description,
        at=app.now(),
    )
    app.rows.overwrite(partition_of(found.at), failure_row(found), FAILURES.encode(found))


def recent_failures(app: App) -> tuple[Failure, ...]:
    """Return what failed in the last hours, newest first."""
    now = app.now()
    rows = app.rows.list_each(partitions_at(now), prefix="")
    found = [FAILURES.decode(row.value) for one in rows.values() for row in one]
    lately = [one for one in found if now - one.at < SHOWN_FOR]
    newest: dict[str, Failure] = {}
    for one in sorted(lately, key=lambda one: one.at, reverse=True):
        newest.setdefault(failure_row(one), one)
    return tuple(newest.values())[:MOST_SHOWN]
