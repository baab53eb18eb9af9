"""Once a day: keep how far every ledger is where nobody can change it, and look whether all still are as they were kept.

Whoever can write the ledgers can write them anew, with a chain that holds together. What was anchored before does not
fit such a chain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from shared.app.operating.operate import ESTATE
from shared.app.parts import App
from shared.codec import anchor as codec
from shared.codec.anchor import AnchorState, decode_anchor, digest, encode_anchor
from shared.codec.errors import UnreadableRecord
from shared.domain.state.anchor import Anchor, Anchored, Mismatch, anchor_name, day_of
from shared.ports.anchors import Anchors, AnchorTaken
from shared.ports.store import LedgerHead
from shared.telemetry import log_event, log_warning

MOST_DAYS = 31  # how far back anchors are compared, and mismatches are reported
_PAGE = 200
_AHEAD = timedelta(days=1)  # clocks differ, and days end at other times elsewhere
_MOST_AHEAD = 3


def anchor(app: App) -> None:
    """Write the day's anchor unless it is there; doing it twice, or by two, is harmless."""
    if app.anchors is None:
        return
    name = anchor_name(app.now())
    newest, ahead = _last(app, app.anchors), _ahead(app, app.anchors)
    if newest is not None and newest.name >= name:
        # Whoever wrote it may have died before it was shown.
        _show(app, newest.anchor, ahead)
        return
    made = _anchor_of_now(app, name, newest)
    content = encode_anchor(made)
    try:
        app.anchors.put(name, content)
    except AnchorTaken:
        # Another was faster; the next hour shows what that one wrote.
        return
    log_event("ledger.anchored", anchor=name, ledgers=len(made.heads), sha256=digest(content))
    _show(app, made, ahead)


class _Read(NamedTuple):
    name: str
    sha256: str
    anchor: Anchor


def _last(app: App, anchors: Anchors) -> _Read | None:
    for name in anchors.newest(most=1, up_to=_latest(app)):
        content = anchors.get(name)
        try:
            return _read(name, content)
        except UnreadableRecord as error:
            if error.newer:
                raise
            # Nothing can be compared with it; the days go on, and tell of it.
            mismatches = (Mismatch("", day_of(name), f"anchor {name} cannot be read: {error}"),)
            return _Read(name, digest(content), Anchor(name=name, at=app.now(), mismatches=mismatches))
    return None


def _latest(app: App) -> str:
    """The last name that counts: one of a day far ahead would be the newest until that day."""
    return anchor_name(app.now() + _AHEAD)


def _ahead(app: App, anchors: Anchors) -> tuple[Mismatch, ...]:
    """Tell of names that sort after every day that can have come: a clock was wrong once, or somebody put them there."""
    names = [one for one in anchors.newest(most=_MOST_AHEAD) if one > _latest(app)]
    for name in names:
        log_warning("anchors.ahead", anchor=name, hint="look at the clock, and at who writes there")
    problem = "is of a day that has not come and counts for nothing; look at the clock, and at who writes there"
    return tuple(Mismatch("", day_of(name), f"anchor {name} {problem}") for name in names)


def _read(name: str, content: bytes) -> _Read:
    return _Read(name, digest(content), decode_anchor(content))


def _anchor_of_now(app: App, name: str, newest: _Read | None) -> Anchor:
    before = dict(newest.anchor.heads) if newest else {}
    heads: dict[str, Anchored] = {}
    found: list[Mismatch] = []
    for ledger, head in _heads(app, before):
        if head.sequence:
            heads[ledger] = Anchored(head.sequence, head.hash)
        problem = _problem(app, ledger, head, before.get(ledger), day_of(newest.name) if newest else "")
        if problem:
            log_warning("ledger.changed", ledger=ledger, problem=problem)
            found.append(Mismatch(ledger, day_of(name), problem))
    earliest = day_of(anchor_name(app.now() - timedelta(days=MOST_DAYS)))
    kept = [one for one in (newest.anchor.mismatches if newest else ()) if one.day >= earliest]
    return Anchor(
        name=name,
        at=app.now(),
        previous=newest.name if newest else "",
        previous_sha256=newest.sha256 if newest else "",
        heads=tuple(heads.items()),
        mismatches=(*kept, *found),
    )


def _heads(app: App, before: Mapping[str, Anchored]) -> Iterator[tuple[str, LedgerHead]]:
    """Read the head of each ledger that there is, and of each that there was."""
    left = set(before)
    for names in _pages(app):
        left -= set(names)
        yield from app.store.heads(names).items()
    yield from app.store.heads(sorted(left)).items()


def _pages(app: App) -> Iterator[Sequence[str]]:
    yield [ESTATE]
    after = ""
    while names := app.store.services(after=after, most=_PAGE):
        yield names
        after = names[-1]


def _problem(app: App, ledger: str, head: LedgerHead, anchored: Anchored | None, day: str) -> str:
    """Say in what a ledger is not any more as it was anchored."""
    if anchored is None:
        return ""
    if head.sequence < anchored.sequence:
        return f"ends at entry {head.sequence}; entry {anchored.sequence} was anchored on {day}"
    rows = app.store.ledger(ledger, after=anchored.sequence - 1, most=1)
    if not rows or (rows[0].sequence, rows[0].hash) != anchored:
        return f"entry {anchored.sequence} is not the one that was anchored on {day}"
    return ""


def _show(app: App, made: Anchor, ahead: tuple[Mismatch, ...]) -> None:
    state = codec.STATES.encode(AnchorState(name=made.name, at=made.at, mismatches=(*ahead, *made.mismatches)))
    row = app.rows.get(codec.PARTITION, codec.ROW)
    if row is None or row.value != state:
        app.rows.overwrite(codec.PARTITION, codec.ROW, state)


class AnchorsCompared(NamedTuple):
    """What anchors say of one ledger, by sequence the hash and the day; `fault` where they don't fit each other."""

    anchors: int
    heads: Mapping[int, tuple[str, str]]
    fault: str

    @property
    def last(self) -> int:
        """The last entry that was anchored."""
        return max(self.heads, default=0)


def anchored_heads(app: App, ledger: str) -> AnchorsCompared:
    """Read the anchors of the last days, and check that each is the one that the next names."""
    if app.anchors is None:
        return AnchorsCompared(0, {}, "")
    heads: dict[int, tuple[str, str]] = {}
    count, after = 0, None
    for name in app.anchors.newest(most=MOST_DAYS, up_to=_latest(app)):
        try:
            read = _read(name, app.anchors.get(name))
        except UnreadableRecord as error:
            return AnchorsCompared(count, heads, f"anchor {name} cannot be read: {error}")
        if after is not None and (after.previous, after.previous_sha256) != (name, read.sha256):
            return AnchorsCompared(count, heads, f"anchor {name} is not the one that anchor {after.name} names")
        count, after = count + 1, read.anchor
        head = dict(read.anchor.heads).get(ledger)
        if head is not None:
            heads[head.sequence] = (head.hash, day_of(name))
    return AnchorsCompared(count, heads, "")
