"""A row or message that was damaged anywhere is unreadable, and nothing else comes out of a decoder."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codec import ledger
from shared.codec.envelope import decode, effect_id_of
from shared.codec.errors import BrokenLedger, UnknownMessage, UnreadableRecord
from shared.codec.state import decode_state, encode_changes
from shared.domain.state.release import ServiceState
from shared.ports.store import LedgerRow
from tests.codec.test_damage import ALL
from tests.support.codec import examples as ex
from tests.support.codec.records import any_state
from tests.support.codec.stored import RECORDS
from tests.support.fuzzing import ANY_BYTES, changed_json, many, spoilt

pytestmark = pytest.mark.slow


@many(600)
@given(
    st.sampled_from(sorted(ALL)).flatmap(
        lambda name: st.tuples(st.just(name), ANY_BYTES | changed_json(ALL[name].data))
    )
)
def test_a_damaged_record_is_read_or_unreadable(damaged: tuple[str, bytes]) -> None:
    """Whatever is in it; a message may also be of a type that nobody knows."""
    name, data = damaged
    # A queue carries text: what is none never gets to a message's decoder.
    text = name not in RECORDS
    with contextlib.suppress(UnreadableRecord, UnknownMessage):
        ALL[name].decode(data.decode(errors="replace").encode() if text else data)


@many(200)
@given(st.text(st.characters(codec=None), max_size=60) | ANY_BYTES.map(lambda data: data.decode(errors="replace")))
def test_any_text_in_a_queue_is_read_or_unreadable(text: str) -> None:
    """Halves of characters too; the id of it, by which a report finds its effect, is no exception."""
    for read in (decode, effect_id_of):
        with contextlib.suppress(UnreadableRecord, UnknownMessage):
            read(text)


@many(100)
@given(any_state(), st.data())
def test_a_state_with_one_damaged_row_is_read_or_unreadable(state: ServiceState, data: st.DataObject) -> None:
    """Also where the row itself is in order and does not belong there."""
    rows = dict(encode_changes(ServiceState(service=state.service), state, 1)[0])
    if not rows:
        return
    key = data.draw(st.sampled_from(sorted(rows)))
    other = data.draw(st.sampled_from(sorted(rows)))
    rows[key] = data.draw(st.just(rows[other]) | changed_json(rows[key]) | spoilt(rows[key]))

    with contextlib.suppress(UnreadableRecord):
        decode_state(state.service, {name: row for name, row in rows.items() if name.startswith("1~")}, {})


@many(100)
@given(st.data())
def test_a_ledger_with_a_damaged_entry_is_whole_broken_or_unreadable(data: st.DataObject) -> None:
    """Of a chain as it was written only the bytes that were written are whole."""
    rows, previous = list[LedgerRow](), ledger.GENESIS
    written = ALL["ledger"].data
    for number in (1, 2):
        values = json.loads(written)
        values["record"]["sequence"] = number
        body = json.dumps(values).encode()
        hash_ = ledger.link(previous, body)
        rows.append(LedgerRow(sequence=number, body=body, hash=hash_, previous=previous))
        previous = hash_
    damaged = data.draw(spoilt(rows[0].body))
    changed = LedgerRow(sequence=1, body=damaged, hash=rows[0].hash, previous=rows[0].previous)

    def check(all_: list[LedgerRow]) -> Any:
        return ledger.verify(all_, previous=ledger.GENESIS, sequence=0, service=str(ex.DELIVERY))

    assert check(rows) == previous
    if damaged != rows[0].body:
        with pytest.raises((BrokenLedger, UnreadableRecord)):
            check([changed, rows[1]])
