"""A service's partition: what a decision changed, and nothing else, is written; reading gives the state back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given, settings

from shared.codec import state as codec
from shared.codec.errors import UnreadableRecord
from shared.codec.state import BUILDS
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.release import ArtifactHold, Numbers, Release, ServiceState
from shared.domain.values.records import replace
from tests.support.codec import examples as ex
from tests.support.codec.records import any_state

EMPTY = ServiceState(service=ex.DELIVERY)
KEY = ex.RELEASE.version.key()
ENDED = replace(ex.RELEASE, phase=ReleasePhase.RELEASED, since=ex.NOON + timedelta(hours=1))
HOLD = ArtifactHold(id="a-1", artifact=ex.NEW.id, version="1.1.0", reason="rolled back", since=ex.NOON)
FULL = replace(
    EMPTY,
    policy=ex.POLICY,
    numbers=Numbers(promotion=4, build=7),
    environments={"qa": ex.ENVIRONMENT},
    releases={KEY: ex.RELEASE},
    validations={ex.VALIDATION.ref: ex.VALIDATION},
    holds=(HOLD,),
)
FULL_ROWS = {
    "1~policy",
    "1~numbers",
    "1~holds",
    "1~environment~qa",
    f"1~release~{KEY}",
    "1~validation~refs=2Fheads=2Ffeature=2Fdelivery=2Fx",
}


def _ended(old: Mapping[str, Release | None], new: Mapping[str, Release | None], sequence: int = 12) -> set[str]:
    puts, deletes = codec.encode_changes(replace(EMPTY, ended=old), replace(EMPTY, ended=new), sequence)
    assert not deletes
    return set(puts)


@settings(max_examples=40)
@given(any_state(), any_state())
def test_a_partition_reads_as_the_state_that_was_written(one: ServiceState, other: ServiceState) -> None:
    """From nothing, and from any state to any other whose releases stay open."""
    other = replace(other, service=one.service, releases={**one.releases, **other.releases})

    rows, deletes = codec.encode_changes(ServiceState(service=one.service), one, 1)
    assert not deletes
    assert codec.decode_state(one.service, rows, {}) == one

    puts, deletes = codec.encode_changes(one, other, 2)
    rows = {key: data for key, data in {**rows, **puts}.items() if key not in deletes}
    assert codec.decode_state(one.service, rows, {}) == other


def test_each_record_has_its_row() -> None:
    """Parts that a key cannot hold are encoded."""
    puts, _ = codec.encode_changes(EMPTY, FULL, 1)

    assert set(puts) == FULL_ROWS
    assert {codec.environment_row("qa"), codec.release_row(KEY), codec.validation_row(ex.VALIDATION.ref)} < FULL_ROWS


def test_what_is_equal_is_not_written_again() -> None:
    """One changed record costs one row, however much else there is."""
    again = codec.decode_state(ex.DELIVERY, codec.encode_changes(EMPTY, FULL, 1)[0], {})

    assert codec.encode_changes(FULL, again, 2) == ({}, frozenset())
    changed = replace(again, numbers=Numbers(promotion=5, build=7))
    assert set(codec.encode_changes(FULL, changed, 2)[0]) == {"1~numbers"}


def test_the_same_bytes_give_the_same_record() -> None:
    """Releases, environments and policy are read once while they do not change."""
    rows, _ = codec.encode_changes(EMPTY, FULL, 1)
    one, other = (codec.decode_state(ex.DELIVERY, dict(rows), {}) for _ in range(2))

    assert one.policy is other.policy
    assert one.releases[KEY] is other.releases[KEY]
    assert one.environments["qa"] is other.environments["qa"]


def test_what_is_gone_is_deleted() -> None:
    """Validations, holds, environments and the policy leave their rows; numbers never do."""
    gone = replace(EMPTY, numbers=FULL.numbers, releases=FULL.releases)

    puts, deletes = codec.encode_changes(FULL, gone, 2)

    assert puts == {}
    assert deletes == FULL_ROWS - {"1~numbers", f"1~release~{KEY}"}


def test_a_release_that_ends_moves_out_of_the_range_of_decisions() -> None:
    """It is kept whole, and the order of ending has a row that sorts the latest first."""
    puts, deletes = codec.encode_changes(FULL, replace(FULL, releases={}, ended={KEY: ENDED}), 12)

    order = "3~ended~99999999999999999987"
    assert deletes == {f"1~release~{KEY}"}
    assert set(puts) == {f"2~release~{KEY}", order}
    assert puts[order] == b'{"schema":1,"record":{"version":"1.1.0","phase":"Released","at":"2026-11-23T13:00:00Z"}}'
    assert codec.ENDS.decode(puts[order]) == codec.Ended(version="1.1.0", phase=ENDED.phase, at=ENDED.since)
    extra = {codec.ended_release_row(KEY): puts[f"2~release~{KEY}"]}
    assert codec.decode_state(ex.DELIVERY, {}, extra).ended == {KEY: ENDED}


def test_a_build_that_ended_is_written_and_no_decision_reads_it_again() -> None:
    """Its row lies outside of the range that is read, under its number; one that was known already is left alone."""
    one, other = ex.BUILD, replace(ex.BUILD, number=12)
    old = replace(FULL, builds={7: one})

    puts, deletes = codec.encode_changes(old, replace(old, builds={7: one, 12: other}), 13)

    assert (set(puts), deletes) == ({"2~build~00000000000000000012"}, frozenset())
    assert BUILDS.decode(puts[codec.build_row(12)]) == other
    assert codec.encode_changes(old, FULL, 13) == ({}, frozenset())
    assert codec.decode_state(ex.DELIVERY, {}, puts).builds == {}


def test_later_ends_sort_before_earlier_ones() -> None:
    """Also where the number of digits changes, and several of one decision stay together."""
    rows = [codec.ended_row(100), codec.ended_row(10), codec.ended_row(10, 1), codec.ended_row(9)]

    assert rows == sorted(rows)


def test_releases_that_end_together_have_a_row_each() -> None:
    """A service that leaves the configuration may abort several at once."""
    other = replace(ex.UNUSUAL_RELEASE, overrides=())
    ended = {KEY: ENDED, other.version.key(): other}

    rows = _ended({}, ended)

    assert {codec.ended_row(12), codec.ended_row(12, 1)} < rows


def test_a_release_that_ends_as_it_begins_is_only_kept_as_ended() -> None:
    """One that is refused at once never was open."""
    assert _ended({KEY: None}, {KEY: ENDED}) == {f"2~release~{KEY}", codec.ended_row(12)}


def test_a_release_that_was_loaded_and_not_changed_is_not_written() -> None:
    """Neither is the knowledge that there is none."""
    assert _ended({KEY: ENDED, "x": None}, {KEY: ENDED, "x": None}) == set()


def test_a_fact_about_an_ended_release_is_no_second_end() -> None:
    """A quarantine is kept; the order of ending stays."""
    assert _ended({KEY: ENDED}, {KEY: replace(ENDED, quarantine="changed")}) == {f"2~release~{KEY}"}


def test_another_end_of_a_release_is_another_row_in_the_order() -> None:
    """Opened and ended again within one decision, it ended now."""
    again = replace(ENDED, since=ENDED.since + timedelta(seconds=1))

    assert codec.ended_row(12) in _ended({KEY: ENDED}, {KEY: again})


def test_a_reopened_release_moves_back() -> None:
    """Its earlier end stays in the order; the state may still show it, also when it is not read again."""
    before = replace(EMPTY, ended={KEY: ENDED})
    reopened = replace(EMPTY, ended={KEY: ENDED}, releases={KEY: ex.RELEASE})

    puts, deletes = codec.encode_changes(before, reopened, 13)
    assert set(puts) == {f"1~release~{KEY}"}
    assert deletes == {f"2~release~{KEY}"}

    puts, deletes = codec.encode_changes(reopened, before, 14)
    assert set(puts) == {f"2~release~{KEY}", codec.ended_row(14)}
    assert deletes == {f"1~release~{KEY}"}


def test_a_release_is_never_dropped() -> None:
    """A state in which it is neither open nor ended is a defect, and nothing of it is written."""
    with pytest.raises(ValueError, match="no longer open and has no end"):
        codec.encode_changes(FULL, replace(FULL, releases={}), 12)


def test_a_row_of_an_unknown_kind_is_refused() -> None:
    """A newer Slipway may mean something by it that this one must not overlook."""
    with pytest.raises(UnreadableRecord, match="row 1~novelty of shop~delivery: is of no known kind"):
        codec.decode_state(ex.DELIVERY, {"1~novelty": b"{}"}, {})


def test_rows_that_were_asked_for_by_others_are_left_alone() -> None:
    """Only ended releases among them belong to the state; one that is not there is known to be absent."""
    state = codec.decode_state(ex.DELIVERY, {}, {"3~ended~1": b"?", codec.ended_release_row("x"): None})

    assert state == replace(EMPTY, ended={"x": None})
