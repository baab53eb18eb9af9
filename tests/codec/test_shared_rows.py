"""What lies outside the services' partitions: people's holds, tips, and the configuration in force."""

from __future__ import annotations

import pytest
from hypothesis import given

from shared.codec import estate, repository
from shared.codec.errors import HalfWritten, UnreadableRecord
from shared.codec.estate import HOLDS
from shared.codec.repository import POLICIES
from shared.domain.policies.policy import RepositoryPolicy, ServicePolicy
from shared.domain.state.estate import Estate, Hold
from shared.domain.state.repository import ConfigInForce, Tip
from shared.domain.values.records import replace
from tests.support.codec import examples as ex
from tests.support.codec.records import any_of

HOLD = Hold(id="h/1", scope="everything", reason="audit", person=ex.BEN, since=ex.NOON)
POLICY = RepositoryPolicy(repository="shop", commit=ex.COMMIT, services=(ex.POLICY,))
CONFIG = ConfigInForce(commit=ex.COMMIT, policy=POLICY, checked_at=ex.NOON)


@given(any_of(Hold))
def test_a_hold_reads_as_it_was_written(hold: Hold) -> None:
    """With or without an end."""
    assert HOLDS.read(HOLDS.encode(hold)) == hold


def test_the_estate_is_every_hold_in_it() -> None:
    """The store's own rows in the same partition are passed over."""
    other = replace(HOLD, id="h/2", until=ex.NOON)
    rows = {estate.hold_row(hold.id): HOLDS.encode(hold) for hold in (other, HOLD)}
    own = {"1~head": b"?", "1~outbox~1~0": b"?", "4~ledger~1": b"?"}

    assert estate.decode_estate({**rows, **own}, 7) == Estate(holds=(HOLD, other), revision=7)
    assert min(rows) == "1~hold~h=2F1"


def test_a_row_of_an_unknown_kind_in_the_estate_is_refused() -> None:
    """It may be a newer way to stop the line."""
    with pytest.raises(UnreadableRecord, match="1~freeze~x of estate"):
        estate.decode_estate({"1~freeze~x": b"{}"}, 1)


@given(any_of(Tip))
def test_a_tip_reads_as_it_was_written(tip: Tip) -> None:
    """Gone, new or moved."""
    assert repository.TIPS.read(repository.TIPS.encode(tip)) == tip
    assert repository.tip_row("refs/heads/main") == "tip~refs=2Fheads=2Fmain"


@given(any_of(ConfigInForce))
def test_a_configuration_reads_as_it_was_written(config: ConfigInForce) -> None:
    """From its own row and a row for each service."""
    if config.policy is not None:
        named = {one.service.service: one for one in config.policy.services}
        config = replace(config, policy=replace(config.policy, services=tuple(named.values())))
    rows = repository.encode_services(config.policy) if config.policy else {}

    assert repository.decode_config(repository.encode_config(config), rows) == config


def test_the_digests_can_be_had_from_the_one_row() -> None:
    """So that only services whose policy changed are written and told of it."""
    assert repository.config_digests(repository.encode_config(CONFIG)) == {"delivery": ex.POLICY.digest}
    assert repository.config_digests(repository.encode_config(ConfigInForce(checked_at=ex.NOON))) == {}


@pytest.mark.parametrize(
    ("services", "problem"),
    [((), "is missing"), ((replace(ex.POLICY, digest="other"),), "has digest other, but config names 0909")],
    ids=["missing", "other"],
)
def test_a_writer_that_was_interrupted_shows(services: tuple[ServicePolicy, ...], problem: str) -> None:
    """The configuration is whole or it is not read; who reads it knows to compile the file again."""
    row = repository.service_row("delivery", ex.POLICY.digest)
    rows = {row: POLICIES.encode(services[0])} if services else {}

    with pytest.raises(HalfWritten, match=f"policy of delivery in shop, field {row}: {problem}"):
        repository.decode_config(repository.encode_config(CONFIG), rows)
