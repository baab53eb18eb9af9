"""Released charts in a registry that lets in only whom it knows: fetched as who we are, and Helm knows nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from shared.config import Settings
from shared.domain.values.names import Digest
from shared.ports.chart import Charts
from shared.ports.errors import Permanent
from shared.wiring import access_with
from tests.adapters.helm_charts.conftest import PUSHER, QA
from tests.support.acr import Acr
from tests.support.tree import ROOT

PULL = """
import sys, pathlib
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from shared.domain.values.names import Digest
from tests.adapters.helm_charts.conftest import QA
into, host, digest = sys.argv[1:]
charts = HelmCharts(registries=OciRegistry(lambda _: QA))
charts.pull(host, "charts/delivery", Digest(digest), version="1.0.2", into=pathlib.Path(into))
print("helm_python" in sys.modules)
"""


def _fails(_: object) -> Any:
    pytest.fail("deploys")


@pytest.fixture
def package(charts: HelmCharts, folder: Path, tmp_path: Path) -> Path:
    """The sample's chart of delivery, packaged."""
    return charts.package(folder / "delivery", version="1.0.2", app_version="v1.0.2", into=tmp_path / "package")


@pytest.fixture
def digest(guarded: tuple[str, Acr], package: Path) -> Digest:
    """The chart as the registry holds it, pushed by an identity that may."""
    host, _ = guarded
    return OciRegistry(lambda _: PUSHER).push_chart(host, "charts/delivery", package)


def as_(identity: Any, host: str, work: Path) -> Charts:
    """Charts as an installation has them that acts with an identity, or with none."""
    return access_with(Settings(work=work, registry=host), lambda charts: (_fails, _fails), identity).charts


def test_a_chart_is_pulled_as_the_identity_that_signed_in(
    guarded: tuple[str, Acr], digest: Digest, package: Path, tmp_path: Path
) -> None:
    """Each call for itself."""
    host, registry = guarded
    pulled = as_(QA, host, tmp_path).pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")

    assert pulled.read_bytes() == package.read_bytes()
    assert registry.did("qa") == {("pull", "charts/delivery")}


def test_what_the_identity_may_not_is_our_fault(guarded: tuple[str, Acr], digest: Digest, tmp_path: Path) -> None:
    """As for images."""
    host, registry = guarded
    registry.rights["qa"] = {("pull", "images/")}

    with pytest.raises(Permanent) as refused:
        as_(QA, host, tmp_path).pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")
    assert refused.value.ours


def test_who_has_no_identity_is_not_let_in(guarded: tuple[str, Acr], digest: Digest, tmp_path: Path) -> None:
    """The release is not to blame."""
    host, _ = guarded

    with pytest.raises(Permanent, match="HTTP 401") as refused:
        as_(None, host, tmp_path).pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")
    assert refused.value.ours


def test_attack_a_host_of_somebodys_own_is_shown_no_token(
    guarded: tuple[str, Acr], digest: Digest, tmp_path: Path
) -> None:
    """Attack: slipway.yaml names a registry that takes what it is shown."""
    host, registry = guarded
    registry.paths.clear()

    with pytest.raises(Permanent, match="HTTP 401"):
        as_(QA, "fabrikam.azurecr.io", tmp_path).pull(
            host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled"
        )
    assert "/oauth2/exchange" not in registry.paths


def test_who_signs_in_loads_no_helm_and_writes_nothing_down(
    guarded: tuple[str, Acr], digest: Digest, tmp_path: Path
) -> None:
    """Helm's own client would keep logins in a file; it looks into the chart in a process that is told none."""
    host, registry = guarded
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PULL, str(tmp_path / "pulled"), host, str(digest)],
        cwd=ROOT,
        env={"HOME": str(home), "TMPDIR": str(home), "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
    assert ("pull", "charts/delivery") in registry.did("qa")
    assert [path for path in home.rglob("*") if path.is_file()] == []
