"""The measurements run to their end; what they measure is not judged here."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workshop.bench import fair, flat, parts, recovery
from tests.workshop.bench.figures import Report
from tests.workshop.bench.outside import Shape

pytestmark = pytest.mark.slow


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Of what is measured in a folder that is empty."""
    monkeypatch.chdir(tmp_path)
    return Report(tmp_path / "bench.json")


def test_releases_under_way_end_after_their_host_was_killed(report: Report) -> None:
    """Each of them, by the host that was started next."""
    recovery.measure(report, at_once=(4,), runs=1)

    assert [one.name for one in report.figures] == ["recovery_first", "recovery_all_move", "recovery_all_done"]
    first, all_move, all_done = (one.value for one in report.figures)
    assert 0 < first <= all_move <= all_done


def test_others_are_served_beside_many_events_of_one_service(report: Report) -> None:
    """Clicks, events and releases, each beside what it takes on an idle host."""
    fair.measure(report, events=200, clicks=10)

    names = {one.name for one in report.figures}
    assert names == {f"fair/{what}_p{percent}" for what in ("click", "event", "release") for percent in (50, 99)}
    assert all(one.value > 0 and one.floor for one in report.figures)


def test_charts_are_rendered_in_three_ways(report: Report) -> None:
    """Here, by a warm child, by a cold one."""
    parts.charts(report, renders=3, starts=1)

    assert [one.name for one in report.figures] == ["charts/warm_p50", "charts/warm_p99", "charts/cold"]
    assert all(one.value > 0 and one.goal for one in report.figures)


def test_two_stores_are_measured_alike(report: Report) -> None:
    """The nearly empty one is the floor of the other."""
    flat.measure(report, large=Shape(120, 2, 200), rounds=1, releases=20)

    assert len(report.figures) == 15
    assert all(one.name.startswith("flat/") and one.value > 0 and one.floor for one in report.figures)
