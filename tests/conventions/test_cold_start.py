"""A cold start pays for nothing that the first message does not use."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.tree import ROOT

# azure.functions is loaded by the platform in any case, with all that it brings.
PROBE = """
import json, sys
import azure.functions
there = set(sys.modules)
import function_app
print(json.dumps(sorted(set(sys.modules) - there)))
"""
DEAR = (
    "azure.containerregistry",
    "azure.core",
    "azure.data",
    "azure.devops",
    "azure.identity",
    "azure.storage",
    "cryptography",
    "helm_python",
    "jwt",
    "kubernetes",
    "kubernetes_validate",
    "msrest",
    "pydantic",
    "requests",
    "shared.adapters",
    "shared.domain.decide",
    "werkzeug.serving",
    "yaml",
)


def test_function_app_loads_no_sdk_and_no_rules() -> None:
    """Told by the list of modules: a time would say more about the machine."""
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"function_app could not be imported:\n{done.stderr}"

    loaded = [
        name
        for name in json.loads(done.stdout)
        if name.startswith(tuple(f"{d}." for d in DEAR)) or name in DEAR
    ]

    assert loaded == []
