"""`make steady`: every test that measures time or memory, or in which threads and processes meet, many times beside a busy machine.

A test that fails by chance is a defect like one that cannot fail, and a quiet machine does not show it.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

_LOOKED_FOR = re.compile(
    r"\b(threading|concurrent\.futures|multiprocessing|monotonic|perf_counter|process_time|tracemalloc|getrusage|RLIMIT_\w+"
    r"|Popen|os\.kill|tests\.support\.(build_host|doors|growth|host|host_process|process_state|run|sqlite_process))\b"
)
_BURN = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(100_000))"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how often, and how busy."""
    parser.addoption("--times", type=int, default=20, help="how often each test runs")
    parser.addoption("--busy", type=int, default=2, help="how many processes keep the machine busy meanwhile")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have each test so many times, one after the other, so that what its module shares is made once."""
    metafunc.fixturenames.append("time_of_many")
    metafunc.parametrize("time_of_many", range(metafunc.config.getoption("times")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of a module in which nothing could be early or late."""
    texts = {item.path: item.path.read_text("utf-8") for item in items}
    chosen = {path for path, text in texts.items() if _LOOKED_FOR.search(text)}
    config.hook.pytest_deselected(items=[item for item in items if item.path not in chosen])
    items[:] = [item for item in items if item.path in chosen]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Keep the machine busy; one process does, where there are several."""
    if not hasattr(session.config, "workerinput"):
        burning = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(session.config.getoption("busy"))]
        session.config.stash[_KEY] = burning


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let it rest."""
    for process in session.config.stash.get(_KEY, []):
        process.kill()
        process.wait()


_KEY = pytest.StashKey[list[subprocess.Popen[bytes]]]()
