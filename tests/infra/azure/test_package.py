"""The deployment package, built as for Azure and run by Microsoft's worker with nothing but what is in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.azure.package.build import OURS, SITE_PACKAGES, build, write_zip
from infra.azure.package.left_out import RULES, check_rules, why_left_out
from infra.azure.package.report import PackageReport
from infra.azure.package.target import PYTHON, CannotPackage
from infra.local.sample import git
from tests.conventions.third_party_contract import covers, outside_uses
from tests.support.tree import ROOT
from tests.support.worker.account import OnAzure
from tests.support.worker.running import Worker, worker_or_skip
from tests.support.worker.scene import registered

# In one process: it is built once.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("package")]

# Run with the package's folders alone: neither the clone nor its virtual environment is on the path.
ALONE = """
import json, os, pkgutil, sys
folder, site = sys.argv[1:3]
sys.path[:] = [folder, site, *(path for path in sys.path if path)]
os.chdir("/")
"""
IMPORTS = (
    ALONE
    + """
failed = {}
for name in json.load(sys.stdin):
    try:
        pkgutil.resolve_name(name)
    except Exception as error:
        failed[name] = repr(error)
print(json.dumps(failed))
"""
)
IN_A_CHILD = (
    ALONE
    + """
from pathlib import Path
from shared.adapters.helm_charts import HelmCharts
from shared.ports.chart import Rendering
rendered = HelmCharts().render(Path(sys.argv[3]), Rendering(release_name="delivery", namespace="qa"))
print(json.dumps([rendered.decode(), "helm_python" in sys.modules]))
"""
)
RENDERS = (
    ALONE
    + """
import helm_python as helm
from helm_python import _native
chart = helm.Chart.load(sys.argv[3])
print(json.dumps([str(_native.library_path), sorted(chart.render(name="delivery", namespace="qa"))]))
"""
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> PackageReport:
    """Built once."""
    worker_or_skip()
    if sys.version_info[:2] != tuple(map(int, PYTHON.split("."))):
        pytest.skip(f"did not run: what is compiled in the package is for Python {PYTHON}, which this is not")
    return build(ROOT, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def unzipped(package: PackageReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the platform mounts it."""
    folder = tmp_path_factory.mktemp("wwwroot")
    with zipfile.ZipFile(package.zip) as file:
        file.extractall(folder)
    return folder


def alone(script: str, unzipped: Path, *arguments: str, asked: object = None) -> Any:
    """Run a script with nothing but the package, and return what it printed."""
    command = [sys.executable, "-I", "-S", "-c", script, str(unzipped), str(unzipped / SITE_PACKAGES), *arguments]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_holds_what_runs_and_nothing_else(package: PackageReport) -> None:
    """No tests, no infrastructure, no local settings; every library once."""
    with zipfile.ZipFile(package.zip) as file:
        names = file.namelist()

    assert {name.partition("/")[0] for name in names} == {*OURS, ".python_packages", "__pycache__"}
    assert [name for name in names if "libhelm_c" in name] == [
        f"{SITE_PACKAGES.as_posix()}/helm_python/lib/libhelm_c.so.0.2.2"
    ]
    assert len(names) == package.whole.files
    assert package.left_out["copy of the Helm library"].files == 2


def test_the_same_files_make_the_same_package(package: PackageReport, tmp_path: Path) -> None:
    """To the byte, whenever and under whatever umask it is made: two who build it can compare."""
    one = package.folder / "host.json"
    again = PackageReport(zip=tmp_path / "again.zip", folder=package.folder)
    os.utime(one, (0, 0))
    one.chmod(0o600)

    write_zip(again)

    assert again.zip.read_bytes() == package.zip.read_bytes()


def test_the_worker_takes_it_with_its_own_packages_alone(unzipped: Path) -> None:
    """Indexed whole, and from the mounted folder only."""
    with Worker({}, app=unzipped, paths=[unzipped / SITE_PACKAGES]) as worker:
        assert worker.functions.keys() == registered().keys()


def test_every_library_that_a_module_of_ours_names_is_there(unzipped: Path) -> None:
    """What is imported in a function as well: it would be missed only when its message comes."""
    names = sorted({use.library for use in outside_uses(ROOT) if not covers("infra", use.module)})

    assert "helm_python" in names
    assert alone(IMPORTS, unzipped, asked=names) == {}


def test_helm_renders_a_chart_from_the_one_copy_that_is_kept(unzipped: Path) -> None:
    """The two others are not asked for."""
    chart = ROOT / "infra/samples/monorepo/charts/delivery"

    library, rendered = alone(RENDERS, unzipped, str(chart))

    assert library == str(unzipped / SITE_PACKAGES / "helm_python/lib/libhelm_c.so.0.2.2")
    assert any("deployment" in name for name in rendered)


def test_charts_are_rendered_by_a_child_of_the_packages_own(unzipped: Path) -> None:
    """It finds Helm and our modules where the package has them."""
    rendered, here = alone(IN_A_CHILD, unzipped, str(ROOT / "infra/samples/monorepo/charts/delivery"))

    assert "kind: Deployment" in rendered
    assert here is False


@pytest.mark.real("azurite")
def test_it_releases(unzipped: Path, tmp_path: Path) -> None:
    """From the push to production, with git, a registry, Helm, tables and queues."""
    with OnAzure(tmp_path, app=unzipped, paths=[unzipped / SITE_PACKAGES]) as azure:
        assert azure.release().status == 200


def test_funcignore_leaves_the_same_files_to_core_tools() -> None:
    """Who publishes with `func` gets the same functions."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    every = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    command = ["git", "ls-files", "--cached", "--others", "--ignored", "--exclude-from=.funcignore"]
    ignored = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()

    assert {name.partition("/")[0] for name in set(every) - set(ignored)} == set(OURS)


@pytest.mark.parametrize(
    ("path", "left"),
    [
        (".local/up/people.json", True),
        (".local/package/slipway.zip", True),
        (".env", True),
        (".azure/production/.env", True),
        ("local.settings.json", True),
        ("tests/functions/conftest.py", True),
        ("shared/__pycache__/config.cpython-313.pyc", True),
        ("shared/page/static/page.css", False),
        ("functions/api/abort.py", False),
        ("host.json", False),
    ],
)
def test_what_git_does_not_list_stays_behind_too(path: str, left: bool, tmp_path: Path) -> None:
    """Secrets, state and settings of the machine that somebody publishes from; .gitignore is not asked."""
    git(tmp_path, "init", "--quiet")
    shutil.copyfile(ROOT / ".funcignore", tmp_path / ".gitignore")
    done = subprocess.run(["git", "check-ignore", "--quiet", path], cwd=tmp_path)

    assert (done.returncode == 0) is left


def test_a_rule_that_fits_nothing_any_more_is_refused() -> None:
    """A new version of a wheel may load what an old one held twice."""
    with pytest.raises(CannotPackage, match="helm-python-sdk has no helm_python/lib/libhelm_c"):
        check_rules([("helm-python-sdk", Path("helm_python/lib/libhelm_c-linux.so"))])


@pytest.mark.parametrize(
    ("project", "path", "left"),
    [
        ("helm-python-sdk", "helm_python/lib/libhelm_c.so.0.2.2", False),
        ("helm-python-sdk", "helm_python/lib/libhelm_c.so", True),
        ("jsonschema", "jsonschema/tests/test_cli.py", True),
        ("azure-devops", "azure/devops/v7_1/test/test_client.py", False),
        ("pyjwt", "pyjwt-2.15.1.dist-info/METADATA", False),
        ("pyjwt", "pyjwt-2.15.1.dist-info/RECORD", True),
    ],
)
def test_a_file_stays_behind_for_a_reason(project: str, path: str, left: bool) -> None:
    """Azure DevOps has an area named test, which is none."""
    assert (why_left_out(project, Path(path)) is not None) is left


def test_every_reason_is_said() -> None:
    """The report is grouped by it."""
    assert all(rule.why for rule in RULES)
