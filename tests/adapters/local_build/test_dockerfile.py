"""Who an image runs as, by its Dockerfile."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from shared.adapters.local_build import dockerfile
from shared.adapters.local_build.dockerfile import LONGEST, RunsAsRoot, UnreadableDockerfile


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("FROM a\nUSER 10001:10001\n", "10001:10001"),
        ("FROM a\nUSER root\nRUN x\nuser app", "app"),
        ("FROM a AS base\nUSER 7\nFROM base\nRUN x", "7"),
        ("FROM --platform=linux/amd64 a as Base\nUSER 7\nFROM base AS final\nRUN x", "7"),
        ("ARG UID=10001\nFROM a\nARG UID\nUSER ${UID}", "10001"),
        ("ARG UID=10001\nFROM alpine\nARG UID\nUSER $UID\n", "10001"),
        ("ARG UID=1\nFROM a\nARG UID=2\nUSER $UID", "2"),
        ("ARG A=1 B=$A\nFROM a\nARG B\nUSER $B", "1"),
        ("FROM a AS b\nARG UID=7\nFROM b\nUSER $UID", "7"),
        ("FROM a\nARG UID=1\nENV UID=2\nUSER $UID", "2"),
        ("FROM a\nENV WHO=web MORE=1\nUSER ${WHO}", "web"),
        ("FROM a\nENV WHO web\nUSER $WHO", "web"),
        ("FROM a\nENV WHO=\"web app\" X='$WHO' Y=a\\ b\nUSER ${WHO}", "web app"),
        ("FROM a\nENV X=1\nENV X=2 Y=$X\nUSER $Y", "1"),
        ("FROM a\nUSER ${NOBODY_SET_IT:-9}", "9"),
        ("FROM a\nUSER ${NOBODY_SET_IT-9}:${NOR_IT:-${NOR_THAT:-8}}", "9:8"),
        ("FROM a\nENV X=''\nUSER ${X:-9}", "9"),
        ("FROM a\nENV X=5\nUSER ${X:+7}${X:?there is none}", "75"),
        ("FROM a\n# USER 0\nUSER \\\n  5", "5"),
        ("FROM a\nUSER \\\n# between\n\n  5\nRUN x", "5"),
        ("FROM a\nRUN x \\\\\nUSER 5", "5"),
        ("FROM a\nUSER\t10001\n", "10001"),
        ("FROM a\r\nUSER 5\r\n", "5"),
        ("\ufeffFROM a\nUSER 5", "5"),
        ("FROM a\nUSER \"5\"", "5"),
        ("FROM a\nRUN <<EOT\nUSER root\nEOT\nUSER 5\n", "5"),
        ("FROM a\nUSER 5\nRUN <<-'EOT' cat\nUSER root\n\tEOT\n", "5"),
        ("FROM a\nUSER 5\nCOPY <<one <<\"two\" /x/\nUSER 1\none\nUSER 2\ntwo\n", "5"),
        ("FROM a\nRUN ulimit -v $((1<<20))\nUSER 10001\n", "10001"),
        ("FROM a\nRUN echo 'a <<b'\nUSER 5\n", "5"),
        ("FROM a\nRUN [\"cat\", \"<<x\"]\nUSER 5\n", "5"),
        ("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nUSER `\n  5", "5"),
        ("# escape=`\nFROM a\nRUN dir C:\\\nUSER 5", "5"),
        ("FROM a\n# escape=`\nUSER \\\n5", "5"),
        ("FROM a AS b\nONBUILD USER 5\nFROM b\n", "5"),
        ("FROM a\nONBUILD USER 5\nUSER 6\n", "6"),
    ],
)  # fmt: skip
def test_the_last_stages_user_is_the_images(text: str, user: str) -> None:
    """As `docker build` would have it."""
    assert dockerfile.user(text, {}) == user


def test_build_arguments_win_over_defaults() -> None:
    """Where the Dockerfile declares them."""
    args = {"UID": "42"}

    assert dockerfile.user("FROM a\nARG UID\nUSER $UID:$UID", args) == "42:42"
    assert dockerfile.user("ARG UID=1\nFROM a\nARG UID=2\nUSER $UID", args) == "42"
    assert dockerfile.user("FROM a\nUSER $UID", args) is None


@pytest.mark.parametrize(
    "text",
    [
        "FROM mcr.microsoft.com/dotnet/aspnet:10.0\nUSER $APP_UID\n",
        "FROM a",
        "FROM a AS build\nUSER 5\nFROM b\nCOPY --from=build /x /x",
        "FROM a\nUSER ${UNKNOWN}",
        "FROM a\nARG UID\nUSER $UID",
        "FROM a\nENV X=$PATH\nUSER $X",
        "FROM a\nENV X=1\nUSER ${X#1}",
        "FROM a\nUSER ${UNKNOWN:+5}",
        "FROM a\nENV X=''\nUSER ${X:?}",
        "FROM a\nUSER ${",
        "FROM a\nUSER " + 30 * "${X:-" + 30 * "}",
        "FROM a\nENV A=xx\n" + 30 * "ENV A=$A$A\n" + "USER $A",
    ],
)
def test_what_only_the_base_image_knows_is_unknown(text: str) -> None:
    """That is neither root nor none."""
    assert dockerfile.user(text, {}) is None


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("FROM a\nUSER root", "root"),
        ("FROM a\nUSER 0:0", "0:0"),
        ("FROM a\nUSER 00", "00"),
        ("FROM a\nUSER +0", "+0"),
        ("FROM a\nENV U='0'\nUSER $U\n", "0"),
        ("FROM a\nUSER 5\nUSER 0", "0"),
        ("FROM a\nUSER ${UID:-0}", "0"),
        ("FROM a\nUSER 5 \nUSER \"root\"", "root"),
        ("FROM a\nUSER :5", ":5"),
        ("FROM scratch\nCOPY x /x", ""),
        ("ARG BASE=scratch\nFROM $BASE\n", ""),
    ],
)  # fmt: skip
def test_a_user_that_is_root_is_told_apart(text: str, user: str) -> None:
    """In each way that Docker takes for it, and where nothing set any."""
    with pytest.raises(RunsAsRoot, match="must not run as root") as root:
        dockerfile.user(text, {})

    assert root.value.user == user


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has no FROM"),
        ("ENV X=1\nUSER 5\n", "has no FROM"),
        ("FROM --platform=x\n", "names no image"),
        ("FROM a\nRUN <<EOT\nx\n", "a heredoc that EOT does not end"),
        ("FROM a\n" * 201, "more than 200 stages"),
        ("FROM a\n" + "#" * LONGEST, "longer than 64 KiB"),
    ],
)
def test_what_no_builder_takes_cannot_be_read(text: str, problem: str) -> None:
    """It is told in words."""
    with pytest.raises(UnreadableDockerfile, match=problem):
        dockerfile.user(text, {})


@pytest.mark.parametrize(
    "hostile",
    [
        lambda size: "ENV " + "a" * size,
        lambda size: "ENV " + "a=" * (size // 2),
        lambda size: "ENV " + "a=$a " * (size // 5),
        lambda size: "ENV a=1\n" * (size // 8),
        lambda size: "".join(f"ENV a{n}=1\n" for n in range(size // 12)),
        lambda size: "USER " + "$" * size,
        lambda size: "USER " + "${a:-" * (size // 5),
        lambda size: "USER " + "'" * size,
        lambda size: "RUN " + "<<" * (size // 2),
        lambda size: "RUN \\\n" * (size // 6),
        lambda size: "RUN " + "[" * size,
        lambda size: " " * size + "\\",
        lambda size: "#" + " " * size + "=",
        lambda size: "# " + "a " * (size // 2),
    ],
)
def test_attack_no_text_takes_longer_than_its_length(hostile: Callable[[int], str]) -> None:
    """The longest that is read takes a moment: reading keeps the interpreter from everything else."""
    text = f"FROM a\n{hostile(LONGEST - 100)}\nUSER 5"
    started = time.process_time()
    found = dockerfile.user(text, {}) if len(text) <= LONGEST else None

    assert found in ("5", None)
    assert time.process_time() - started < 2
