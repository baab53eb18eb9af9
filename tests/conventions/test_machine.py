"""A test that could not run says so; where everything has to run, it fails."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.local.azurite.program import CannotInstall, run
from tests.support.machine import parts
from tests.support.machine.prepare import INSTALL
from tests.support.tree import ROOT


class Skipped(Exception):
    """Stands for pytest.skip."""


class Failed(Exception):
    """Stands for pytest.fail."""


def skip(reason: str) -> None:
    """Skip, seen from outside."""
    raise Skipped(reason)


def fail(reason: str) -> None:
    """Fail, seen from outside."""
    raise Failed(reason)


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any part; returns the folder its programs would lie in."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(("ci", "expected"), [("", Skipped), ("false", Skipped), ("true", Failed)])
def test_a_missing_part_skips_here_and_fails_where_everything_has_to_run(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, ci: str, expected: type[Exception]
) -> None:
    """The reason names the part and what to do."""
    monkeypatch.setenv("CI", ci)

    with pytest.raises(expected, match=r"skopeo is missing; run `make machine`"):
        parts.without("skopeo", skip=skip, fail=fail)


@pytest.mark.parametrize(("named", "expected"), [("", Skipped), ("azurite", Skipped), ("azurite worker", Failed)])
def test_the_worker_may_be_required_by_name(
    monkeypatch: pytest.MonkeyPatch, named: str, expected: type[Exception]
) -> None:
    """Microsoft's worker is no program: it takes a newer Python than we do."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("REQUIRED", named)

    with pytest.raises(expected, match=r"did not run: .* needs Python 3\.13"):
        parts.without_worker((3, 12), skip=skip, fail=fail)
    parts.without_worker((3, 13), skip=skip, fail=fail)


def test_the_pipeline_requires_the_worker_and_a_control_plane() -> None:
    """What production runs on, and deploys to, is tried before anything gets there."""
    (required,) = re.findall(r'^export REQUIRED="(.*)"$', (ROOT / ".ci/run").read_text(), re.M)

    assert required.split() == ["worker", "kube"]


def test_a_part_that_is_there_is_used(bare_machine: Path) -> None:
    """By any of the names it goes by."""
    program = bare_machine / "google-chrome"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert parts.find("chromium") == program
    parts.without("chromium", skip=skip, fail=fail)


def test_a_part_that_nobody_declared_is_a_mistake() -> None:
    """A misspelt mark would otherwise skip its test for ever."""
    with pytest.raises(KeyError):
        parts.find("skopoe")


def test_every_part_can_be_installed() -> None:
    """Tests never need what `make machine` does not know."""
    assert INSTALL.keys() == {part.name for part in parts.PARTS}


@pytest.mark.parametrize(
    ("command", "said"),
    [(["git", "no-such-thing"], "no-such-thing"), (["/no/such/program"], "No such file")],
)
def test_what_cannot_be_installed_says_why(command: list[str], said: str) -> None:
    """With the words of the program that failed."""
    with pytest.raises(CannotInstall, match=said):
        run(command)
