"""Anchors: written once, whole, and listed from the last on. Run on every place that they are kept in."""

from __future__ import annotations

import stat
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.adapters.anchor_files import AnchorFiles
from shared.adapters.azure_storage.anchors import BlobAnchors
from shared.ports.anchors import Anchors, AnchorTaken
from shared.ports.errors import NotFound
from shared.ports.store import StoreUnavailable
from tests.contracts.memory.anchors import MemoryAnchors
from tests.support import azurite
from tests.support.log_lines import log_lines

BLOBS = pytest.param("blobs", marks=pytest.mark.real("azurite"))


@pytest.fixture(params=["memory", "files", BLOBS])
def anchors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Anchors]:
    """A place that nothing was ever kept in."""
    if request.param == "memory":
        yield MemoryAnchors()
    elif request.param == "files":
        yield AnchorFiles(tmp_path / "state" / "anchors")
    else:
        blobs = BlobAnchors.of_connection(azurite.connection(), container=f"a-{uuid.uuid4().hex}")
        yield blobs
        blobs.close()


def test_a_place_where_nothing_was_kept_is_empty(anchors: Anchors) -> None:
    """It need not be there."""
    assert anchors.newest(most=5) == []
    with pytest.raises(NotFound, match=r"2026-11-23\.json\.gz"):
        anchors.get("2026-11-23.json.gz")


def test_an_anchor_is_read_as_it_was_written(anchors: Anchors) -> None:
    """To the byte, however large."""
    content = b"\x00\xff" * 1_000_000
    anchors.put("2026-11-23.json.gz", content)

    assert anchors.get("2026-11-23.json.gz") == content


@pytest.mark.parametrize("content", [b"first", b"second"], ids=["the same", "another"])
def test_what_has_a_name_keeps_its_content(anchors: Anchors, content: bytes) -> None:
    """Whoever comes second is told, also where nothing would be changed."""
    anchors.put("2026-11-23.json.gz", b"first")

    with pytest.raises(AnchorTaken, match="2026-11-23"):
        anchors.put("2026-11-23.json.gz", content)

    assert anchors.get("2026-11-23.json.gz") == b"first"


def test_of_many_writers_one_writes(anchors: Anchors) -> None:
    """And what is read is that one's, whole."""

    def write(number: int) -> bytes | None:
        content = bytes([number]) * 10_000
        try:
            anchors.put("2026-11-23.json.gz", content)
        except AnchorTaken:
            return None
        return content

    with ThreadPoolExecutor(8) as pool:
        wrote = [one for one in pool.map(write, range(8)) if one is not None]

    assert wrote == [anchors.get("2026-11-23.json.gz")]


def test_the_newest_are_those_that_sort_last(anchors: Anchors) -> None:
    """In whichever order they came."""
    for day in ("22", "24", "23", "21"):
        anchors.put(f"2026-11-{day}.json.gz", day.encode())

    assert anchors.newest(most=3) == [f"2026-11-{day}.json.gz" for day in ("24", "23", "22")]


def test_a_file_is_nobodys_to_write_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    """Not even by accident, with an editor."""
    anchors = AnchorFiles(tmp_path)
    anchors.put("2026-11-23.json.gz", b"kept")
    with pytest.raises(AnchorTaken):
        anchors.put("2026-11-23.json.gz", b"other")

    [file] = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o400


def test_a_folder_that_cannot_be_used_is_a_store_out_of_reach(tmp_path: Path) -> None:
    """The timer tries again in an hour."""
    (tmp_path / "anchors").write_text("a file")
    anchors = AnchorFiles(tmp_path / "anchors")

    with pytest.raises(StoreUnavailable, match="look at the folder"):
        anchors.put("2026-11-23.json.gz", b"kept")
    with pytest.raises(StoreUnavailable):
        anchors.newest(most=1)


def test_an_account_out_of_reach_is_a_store_out_of_reach() -> None:
    """By the same word as for tables and queues."""
    anchors = BlobAnchors.of_connection(
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;"
    )

    with pytest.raises(StoreUnavailable, match="2026-11-23"):
        anchors.put("2026-11-23.json.gz", b"kept")


@pytest.mark.real("azurite")
def test_a_container_that_anybody_may_change_is_warned_of() -> None:
    """The emulator knows no immutability: there it is true."""
    anchors = BlobAnchors.of_connection(azurite.connection(), container=f"a-{uuid.uuid4().hex}")

    with log_lines() as lines:
        anchors.put("2026-11-23.json.gz", b"kept")
    anchors.close()

    assert [one["event"] for one in lines] == ["anchors.mutable"]


def test_names_after_one_can_be_left_out(anchors: Anchors) -> None:
    """The one itself is among those that are named."""
    for day in ("2026-11-23", "2026-11-24", "2099-01-01"):
        anchors.put(f"{day}.json.gz", b"x")

    assert anchors.newest(most=5, up_to="2026-11-24.json.gz") == ["2026-11-24.json.gz", "2026-11-23.json.gz"]
    assert anchors.newest(most=1, up_to="2026-11-22.json.gz") == []
