"""The whole of it as on Azure: the real worker, and an account's tables and queues; only the Functions host is stood in for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conventions.third_party_contract import covers
from tests.support.worker.account import OnAzure

pytestmark = [pytest.mark.real("azurite"), pytest.mark.slow]
# What a whole release has no use for: here is no cluster, no identity, no Azure DevOps and no telemetry, and no page was asked for.
UNUSED = (
    "azure.devops",
    "azure.identity",
    "azure.monitor",
    "infra",
    "kubernetes",
    "kubernetes_validate",
    "opentelemetry",
    "werkzeug",
)


def test_a_release_goes_from_the_push_to_production(tmp_path: Path) -> None:
    """Every step a message, each one brought to a function of the worker's."""
    with OnAzure(tmp_path) as azure:
        answer = azure.release()

        assert answer.status == 200
        assert [azure.platform.turn(timer).error for timer in ("tick", "anchor")] == ["", ""]
        assert [name for name in azure.worker.modules() if any(covers(one, name) for one in UNUSED)] == []
        # The worker speaks as azure.functions. The SDKs would tell of each request: 600 times in a release.
        assert {line.partition(": ")[0] for line in azure.log().splitlines()} == {"azure.functions", "slipway"}
        assert azure.ran >= {"event_worker", "inspect_push", "build", "quick", "people", "deploy"}
