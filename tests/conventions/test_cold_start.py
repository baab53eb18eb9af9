"""A cold start pays for nothing that the first message does not use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conventions.third_party_contract import covers
from tests.support.tree import ROOT

# azure.functions is loaded by the platform in any case, with all that it brings.
PROBE = """
import json, sys
import azure.functions
there = set(sys.modules)
import function_app
print(json.dumps(sorted(set(sys.modules) - there)))
"""
# With telemetry off, a process that works knows nothing of it either.
WORK = """
import json, sys
from shared import bootstrap
from shared.app.sweep import sweep
sweep(bootstrap.app())
bootstrap.database().close()
print(json.dumps([name for name in sys.modules if name.startswith(("opentelemetry", "azure.monitor"))]))
"""
# What deciding takes, which a door does not do.
RULES = ("shared.domain.deciding.decide",)
# What takes its time, by what a first message may have use for.
DEAR = (
    "azure.containerregistry",
    "azure.core",
    "azure.data",
    "azure.devops",
    "azure.identity",
    "azure.monitor",
    "azure.storage",
    "cryptography",
    "helm_python",
    "jwt",
    "kubernetes",
    "kubernetes_validate",
    "msrest",
    "opentelemetry",
    "pydantic",
    "requests",
    "werkzeug",
    "yaml",
)


def outside(modules: Iterable[str]) -> list[str]:
    """The modules among them that are neither ours nor the standard library's."""
    ours = {"function_app", "functions", "shared"} | sys.stdlib_module_names
    return [name for name in modules if name.partition(".")[0] not in ours]


def test_function_app_loads_nothing_of_others_and_no_rules() -> None:
    """Told by the list of modules: a time would say more about the machine."""
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"function_app could not be imported:\n{done.stderr}"

    loaded = json.loads(done.stdout)

    assert outside(loaded) == []
    assert [name for name in loaded if any(covers(rule, name) for rule in RULES)] == []


@pytest.mark.parametrize(("telemetry", "loaded"), [("off", False), ("otlp", True)])
def test_what_exports_telemetry_is_loaded_where_it_is_asked_for(tmp_path: Path, telemetry: str, loaded: bool) -> None:
    """Who does not use it does not pay for it, at no time."""
    settings = {"SLIPWAY_DATABASE": str(tmp_path / "slipway.db"), "SLIPWAY_WORK": str(tmp_path / "work")}
    # Nobody listens there, and nobody waits for that.
    variables = {"SLIPWAY_TELEMETRY": telemetry, "OTEL_EXPORTER_OTLP_TIMEOUT": "0.001", "OTEL_SDK_DISABLED": "true"}

    done = subprocess.run(
        [sys.executable, "-c", WORK],
        cwd=ROOT,
        env={**os.environ, **settings, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert bool(json.loads(done.stdout)) == loaded


@pytest.mark.parametrize("module", RULES)
def test_the_rules_that_are_not_loaded_exist(module: str) -> None:
    """A module that was renamed would be missing from the list above for ever."""
    assert (ROOT / f"{module.replace('.', '/')}.py").exists()
