"""Anchors ↔ what is kept of them: JSON, deflated, the same bytes whenever it is made. And what health reads of them."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from datetime import datetime
from typing import NamedTuple

from shared.codec.errors import UnreadableRecord
from shared.codec.fields import Fields
from shared.codec.primitives import Json, dump, read, time_text, whole
from shared.domain.anchor import Anchor, Anchored, Mismatch

SCHEMA = 1
_HEAD = re.compile(r"([1-9][0-9]{0,19}) ([0-9a-f]{64})")
# No repository's name holds a "~": none has this partition.
PARTITION, ROW = "anchors~state", "newest"


def encode_anchor(anchor: Anchor) -> bytes:
    """Return an anchor's content. A head is one text, `<sequence> <hash>`: there are many."""
    values: Json = {
        "name": anchor.name,
        "at": time_text(anchor.at),
        "heads": {ledger: f"{whole(head.sequence)} {head.hash}" for ledger, head in anchor.heads.items()},
    }
    if anchor.previous:
        values["previous"] = {"name": anchor.previous, "sha256": anchor.previous_sha256}
    if anchor.mismatches:
        values["mismatches"] = [_encode_mismatch(one) for one in anchor.mismatches]
    return gzip.compress(dump(SCHEMA, values), mtime=0)


def decode_anchor(content: bytes) -> Anchor:
    """Read an anchor's content; raise UnreadableRecord."""
    try:
        data = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableRecord("anchor", found=0, known=SCHEMA, problem=f"is not gzip: {error}") from error
    return read("anchor", SCHEMA, data, _decode_anchor)


def digest(content: bytes) -> str:
    """Return the SHA-256 by which the next anchor names this one, of its bytes as they are kept."""
    return hashlib.sha256(content).hexdigest()


def _decode_anchor(fields: Fields) -> Anchor:
    previous = fields.maybe("previous", lambda inner: (inner.text("name"), inner.text("sha256"))) or ("", "")
    return Anchor(
        name=fields.text("name"),
        at=fields.time("at"),
        previous=previous[0],
        previous_sha256=previous[1],
        heads={ledger: _head(fields, ledger, text) for ledger, text in fields.object("heads").items()},
        mismatches=fields.many("mismatches", _decode_mismatch),
    )


def _head(fields: Fields, ledger: str, text: object) -> Anchored:
    found = _HEAD.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise fields.damaged(f"heads.{ledger}", "is not a sequence and a hash")
    return Anchored(int(found[1]), found[2])


class AnchorState(NamedTuple):
    """What is shown of the newest anchor without reading it."""

    name: str
    at: datetime
    mismatches: tuple[Mismatch, ...]


def encode_state(state: AnchorState) -> bytes:
    """Return the row that health reads."""
    mismatches = [_encode_mismatch(one) for one in state.mismatches]
    return dump(SCHEMA, {"name": state.name, "at": time_text(state.at), "mismatches": mismatches})


def decode_state(data: bytes) -> AnchorState:
    """Read it; raise UnreadableRecord."""
    return read("anchors", SCHEMA, data, _decode_state)


def _decode_state(fields: Fields) -> AnchorState:
    return AnchorState(fields.text("name"), fields.time("at"), fields.many("mismatches", _decode_mismatch))


def _encode_mismatch(one: Mismatch) -> Json:
    return {"ledger": one.ledger, "day": one.day, "problem": one.problem}


def _decode_mismatch(fields: Fields) -> Mismatch:
    return Mismatch(fields.text("ledger"), fields.text("day"), fields.text("problem"))
