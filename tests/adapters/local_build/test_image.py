"""What is in the image's layer."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest

from shared.adapters.local_build import image


def folder_of(root: Path) -> Path:
    """A folder with a program, a text and a link."""
    (root / "deep").mkdir(parents=True)
    (root / "run").write_text("#!/bin/sh\n")
    (root / "run").chmod(0o755)
    (root / "deep/text").write_text("text\n")
    (root / "link").symlink_to("deep/text")
    return root


def test_the_same_content_gives_the_same_layer(tmp_path: Path) -> None:
    """Times, umask and the order of the disk leave no trace."""
    first = folder_of(tmp_path / "first")
    second = Path(shutil.copytree(first, tmp_path / "second", symlinks=True))
    os.utime(second / "deep/text", (1, 1))
    (second / "deep/text").chmod(0o600)
    (second / "run").chmod(0o700)

    image.write_layer(first, tmp_path / "first.tar.gz")
    image.write_layer(second, tmp_path / "second.tar.gz")

    assert (tmp_path / "first.tar.gz").read_bytes() == (tmp_path / "second.tar.gz").read_bytes()


def test_a_layer_holds_the_folder_as_it_is(tmp_path: Path) -> None:
    """Programs stay programs, links stay links, everything is root's and cannot be changed by who runs it."""
    image.write_layer(folder_of(tmp_path / "first"), tmp_path / "layer.tar.gz")

    with tarfile.open(tmp_path / "layer.tar.gz") as layer:
        held = {member.name: (member.mode, member.uid, member.mtime, member.linkname) for member in layer}
    assert held == {
        "app/deep": (0o755, 0, 0, ""),
        "app/deep/text": (0o644, 0, 0, ""),
        "app/link": (0o755, 0, 0, "deep/text"),
        "app/run": (0o755, 0, 0, ""),
    }


@pytest.mark.parametrize(
    "change", [lambda f: (f / "run").chmod(0o644), lambda f: (f / "deep/text").write_text("other\n")]
)
def test_a_change_of_the_content_changes_the_layer(tmp_path: Path, change: object) -> None:
    """Content and the executable bit count, as in git."""
    folder = folder_of(tmp_path / "folder")
    image.write_layer(folder, tmp_path / "before.tar.gz")
    assert callable(change)
    change(folder)

    image.write_layer(folder, tmp_path / "after.tar.gz")

    assert (tmp_path / "before.tar.gz").read_bytes() != (tmp_path / "after.tar.gz").read_bytes()
