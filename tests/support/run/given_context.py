"""A run in a cluster that is there already: refused unless that may be lost, and nothing of it is left there."""

from __future__ import annotations

import os
import secrets
from datetime import timedelta
from typing import Any

import pytest

from tests.support.cluster.names import CONTEXT, DISPOSABLE, PREFIX, context

# Longer than any run: another one may be at work in the same cluster.
_FORGOTTEN_AFTER = timedelta(hours=4)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a cluster that nobody said may be lost, and choose the run's prefix."""
    if not context() or hasattr(config, "workerinput"):
        return
    if os.environ.get(DISPOSABLE) != "1":
        raise pytest.UsageError(
            f"{CONTEXT}={context()} names a cluster in which tests would make and remove namespaces, roles and policies. "
            f"If nothing in it is worth keeping, set {DISPOSABLE}=1 as well; else unset {CONTEXT}."
        )
    os.environ[PREFIX] = f"slipway-test-{secrets.token_hex(4)}"


def pytest_sessionstart(session: pytest.Session) -> None:
    """Say what this run's things are called, for whoever finds them, and remove what killed runs left."""
    if context() and not hasattr(session.config, "workerinput"):
        from tests.support.cluster.given import sweep

        _say(session.config, f"What tests make in the cluster of {context()} begins with {os.environ[PREFIX]}-.")
        try:
            left = sweep(older=_FORGOTTEN_AFTER)
        except Exception as error:
            del os.environ[PREFIX]  # nothing was made, and there is nobody to ask
            raise pytest.UsageError(f"{CONTEXT}: the cluster of {context()} cannot be used: {error}") from error
        for prefix, names in left.items():
            _say(session.config, f"An earlier run left {prefix}, which is removed: {', '.join(names)}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what this run made, whatever became of it: by now no process of it makes anything."""
    if context() and PREFIX in os.environ and not hasattr(config, "workerinput"):
        from tests.support.cluster.given import sweep

        for names in sweep(os.environ.pop(PREFIX)).values():
            _say(config, f"Removed from the cluster of {context()}: {', '.join(names)}")


def _say(config: pytest.Config, text: str) -> None:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(text)
