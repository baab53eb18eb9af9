"""Evidence: large values under their hash. Run on every store."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.azure_storage.evidence import TableEvidence
from shared.ports.errors import NotFound
from shared.ports.evidence import Evidence
from tests.contracts.memory.rows import MemoryEvidence
from tests.support.stores import ALL, Opened, opened


@pytest.fixture(params=ALL)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """An empty store of each kind."""
    with opened(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def evidence(kept: Opened) -> Evidence:
    """What it keeps evidence in."""
    return kept.evidence


def change(kept: Opened, name: str, tmp_path: Path) -> None:
    """Write other bytes under a hash, as whoever has the store in hand can."""
    found: Any = kept.evidence
    if isinstance(found, MemoryEvidence):
        found._values[name] = b"changed"
    elif isinstance(found, TableEvidence):
        found._table.put(name, "00000", b"changed")
    else:
        with closing(sqlite3.connect(tmp_path / "slipway.db")) as connection, connection:
            connection.execute("UPDATE evidence SET content = ? WHERE sha256 = ?", (b"changed", name))


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


def test_attack_evidence_is_changed_in_the_store(kept: Opened, tmp_path: Path) -> None:
    """Other bytes than were judged are deployed by nobody; the right ones can be stored again."""
    name = kept.evidence.put(b"manifests")
    change(kept, name, tmp_path)

    with pytest.raises(NotFound, match=f"no evidence {name} is kept: the bytes under that name have another hash"):
        kept.evidence.get(name)
    kept.evidence.put(b"manifests")

    assert kept.evidence.get(name) == b"manifests"
