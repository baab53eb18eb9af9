"""An anchor: how far every ledger was on a day, and by which hash, kept where nobody can change it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple

from msgspec import Meta

from shared.domain.values.records import Record, Time

SUFFIX = ".json.gz"


def anchor_name(at: datetime) -> str:
    """Name the anchor of a day; names sort as days do."""
    return f"{at:%Y-%m-%d}{SUFFIX}"


def day_of(name: str) -> str:
    """Return the day of an anchor by its name."""
    return name.removesuffix(SUFFIX)


class Anchored(NamedTuple):
    """A ledger's last entry when it was anchored."""

    sequence: Annotated[int, Meta(ge=1)]
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Mismatch(NamedTuple):
    """What did not fit an earlier anchor, in which ledger, found on which day."""

    ledger: str
    day: str
    problem: str


class Anchor(Record):
    """One day's heads by ledger. `previous` is the anchor before and `previous_sha256` its content's, so that anchors chain.

    `mismatches` are those that were found then, and the days before for as long as they are told of.
    """

    name: str
    at: Time
    previous: str = ""
    previous_sha256: str = ""
    heads: tuple[tuple[str, Anchored], ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
