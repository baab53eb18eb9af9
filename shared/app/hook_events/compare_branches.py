"""Branches compared with where they were last seen, and what keeps a repository from being compared.

Whatever is wrong with one branch, or with one repository, does not keep the others waiting; it is remembered until it
is over, for health says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from shared.app.hook_events.inspect_push import set_aside
from shared.app.parts import App
from shared.codec.comparing import BESIDE_TIPS, COMPARED, COMPARED_ROW, NOT_COMPARED, ROW
from shared.codec.envelope import encode_event
from shared.codec.keys import decode_part, fits
from shared.codec.repository import TIP, TIPS
from shared.domain.messages.events import PushReceived
from shared.domain.messages.queues import INSPECT_QUEUE
from shared.domain.state.repository import Compared, NotCompared
from shared.domain.values.errors import SlipwayError
from shared.domain.values.records import type_name
from shared.ports.rows import Row, StaleRow
from shared.ports.store import StoreUnavailable
from shared.telemetry import log_event, log_fault, record, started

_MOST_REASON = 1000
# What is to be compared as often as the tick comes needs no row that says when it was.
_TICK = timedelta(minutes=1)


def compare_branches(app: App) -> None:
    """Compare every repository whose time has come, and keep why one could not be."""
    now = app.now()
    for repository, kept in app.rows.list_each(app.repositories(), prefix=BESIDE_TIPS).items():
        rows = {row.key: row for row in kept}
        every = app.repository(repository).source.reconcile_every
        if not _is_due(rows.get(COMPARED_ROW), every, now):
            continue
        before = rows.get(ROW)
        try:
            compare_tips(app, repository, [row for row in kept if row.key.startswith(TIP)])
        except StoreUnavailable as error:
            # Nothing can be kept now, and health says that by itself.
            log_fault("sweep.repository_failed", error, repository=repository)
            continue
        except Exception as error:
            log_fault("sweep.repository_failed", error, repository=repository)
            _remember(app, repository, before, _words(error))
        else:
            _forget(app, repository, before)
        if every > _TICK:
            app.rows.overwrite(repository, COMPARED_ROW, COMPARED.encode(Compared(at=now)))


def _is_due(compared: Row | None, every: timedelta, now: datetime) -> bool:
    """Whether a repository is to be compared: ticks come a little early or late, and a clock may have been set back."""
    if compared is None or every <= _TICK:
        return True
    since = now - COMPARED.decode(compared.value).at
    return since < timedelta(0) or since >= every - _TICK / 2


def not_compared(app: App) -> Mapping[str, NotCompared]:
    """Say of each repository whose branches cannot be compared why, and since when."""
    found = app.rows.list_each(app.repositories(), prefix=ROW)
    return {repository: NOT_COMPARED.decode(row.value) for repository, rows in found.items() for row in rows}


def compare_tips(app: App, repository: str, kept: Sequence[Row]) -> None:
    """Tell of every branch that is not where it was last seen, e.g. pushed while nobody listened.

    There is a row for each branch that there is, and one for each that was deleted since the last time. Raise what was
    wrong with one of them after the others.
    """
    rows = {row.key: row for row in kept}
    wrong: Exception | None = None
    tips = app.repository(repository).source.tips(repository)
    actual = {ref: tip for ref, tip in tips.items() if _can_be_kept(repository, ref)}
    seen: dict[str, Row] = {}
    for key, row in rows.items():
        try:
            seen[decode_part(key.removeprefix(TIP))] = row
        except SlipwayError as error:
            wrong = _logged(error, repository, key)
    for ref in sorted(actual.keys() | seen.keys()):
        try:
            _compare(app, repository, ref, seen.get(ref), actual.get(ref))
        except StoreUnavailable:
            raise
        except SlipwayError as error:
            wrong = _logged(error, repository, ref)
    if wrong is not None:
        raise wrong


def _compare(app: App, repository: str, ref: str, row: Row | None, actual: str | None) -> None:
    known = TIPS.decode(row.value) if row else None
    if known is None or not known.sent or known.commit != actual:
        event = PushReceived(id=app.new_id(), repository=repository, ref=ref)
        began = started()
        app.queues.send(INSPECT_QUEUE, encode_event(event, correlation=event.id, at=app.now()))
        log_event("tip.moved", correlation=event.id, repository=repository, ref=ref)
        record(type_name(event), event.id, began, first=True)
    elif known.commit is None and row is not None:
        set_aside(app, repository, ref, row)


def _can_be_kept(repository: str, ref: str) -> bool:
    if fits(ref):
        return True
    log_event("ref.ignored", repository=repository, ref=ref, reason="its name is too long to be kept")
    return False


def _logged(error: Exception, repository: str, ref: str) -> Exception:
    log_fault("sweep.ref_failed", error, repository=repository, ref=ref)
    return error


def _words(error: Exception) -> str:
    said = str(error) if isinstance(error, SlipwayError) else f"{type(error).__name__}: {error}"
    return said[:_MOST_REASON]


def _remember(app: App, repository: str, before: Row | None, reason: str) -> None:
    """Keep it with the time at which it began; a tick that finds the same writes nothing."""
    old = NOT_COMPARED.decode(before.value) if before else None
    if old is None or old.reason != reason:
        found = NotCompared(reason=reason, since=old.since if old else app.now())
        app.rows.overwrite(repository, ROW, NOT_COMPARED.encode(found))


def _forget(app: App, repository: str, row: Row | None) -> None:
    if row is not None:
        with suppress(StaleRow):  # another host's tick was faster, or found it anew
            app.rows.delete(repository, ROW, etag=row.etag)
