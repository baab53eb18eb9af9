"""People's holds: the partition `estate`."""

from __future__ import annotations

from collections.abc import Mapping

from shared.codec.errors import UnreadableRecord
from shared.codec.keys import encode_part
from shared.codec.stored import Stored
from shared.domain.state.estate import Estate, Hold

HOLD = "1~hold~"
HOLDS = Stored[Hold]("hold", Hold)

_DECISIONS = "1~"
_STORES_OWN = ("1~head", "1~outbox~")


def hold_row(id_: str) -> str:
    """Name the row of a hold."""
    return f"{HOLD}{encode_part(id_)}"


_NOTHING_HELD: Mapping[str, bytes] = {}
_last: tuple[Mapping[str, bytes], Estate] = (_NOTHING_HELD, Estate())


def decode_estate(rows: Mapping[str, bytes], revision: int) -> Estate:
    """Read every hold by people from the estate's rows.

    Raise UnreadableRecord, also for a row of an unknown kind: it may be a newer way to stop everything.
    """
    global _last  # noqa: PLW0603 - each decision of each service reads the same rows, most often the very same object
    known, estate = _last
    if known is not rows or estate.revision != revision:
        estate = _decode_estate(rows, revision)
        _last = (rows, estate)
    return estate


def _decode_estate(rows: Mapping[str, bytes], revision: int) -> Estate:
    holds = []
    for key, data in sorted(rows.items()):
        if key.startswith(HOLD):
            holds.append(HOLDS.decode(data))
        elif key.startswith(_DECISIONS) and not key.startswith(_STORES_OWN):
            raise UnreadableRecord(f"row {key} of estate", found=0, known=HOLDS.schema, problem="is of no known kind")
    return Estate(holds=tuple(holds), revision=revision)
