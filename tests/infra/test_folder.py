"""A folder remembers what its state is kept in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from infra.local.__main__ import main
from infra.local.folder import FORMAT, Folder, KeptSettings


def kept(root: Path, store: str | None) -> KeptSettings:
    """What a host that is started there works with."""
    return Folder(root).kept(repository="shipping", source=root, store=store)


def test_a_new_folder_is_sqlites_unless_another_store_is_asked_for(tmp_path: Path) -> None:
    """And remembers it where nothing is said later."""
    first, second = kept(tmp_path / "one", None), kept(tmp_path / "two", "azurite")

    assert (first.store, second.store) == ("sqlite", "azurite")
    assert (kept(tmp_path / "one", None), kept(tmp_path / "two", None)) == (first, second)
    assert kept(tmp_path / "two", "azurite") == second


@pytest.mark.parametrize(("began", "asked"), [("sqlite", "azurite"), ("azurite", "sqlite")])
def test_a_folder_that_was_begun_with_another_store_is_refused(tmp_path: Path, began: str, asked: str) -> None:
    """Its releases would seem to be gone."""
    kept(tmp_path, began)

    with pytest.raises(SystemExit, match=f"keeps its state in {began}; leave STORE out, or give another DIR"):
        main(["up", "--dir", str(tmp_path), "--store", asked])


@pytest.mark.parametrize("before", ["", ',\n "format": 1'])
def test_a_folder_of_another_format_is_refused(tmp_path: Path, before: str) -> None:
    """What lies in it is never guessed at."""
    file = tmp_path / "host.json"
    kept(tmp_path, None)
    file.write_text(file.read_text().replace(f',\n "format": {FORMAT}', before))

    with pytest.raises(SystemExit, match="in another format"):
        kept(tmp_path, None)
    with pytest.raises(SystemExit, match="in another format"):
        Folder(tmp_path).store()


def test_a_host_that_is_started_again_on_any_port_keeps_the_one_before(tmp_path: Path) -> None:
    """Hooks and open pages know it; another one is taken where another one is asked for."""
    first = kept(tmp_path, None).port

    again = Folder(tmp_path).kept(repository="shipping", source=tmp_path, port=0).port
    other = Folder(tmp_path).kept(repository="shipping", source=tmp_path, port=first + 1).port

    assert again == first
    assert other != first


def test_what_a_killed_host_had_on_the_way_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Charts that it rendered, and what was temporary a day ago; what another host works with stays, and caches do."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    folder = Folder(tmp_path / "up")
    for name in (
        "up/work/scratch/1",
        "up/work/caches/1",
        "tmp/slipway-chart-old",
        "tmp/slipway-chart-new",
        "tmp/others",
    ):
        (tmp_path / name).mkdir(parents=True)
    for name in ("slipway-chart-old", "others"):
        os.utime(tmp_path / "tmp" / name, (0, 0))

    folder.empty_scratch()

    assert [found.name for found in folder.work.iterdir()] == ["caches"]
    assert sorted(found.name for found in (tmp_path / "tmp").iterdir()) == ["others", "slipway-chart-new"]
