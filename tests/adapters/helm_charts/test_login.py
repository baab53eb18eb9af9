"""Charts in a registry that lets in only whom it knows: Helm is shown a password, and leaves none behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from shared.domain.names import Digest
from shared.ports.errors import Permanent
from tests.adapters.helm_charts.conftest import PUSHER
from tests.support.acr import Acr
from tests.support.tree import ROOT

PULL = """
import sys, pathlib
from shared.adapters.helm_charts import HelmCharts
from shared.domain.names import Digest
into, host, digest, name, password = sys.argv[1:]
charts = HelmCharts(login=lambda _: (name, password))
charts.pull(host, "charts/delivery", Digest(digest), version="1.0.2", into=pathlib.Path(into))
"""


@pytest.fixture
def package(charts: HelmCharts, folder: Path, tmp_path: Path) -> Path:
    """The sample's chart of delivery, packaged."""
    return charts.package(folder / "delivery", version="1.0.2", app_version="v1.0.2", into=tmp_path / "package")


@pytest.fixture
def digest(guarded: tuple[str, Acr], package: Path) -> Digest:
    """The chart as the registry holds it, pushed by an identity that may."""
    host, _ = guarded
    return OciRegistry(lambda _: PUSHER).push_chart(host, "charts/delivery", package)


def as_(identity: str, guarded: tuple[str, Acr]) -> HelmCharts:
    """Charts as one of the registry's identities."""
    host, registry = guarded
    return HelmCharts(login=lambda named: registry.password(identity) if named == host else None)


def test_a_chart_is_pulled_as_the_identity_that_signed_in(
    guarded: tuple[str, Acr], digest: Digest, package: Path, tmp_path: Path
) -> None:
    """Each call for itself."""
    host, registry = guarded
    pulled = as_("qa", guarded).pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")

    assert pulled.read_bytes() == package.read_bytes()
    assert registry.did("qa") == {("pull", "charts/delivery")}


def test_what_the_identity_may_not_is_our_fault(guarded: tuple[str, Acr], digest: Digest, tmp_path: Path) -> None:
    """As for images."""
    host, registry = guarded
    registry.rights["qa"] = {("pull", "images/")}

    with pytest.raises(Permanent) as refused:
        as_("qa", guarded).pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")
    assert refused.value.ours


def test_a_wrong_password_is_our_fault(guarded: tuple[str, Acr], digest: Digest, tmp_path: Path) -> None:
    """Or one that is over."""
    host, _ = guarded
    charts = HelmCharts(login=lambda named: ("somebody", "guessed"))

    with pytest.raises(Permanent, match="does not let us in") as refused:
        charts.pull(host, "charts/delivery", digest, version="1.0.2", into=tmp_path / "pulled")
    assert refused.value.ours
    assert "guessed" not in str(refused.value)


def test_no_password_stays_on_the_disk(guarded: tuple[str, Acr], digest: Digest, tmp_path: Path) -> None:
    """Helm keeps logins in a file, by itself below the home folder; this one lives as long as the call."""
    host, registry = guarded
    name, password = registry.password("qa")
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PULL, str(tmp_path / "pulled"), host, str(digest), name, password],
        cwd=ROOT,
        env={"HOME": str(home), "TMPDIR": str(home), "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert ("pull", "charts/delivery") in registry.did("qa")
    assert [path for path in home.rglob("*") if path.is_file()] == []
