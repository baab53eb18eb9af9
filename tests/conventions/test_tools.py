"""What the documents promise about commands is there, and the tools look at everything."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conventions import third_party_contract as contract
from tests.support.documents import DEVELOPMENT, README, code_in, documents
from tests.support.run import sharing
from tests.support.tree import ROOT, product_files


def test_the_documents_name_only_targets_that_make_knows() -> None:
    """A command that a reader copies has to work."""
    code = {document: "\n".join(code_in(document)) for document in documents()}
    named = {document: set(re.findall(r"\bmake ([a-z][a-z-]*)\b", commands)) for document, commands in code.items()}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert {"demo", "up", "check-repo"} <= named[README]
    assert {"test", "check", "clean", "package"} <= named[DEVELOPMENT]
    assert set().union(*named.values()) - targets == set()


def test_import_contracts_look_at_every_file() -> None:
    """A file outside the packages that import-linter is told about could import what it likes."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    # function_app is a module, which a contract of its own keeps on top.
    names = {path: contract.module_name(path) for path in product_files() if path.name != "function_app.py"}

    assert names
    assert [str(path) for path, name in names.items() if not any(contract.covers(t, name) for t in told)] == []


def test_scripts_can_be_run() -> None:
    """Scripts without syntax errors, executable in the index as well as on disk."""
    files = subprocess.run(["git", "ls-files", "--stage", ".ci"], cwd=ROOT, capture_output=True, text=True, check=True)
    modes = {line.split("\t")[1]: line.split()[0] for line in files.stdout.splitlines()}

    assert modes
    assert set(modes.values()) == {"100755"}
    for script in modes:
        subprocess.run(["sh", "-n", script] if script != ".ci/run" else ["bash", "-n", script], cwd=ROOT, check=True)


def test_queues_are_set_up_for_plain_text_and_a_pause_between_tries() -> None:
    """The platform's defaults send plain messages to poison and try again at once."""
    queues = json.loads((ROOT / "host.json").read_text())["extensions"]["queues"]

    assert queues["messageEncoding"] == "none"
    assert queues["visibilityTimeout"] != "00:00:00"


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [True, False])
def test_tests_of_one_group_or_one_file_run_in_one_process_and_long_ones_first(tmp_path: Path, grouped: bool) -> None:
    """pytest and xdist have to fit together: where they don't, groups are passed over in silence."""
    it = (
        "import os, pathlib, pytest\n"
        "MARK\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_it(n):\n"
        "    with open('ran', 'a') as file: file.write(f'{os.getpid()} {pathlib.Path(__file__).stem}\\n')\n"
    )
    (tmp_path / "conftest.py").write_text("pytest_plugins = ['tests.support.run.sharing']\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow: seconds\n")
    one = "@pytest.mark.xdist_group('one')" if grouped else ""
    for name, mark in {"test_a": one, "test_b": one, "test_z": "@pytest.mark.slow"}.items():
        (tmp_path / f"{name}.py").write_text(it.replace("MARK", mark))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "--rootdir", ".", "."]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, timeout=120)

    ran = [tuple(line.split()) for line in (tmp_path / "ran").read_text().splitlines()]
    processes = {file: {process for process, by in ran if by == file} for _, file in ran}
    assert [len(ran), *(len(found) for found in processes.values())] == [24, 1, 1, 1]
    assert (processes["test_a"] == processes["test_b"]) or not grouped
    assert "test_z" in {file for _, file in ran[:9]}


def test_tests_on_a_cluster_come_last_however_long_they_are(request: pytest.FixtureRequest) -> None:
    """Its programs may still be in the making; of several files the long one comes first among them, too."""

    def item(file: str, *marks: str) -> pytest.Item:
        made = pytest.Function.from_parent(request.node.parent, name=file, callobj=lambda: None)
        made.path = Path(file)
        for mark in marks:
            made.add_marker(mark)
        return made

    items = [
        item("c", "cluster"),
        item("cs", "cluster", "slow"),
        item("mixed"),
        item("mixed", "cluster"),
        item("plain"),
    ]
    items += [item("s", "slow")]
    sharing.pytest_collection_modifyitems(items)

    assert [str(one.path) for one in items] == ["s", "plain", "cs", "c", "mixed", "mixed"]


@pytest.mark.parametrize(
    ("module", "library", "refused"),
    [
        ("functions.timers", "azure.functions", False),
        ("functions.timers", "azure.identity.DefaultAzureCredential", True),
        ("shared.adapters.tables.store", "azure.data.tables.TableClient", False),
        ("shared.adapters.tables.store", "azure.functions", True),
        ("shared.domain.values.version", "semver", False),
        ("shared.domain.values.version", "yaml", True),
        ("shared.app.handling.handle_event", "requests", True),
        ("shared.inbound.slipway_yaml.models", "pydantic.BaseModel", False),
        ("shared.inbound.git_hook", "pydantic.BaseModel", True),
        ("infra.local", "azure.functions.FunctionApp", False),
    ],
)
def test_an_outside_library_is_used_only_in_its_place(module: str, library: str, refused: bool) -> None:
    """The configuration's own rules, tried on imports that don't exist."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    allowed = next(c["allowed"] for c in contracts if c["type"] == "third_party")
    use = contract.Use(module=module, line=1, library=library)

    assert contract.misplaced([use], contract.rules(allowed)) == ([use] if refused else [])


def test_check_collects_every_folder_of_pure_tests() -> None:
    """What the marks call pure and `make pure` does not name would run in `make test` only."""
    (listed,) = re.findall(r"^PURE := \$\(addprefix tests/,([a-z ]+)\)", (ROOT / "Makefile").read_text(), re.M)
    (marked,) = re.findall(r"^PURE = \((.*)\)$", (ROOT / "tests" / "conftest.py").read_text(), re.M)

    assert listed.split() == re.findall(r"[a-z]+", marked)


def test_what_decides_no_coverage_is_not_measured() -> None:
    """It would take half as long again, in a process of xdist too: this is such a test."""
    assert sys.gettrace() is None
