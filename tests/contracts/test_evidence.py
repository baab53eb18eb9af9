"""Evidence: large values under their hash. Run on every store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.ports.errors import NotFound
from shared.ports.evidence import Evidence
from tests.support.stores import ALL, opened


@pytest.fixture(params=ALL)
def evidence(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Evidence]:
    """Empty evidence of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found.evidence


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"line\n" * 1_000_000], ids=["nothing", "two bytes", "megabytes"]
)
def test_evidence_is_found_by_the_hash_of_its_bytes(evidence: Evidence, content: bytes) -> None:
    """The name is the SHA-256, and the bytes are the same, however many."""
    name = evidence.put(content)

    assert name == hashlib.sha256(content).hexdigest()
    assert evidence.get(name) == content


def test_storing_evidence_twice_is_harmless(evidence: Evidence) -> None:
    """The same bytes are the same evidence."""
    assert evidence.put(b"report") == evidence.put(b"report")


def test_unknown_evidence_is_not_found(evidence: Evidence) -> None:
    """NotFound says which hash."""
    with pytest.raises(NotFound, match="no evidence 00ff"):
        evidence.get("00ff")
