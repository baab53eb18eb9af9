"""What is measured on a control plane is measured: nothing here says how fast."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cluster.shared import Cluster
from tests.workshop.bench import on_cluster
from tests.workshop.bench.figures import Report

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


def test_deploying_is_measured_beside_the_library(control_plane: Cluster, tmp_path: Path) -> None:
    """In turn, each in a process of its own; on a control plane that the bench starts itself."""
    assert control_plane.server
    report = Report(tmp_path / "bench.json")

    on_cluster.overhead(report, pairs=1)

    assert {"cluster/upgrade_p50", "cluster/overhead"} <= {one.name for one in report.figures}
    assert all(one.value > 0 for one in report.figures)
