"""What a test command sees of the host."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.local_build.surroundings import CACHES, CERTIFICATES, PROXIES, environment
from shared.ports.builder import BuildOrder, BuildOutcome, BuildResult, Step
from tests.support.build_site import Site
from tests.support.documents import section

TestsOnly = Callable[[str], BuildOrder]
TELLS = "import json, os; print(json.dumps(dict(os.environ))); print('Ran 1 test in 0.1s'); print('OK')"


def seen(site: Site, result: BuildResult) -> dict[str, str]:
    """The environment that a command found."""
    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    found: dict[str, str] = json.loads(site.output(result).splitlines()[0])
    return found


def test_a_command_sees_a_closed_list(site: Site, tests_only: TestsOnly, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ways out, whom to trust there, caches, and what every program needs; nothing else of the host's."""
    for name in (
        *PROXIES,
        *CERTIFICATES,
        "SLIPWAY_HOOK_SECRET",
        "IDENTITY_HEADER",
        "AWS_SECRET_ACCESS_KEY",
        "NPM_TOKEN",
    ):
        monkeypatch.setenv(name, f"value of {name}")

    found = seen(site, site.build(tests_only(TELLS)))

    always = {"PATH", "HOME", "TMPDIR", "LANG", "CI", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    # Set by a shell or by Python itself where it starts.
    assert found.keys() - {"LC_CTYPE"} == always | {*PROXIES, *CERTIFICATES, *CACHES}
    assert found["https_proxy"] == "value of https_proxy"


def test_slipway_yaml_names_what_else_passes(
    site: Site, tests_only: TestsOnly, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that the host does not have is not there; one that Slipway sets itself stays as it is."""
    monkeypatch.setenv("NPM_TOKEN", "t0ken")
    order = tests_only(TELLS)

    found = seen(site, site.build(site.order(test=order.test, steps=order.steps, env=("NPM_TOKEN", "NOT_SET", "HOME"))))

    assert found["NPM_TOKEN"] == "t0ken"
    assert "NOT_SET" not in found
    assert found["HOME"].startswith(str(site.folder))


def test_attack_an_order_names_what_the_file_may_not(
    site: Site, tests_only: TestsOnly, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy that was stored by another version is no way round the check of the file."""
    names = ("SLIPWAY_HOOK_SECRET", "IDENTITY_HEADER", "AzureWebJobsStorage")
    for name in names:
        monkeypatch.setenv(name, "canary")
    order = tests_only(TELLS)

    found = seen(site, site.build(site.order(test=order.test, steps=order.steps, env=names)))

    assert "canary" not in found.values()


def test_a_cache_outlives_its_build(site: Site, tests_only: TestsOnly) -> None:
    """It is the service's own."""
    script = (
        "import os, pathlib\n"
        "kept = pathlib.Path(os.environ['PIP_CACHE_DIR'], 'x')\n"
        "kept.parent.mkdir(parents=True, exist_ok=True)\n"
        "print('found' if kept.exists() else 'nothing'); kept.touch()\n"
        "print('Ran 1 test in 0.1s'); print('OK')\n"
    )
    first = tests_only(script)
    steps = (Step.UNIT_TESTS,)

    def printed(number: int, **fields: Any) -> str:
        order = site.order(id=f"monorepo~delivery:{number}:build:1", test=first.test, steps=steps, **fields)
        return site.output(site.build(order)).splitlines()[0]

    assert [printed(1, version=None), printed(2, version=None)] == ["nothing", "found"]
    # What anybody who may push a branch left there is not what a release is tested with, nor what another release's tests left.
    assert [printed(3), printed(4), printed(6, version="1.0.3")] == ["nothing", "found", "nothing"]
    other = printed(5, service="package", version=None)
    assert other == "nothing"
    caches = [found for found in (site.folder.parent / "caches").iterdir() if found.is_dir()]
    assert ({folder.stat().st_mode & 0o777 for folder in caches}, len(caches)) == ({0o700}, 4)


def test_the_list_is_the_documented_one() -> None:
    """Whoever runs a host reads there what a branch's tests can see."""
    told = section(Path("docs/local.md"), "What a build sees")

    assert [name for name in (*PROXIES, *CERTIFICATES, *CACHES) if name.upper() not in told.upper()] == []


def test_what_slipway_sets_wins(tmp_path: Path) -> None:
    """Whatever the host has under that name."""
    found = environment(tmp_path, "/bin", cache=tmp_path, host=lambda names: dict.fromkeys(names, "x"), named=("CI",))

    assert found["CI"] == "true"
