"""Entra ID on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters.entra.tokens import EntraTokens
from shared.inbound.entra import is_private
from tests.support.entra_stand_in import TENANT, EntraStandIn, entra_stand_in


class Elapsed:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = timedelta(hours=1)

    def __call__(self) -> timedelta:
        """The time since somewhen."""
        return self.now


@pytest.fixture
def entra() -> Iterator[EntraStandIn]:
    """A directory that nobody is in yet."""
    with entra_stand_in() as opened:
        yield opened


@pytest.fixture
def elapsed() -> Elapsed:
    return Elapsed()


@pytest.fixture
def tokens(entra: EntraStandIn, elapsed: Elapsed) -> EntraTokens:
    return EntraTokens(entra.entra.issuer, TENANT, is_private=is_private, elapsed=elapsed)
