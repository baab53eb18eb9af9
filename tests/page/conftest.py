"""A page with services behind it, and a browser to open it with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.app_parts import Harness, make_app
from tests.support.doors import Doors, open_host, serving
from tests.support.host import Running
from tests.support.machine import parts

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Chromium looks for Google's hosts otherwise, and complains where there are none.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def slipway(tmp_path: Path) -> Harness:
    """The application with two services configured."""
    return make_app("memory", tmp_path).start()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The functions on a local host."""
    with open_host(tmp_path_factory.mktemp("host")) as opened:
        yield opened


@pytest.fixture
def doors(slipway: Harness, host: Running) -> Iterator[Doors]:
    """The open doors of the test's application."""
    with serving(slipway, host) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = str(parts.find("chromium"))
        launched = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield launched
        launched.close()
