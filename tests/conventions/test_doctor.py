"""azure-functions-doctor finds nothing in what is deployed that would stop or surprise on Azure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from azure_functions_doctor.api import run_diagnostics

from infra.azure.package.build import OURS
from infra.azure.package.target import PYTHON
from tests.support.tree import ROOT

pytestmark = pytest.mark.slow

# Warnings that don't fit, each with the reason. A rule that starts to pass has to leave this list.
KNOWN = {
    # It looks for register_functions(name); ours are registered from a table, and test_function_app.py holds the list.
    "check_blueprint_registration",
    # cryptography and msgspec are fetched for the platform that the package is for, by `make package`.
    "check_native_dependency_risk",
    # Telemetry is switched on where the app is deployed; on a developer's machine there is nothing to send it to.
    "check_app_insights",
}


@pytest.fixture
def deployed(tmp_path: Path) -> Path:
    """What Core Tools would see of a clone: our files, and the settings that a developer begins with."""
    for name in OURS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, tmp_path / name)
    shutil.copyfile(ROOT / ".funcignore", tmp_path / ".funcignore")
    shutil.copyfile(ROOT / "local.settings.json.sample", tmp_path / "local.settings.json")
    return tmp_path


def found(folder: Path) -> dict[str, list[str]]:
    """Rules by how they ended; what a rule has no use for here is `skip`."""
    ended: dict[str, list[str]] = {}
    for section in run_diagnostics(str(folder), profile="deploy", target_python=PYTHON):
        for item in section["items"]:
            ended.setdefault(item["status"], []).append(item["rule_id"])
    return ended


def test_the_doctor_has_nothing_against_what_is_deployed(deployed: Path) -> None:
    """Its profile for deployments; a warning is a finding, too."""
    ended = found(deployed)

    assert ended.keys() <= {"pass", "warn", "skip"}
    assert set(ended["warn"]) == KNOWN
    assert {"check_host_json_version", "check_extension_bundle_v4", "check_binding_connection_resolution"} <= {
        *ended["pass"]
    }


def test_the_doctor_sees_a_host_json_that_azure_would_not_take(deployed: Path) -> None:
    """Or it would have looked at nothing above."""
    (deployed / "host.json").write_text('{"version": "1.0"}', encoding="utf-8")
    shutil.rmtree(deployed / "shared")  # which takes it long to read, and has nothing to say of this

    assert "check_host_json_version" in found(deployed)["fail"]
