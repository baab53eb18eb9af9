"""The whole of it as on Azure: the real worker, and an account's tables and queues; only the Functions host is stood in for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conventions.third_party_contract import covers
from tests.support.doors import PEOPLE
from tests.support.worker.account import OnAzure

pytestmark = [pytest.mark.real("azurite"), pytest.mark.slow]
# What a whole release has no use for: there is no cluster, no identity and no Azure DevOps here, and no page was asked for.
UNUSED = ("azure.devops", "azure.identity", "infra", "kubernetes", "kubernetes_validate", "werkzeug")
RELEASE = "/api/services/delivery/releases/1.0.0"


def waiting(azure: OnAzure) -> str:
    """The approval request for production."""
    promotions: list[dict[str, Any]] = azure.read(RELEASE).get("promotions", [])
    asked = [one.get("approval") or {} for one in promotions if one["environment"] == "production"]
    return str(asked[0].get("request", "")) if asked else ""


def test_a_release_goes_from_the_push_to_production(tmp_path: Path) -> None:
    """Every step a message, each one brought to a function of the worker's."""
    with OnAzure(tmp_path) as azure:
        assert azure.push("main").status == 202
        azure.until(lambda: azure.read("/api/services/delivery"))
        assert azure.push("release/delivery/v1.0.0").status == 202
        request = azure.until(lambda: waiting(azure))

        answer = azure.platform.request(
            "POST", f"/api/services/delivery/approvals/{request}", {"decision": "approve"}, who=PEOPLE["rita"]
        )
        azure.until(lambda: azure.read(RELEASE).get("phase") == "Released")

        assert answer.status == 200
        assert azure.platform.turn("tick").error == ""
        assert [name for name in azure.worker.modules() if any(covers(one, name) for one in UNUSED)] == []
        assert azure.ran >= {"event_worker", "inspect_push", "build", "gather_facts", "ask_approval", "retag", "deploy"}
