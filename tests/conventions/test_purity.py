"""Rules touch nothing; settings are read in one place."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.support.tree import parsed, product_files, used_names

ENVIRONMENT = re.compile(r"os\.(environb?|getenvb?|putenv)(\..*)?")
CLOCK_OR_CHANCE = re.compile(
    r"(datetime\.)*(datetime|date)\.(now|utcnow|today)|time\.\w+|uuid\.uuid[14]|random\..+|secrets\..+|os\.urandom"
)
# `compile` and `input` are left out: they are good names for other things.
OUTSIDE = re.compile(
    r"(open|print|exec|eval|__import__)$"
    r"|(asyncio|http|importlib|io|logging|multiprocessing|os|pathlib|shutil|socket|sqlite3|subprocess|sys|tempfile"
    r"|threading|urllib)(\..+)?$"
)


def uses(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    """Where files use a name that the pattern fits as a whole."""
    return sorted(
        {
            f"{path}:{line} {name}"
            for path in files
            for line, name in used_names(parsed(path))
            if pattern.fullmatch(name)
        }
    )


def domain() -> list[Path]:
    """The files of the rules."""
    return [path for path in product_files() if path.parts[:2] == ("shared", "domain")]


def test_only_the_configuration_reads_the_environment() -> None:
    """A setting is found in one file; everything else is told."""
    files = [path for path in product_files() if path.parts[0] != "infra" and path != Path("shared/config.py")]

    assert files
    assert uses(files, ENVIRONMENT) == []


def test_the_domain_has_no_clock_and_throws_no_dice() -> None:
    """Time and ids are passed in, so that a decision made again is the same decision."""
    assert domain()
    assert uses(domain(), CLOCK_OR_CHANCE) == []


def test_the_domain_touches_nothing_outside() -> None:
    """No file, socket, process, thread, environment or log."""
    assert uses(domain(), OUTSIDE) == []


@pytest.mark.parametrize(
    ("code", "pattern"),
    [
        ("import os\nos.environ['A']", ENVIRONMENT),
        ("from os import environ as e\ne.get('A')", ENVIRONMENT),
        ("import os\nos.getenv('A')", ENVIRONMENT),
        ("from datetime import datetime\ndatetime.now()", CLOCK_OR_CHANCE),
        ("import datetime as d\nd.datetime.utcnow()", CLOCK_OR_CHANCE),
        ("from datetime import date\nf(default_factory=date.today)", CLOCK_OR_CHANCE),
        ("from time import time\ntime()", CLOCK_OR_CHANCE),
        ("import uuid\nuuid.uuid4()", CLOCK_OR_CHANCE),
        ("open('x')", OUTSIDE),
        ("from pathlib import Path", OUTSIDE),
        ("import subprocess", OUTSIDE),
    ],
)
def test_a_way_around_is_seen(code: str, pattern: re.Pattern[str]) -> None:
    """The tests above would fail for each of these."""
    assert [name for _, name in used_names(ast.parse(code)) if pattern.fullmatch(name)]
