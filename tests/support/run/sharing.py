"""How tests are shared out between the processes of xdist: file by file, and first those that take long.

What the tests of a file share, a host or a browser, is so made once and not in each process; and no long test is left to run
alone at the end, beside idle cores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

# A group lasts longest, as its files wait for each other; then come seconds, and parts of the machine that have to start.
_LONG = ("xdist_group", "slow", "real")
# Its programs may still be in the making.
_LAST = "cluster"


class FileByFile(LoadGroupScheduling):  # type: ignore[misc]  # xdist ships no types
    """Gives a process a group, or all of a file that belongs to none, in the order in which tests were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return str(super()._split_scope(nodeid)).partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileByFile | None:
    """Share by file where groups are kept."""
    if config.getvalue("dist") != "loadgroup":
        return None
    config.option.loadscopereorder = False  # by the number of tests, which says nothing of how long they take
    return FileByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of long tests first, of those that come last too."""
    ranks: dict[Path, int] = {}
    for item in items:
        rank = next((at for at, name in enumerate(_LONG) if item.get_closest_marker(name)), len(_LONG))
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
    last = {item.path for item in items if item.get_closest_marker(_LAST)}
    items.sort(key=lambda item: (item.path in last, ranks[item.path]))
