"""Entra ID on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.entra_stand_in import EntraStandIn, entra_stand_in


@pytest.fixture
def entra() -> Iterator[EntraStandIn]:
    """A directory that nobody is in yet."""
    with entra_stand_in() as opened:
        yield opened
