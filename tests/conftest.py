"""What holds for every test: which are pure, what happens without a part of the machine, and repeatable examples."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest
from hypothesis import settings

from tests.support.machine import parts

pytest_plugins = ["tests.support.run.crashes", "tests.support.run.given_context", "tests.support.run.sharing"]

# These need nothing but Python; `make check` runs them. Others ask for it with a mark.
PURE = ("app", "codec", "conventions", "domain", "inbound")

# These decide whether rules, translation and use cases are covered whole; the others are not slowed down by being measured.
MEASURED = ("app", "codec", "domain", "functions", "inbound", "page")

# How long an example takes says something about the machine and nothing about the rule.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if parts.required() else "default")

# Programs in the cache are found as those of the machine are.
os.environ["PATH"] = parts.on_path()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """End the first of two measurements that pytest-cov begins in each process of xdist.

    It keeps nothing of it, but it would go on wherever the second is paused: a test marked `no_cover` was measured all the same.
    """
    unwanted = coverage.Coverage.current() if hasattr(session.config, "workerinput") else None
    if unwanted:
        unwanted.stop()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Iterator[None]:
    """Have the garbage of collecting collected never: nearly all of it is kept, and it would be looked through a dozen times."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()  # nor is it looked through while tests run
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as pure what lies in a pure folder, and leave unmeasured what lies elsewhere or is slow."""
    tests = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(tests).parts[0]
        if folder in PURE:
            item.add_marker(pytest.mark.pure)
        if folder not in MEASURED or any(item.get_closest_marker(name) for name in ("slow", "real")):
            item.add_marker(pytest.mark.no_cover)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many steps the property tests took, in all processes together."""
    reports = [one for found in terminalreporter.stats.values() for one in found if getattr(one, "when", "") == "call"]
    steps = sum(said["steps"] for one in reports for name, said in one.user_properties if name == "properties")
    if steps:
        terminalreporter.write_line(f"properties: {steps:,} steps, and the judge had nothing to object to")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say that a test did not run where a part it names is missing; fail where everything has to run."""
    for mark in item.iter_markers("real"):
        for name in mark.args:
            parts.without(name, skip=pytest.skip, fail=pytest.fail)
