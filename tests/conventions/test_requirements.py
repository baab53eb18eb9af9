"""What is installed is what was tried: every requirement is pinned, in one place."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.tree import ROOT

FILES = {
    "production": "requirements.txt",
    "local": "infra/local/requirements.txt",
    "tests": "tests/requirements.txt",
}
PINNED = re.compile(r"==[^*,<>=~]+")


def requirements(file: str) -> list[Requirement]:
    """What a file itself lists."""
    lines = (line.strip() for line in (ROOT / file).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]


@pytest.mark.parametrize("file", FILES.values())
def test_every_requirement_is_pinned(file: str) -> None:
    """One version each, for every Python that we support."""
    found = requirements(file)

    assert found
    assert [str(r) for r in found if not PINNED.fullmatch(str(r.specifier))] == []


def test_two_files_never_ask_for_two_versions() -> None:
    """What tests run is what production gets; pip would refuse anything else only on a machine that installs both."""
    pins: dict[str, set[str]] = defaultdict(set)
    for file in FILES.values():
        for found in requirements(file):
            pins[f"{canonicalize_name(found.name)} ; {found.marker}"].add(str(found.specifier))

    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


@pytest.mark.parametrize(("group", "file"), FILES.items())
def test_the_lock_holds_what_is_asked_for(group: str, file: str) -> None:
    """Where this fails, `make lock` was forgotten after a change of pyproject.toml."""
    asked = map(Requirement, tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][group])
    pinned = {(canonicalize_name(r.name), next(iter(r.specifier)).version) for r in requirements(file)}

    unmet = [
        str(r)
        for r in asked
        if not any(
            name == canonicalize_name(r.name) and r.specifier.contains(v, prereleases=True) for name, v in pinned
        )
    ]

    assert unmet == []
