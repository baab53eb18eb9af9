"""Anchors, which are kept deflated, the same bytes whenever they are made; and what health reads of them."""

from __future__ import annotations

import gzip
import hashlib
import zlib

from shared.codec.errors import UnreadableRecord
from shared.codec.stored import Stored
from shared.domain.state.anchor import Anchor, Mismatch
from shared.domain.values.records import Record, Time, replace

# No repository's name holds a "~": none has this partition.
PARTITION, ROW = "anchors~state", "newest"


class AnchorState(Record):
    """What is shown of the newest anchor without reading it."""

    name: str
    at: Time
    mismatches: tuple[Mismatch, ...] = ()


ANCHORS = Stored[Anchor]("anchor", Anchor)
STATES = Stored[AnchorState]("anchors", AnchorState)


def encode_anchor(anchor: Anchor) -> bytes:
    """Return an anchor's content: whoever reads the ledgers in another order makes the same."""
    return gzip.compress(ANCHORS.encode(replace(anchor, heads=tuple(sorted(anchor.heads)))), mtime=0)


def decode_anchor(content: bytes) -> Anchor:
    """Read an anchor's content; raise UnreadableRecord."""
    try:
        data = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        known = ANCHORS.schema
        raise UnreadableRecord("anchor", found=0, known=known, problem=f"is not gzip: {error}") from error
    return ANCHORS.decode(data)


def digest(content: bytes) -> str:
    """Return the SHA-256 by which the next anchor names this one, of its bytes as they are kept."""
    return hashlib.sha256(content).hexdigest()
