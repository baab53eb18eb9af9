"""What of one machine's host is its user's alone, and how people learn their links."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.folder import Folder
from infra.local.links import tell_links

URL = "http://127.0.0.1:7071"


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """Leave this process's umask as it was."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(root: Path) -> dict[str, int]:
    """The modes of a folder and of what lies in it."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (root, *root.iterdir())}


def test_attack_another_user_reads_the_state_of_a_folder_from_before(tmp_path: Path) -> None:
    """A folder that was open to others is closed when a host takes it, and so is all that is written from then on."""
    root = tmp_path / "up"
    (root / "registry").mkdir(parents=True)
    (root / "slipway.db").write_text("state")
    folder = Folder(root)

    os.close(folder.take())
    (root / "later").write_text("more")

    assert modes(root) == {
        "up": 0o700,
        "registry": 0o700,
        "slipway.db": 0o600,
        "lock": 0o600,
        "later": 0o600,
    }


def test_links_are_told_when_keys_are_made_and_not_again_and_the_page_each_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who lost theirs has new ones made."""
    folder = Folder(tmp_path / "up")
    tell_links(URL, folder.load_people())
    first = capsys.readouterr().out
    tell_links(URL, folder.load_people())
    later = capsys.readouterr().out

    assert first.count(f"{URL}/local/sign-in#key=") == 3
    assert "Rita Manager" in first
    assert "#key=" not in later
    assert f"The page: {URL}/\n" in first
    assert f"The page: {URL}/\n" in later
    assert "LINKS=1 makes new ones" in later


def test_new_links_end_those_before(tmp_path: Path) -> None:
    """A link that fell into wrong hands opens nothing any more."""
    folder = Folder(tmp_path / "up")
    before = folder.load_people()
    after = folder.make_new_keys()

    kept = folder.load_people()
    assert [kept.by_key(person.key) for person in before] == [None] * 3
    assert [kept.by_key(person.key) for person in after] == list(after)
    assert [person.id for person in after] == [person.id for person in before]
