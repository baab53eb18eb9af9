"""The first messages of a process come together: Azure hands out as many as it has threads."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.telemetry import quiet_others
from tests.support.otlp_receiver import otlp_receiver
from tests.support.tree import ROOT

SDKS = ("azure.core", "azure.identity")
# A process of its own: what is imported already is made too fast for others to come in between.
TOGETHER = """
import json, threading
from shared import bootstrap, signing_in
made = (bootstrap.app, bootstrap.database, bootstrap.credentials, bootstrap.settings, signing_in._sign_in)
at_once, found = threading.Barrier(8), []
def ask():
    at_once.wait()
    found.append([id(one()) for one in made])
threads = [threading.Thread(target=ask) for _ in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(json.dumps([[len(set(ids)) for ids in zip(*found)], [one.name for one in threading.enumerate()]]))
bootstrap.database().close()
"""


def test_the_first_messages_share_one_application(tmp_path: Path) -> None:
    """One database, one credential for each identity, one exporter of measures; others would go on for ever beside it."""
    with otlp_receiver() as receiver:
        settings = {
            "SLIPWAY_DATABASE": str(tmp_path / "slipway.db"),
            "SLIPWAY_WORK": str(tmp_path / "work"),
            "SLIPWAY_TELEMETRY": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        }
        done = subprocess.run(
            [sys.executable, "-c", TOGETHER],
            cwd=ROOT,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert done.returncode == 0, done.stderr
    made, threads = json.loads(done.stdout)
    assert made == [1, 1, 1, 1, 1]
    assert {name: count for name, count in Counter(threads).items() if name.startswith("Otel")} == {
        "OtelBatchSpanRecordProcessor": 1,
        "OtelPeriodicExportingMetricReader": 1,
    }


@pytest.fixture
def loggers() -> Iterator[Callable[[str], logging.Logger]]:
    """Loggers as they are before anybody has asked for anything."""
    before = {name: logging.getLogger(name).level for name in SDKS}
    for name in SDKS:
        logging.getLogger(name).setLevel(logging.NOTSET)
    yield logging.getLogger
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def test_what_sdks_tell_of_each_request_is_not_logged(loggers: Callable[[str], logging.Logger]) -> None:
    """The Functions worker hands on all that is said at INFO; whoever has asked for more gets it."""
    loggers("azure.identity").setLevel(logging.DEBUG)
    quiet_others()

    assert loggers("azure.core.pipeline.policies.http_logging_policy").getEffectiveLevel() == logging.WARNING
    assert loggers("azure.identity").level == logging.DEBUG
