"""The image: who it runs as, and what is in its layer."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest

from shared.adapters.local_build import dockerfile, image


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("FROM a\nUSER 10001:10001\n", "10001:10001"),
        ("FROM a\nUSER root\nRUN x\nuser app", "app"),
        ("FROM a AS base\nUSER 7\nFROM base\nRUN x", "7"),
        ("FROM --platform=linux/amd64 a as Base\nUSER 7\nFROM base AS final\nRUN x", "7"),
        ("ARG UID=10001\nFROM a\nUSER ${UID}", "10001"),
        ("FROM a\nARG UID\nUSER $UID:$UID", "42:42"),
        ("FROM a\nENV WHO=web MORE=1\nUSER ${WHO}", "web"),
        ("FROM a\nUSER ${NOBODY_SET_IT:-9}", "9"),
        ("FROM a\n# USER 0\nUSER \\\n  5", "5"),
        ("FROM a\nUSER 5\nRUN <<EOT\nUSER root\nEOT\n", "5"),
    ],
)  # fmt: skip
def test_the_last_stages_user_is_the_images(text: str, user: str) -> None:
    """As `docker build` would have it, arguments filled in."""
    assert dockerfile.user(text, {"UID": "42"} if "ARG UID\n" in text else {}) == user


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FROM a",
        "FROM a\nUSER root",
        "FROM a\nUSER 0:0",
        "FROM a\nUSER 5\nUSER 0",
        "FROM a AS build\nUSER 5\nFROM b\nCOPY --from=build /x /x",
        "FROM a\nUSER ${UNKNOWN}",
        "FROM a\nUSER ${UID:-0}",
        "FROM a\nUSER 5 \nUSER \"root\"",
    ],
)  # fmt: skip
def test_an_image_that_may_be_roots_is_refused(text: str) -> None:
    """No USER means root, and so may one that nobody knows."""
    with pytest.raises(dockerfile.RunsAsRoot, match="must not run as root"):
        dockerfile.user(text, {})


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
