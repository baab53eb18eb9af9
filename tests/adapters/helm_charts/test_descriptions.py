"""Descriptions of charts that Helm reads otherwise than whoever looks for their authors are refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.ports.errors import Permanent
from shared.ports.source import MOST_FILE

NAMED = "apiVersion: v1\nname: delivery\nversion: 1.0.0\n"
LISTED = "{}: [{{name: x, version: 1.0.0, {}: 'file://../common'}}]\n"


@pytest.mark.parametrize(("file", "before"), [("Chart.yaml", NAMED), ("requirements.yaml", "")])
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("Dependencies", "repository"), "holds Dependencies; write dependencies"),
        (("dependencie\u017f", "repository"), "holds dependencie\u017f; write dependencies"),
        (("dependencies", "Repository"), "holds Repository; write repository"),
        (("dependencies", "repo\u017fitory"), "holds repo\u017fitory; write repository"),
    ],
)
def test_attack_keys_that_helm_folds_are_refused(
    charts: HelmCharts, folder: Path, tmp_path: Path, file: str, before: str, keys: tuple[str, str], said: str
) -> None:
    """In Chart.yaml, and in requirements.yaml, which Helm reads of every chart."""
    (folder / "delivery" / file).write_text(before + LISTED.format(*keys))

    with pytest.raises(Permanent, match=f"delivery/{file} {said}"):
        charts.package(folder / "delivery", version="1.0.0", app_version="v1", into=tmp_path)


@pytest.mark.parametrize(("file", "before"), [("Chart.yaml", NAMED), ("requirements.yaml", "dependencies: []\n")])
def test_attack_a_description_larger_than_what_is_looked_into_is_refused(
    charts: HelmCharts, folder: Path, tmp_path: Path, file: str, before: str
) -> None:
    """Comments alone would hide from others what the chart takes in."""
    (folder / "delivery" / file).write_text(before + "# xxxxxxxx\n" * (MOST_FILE // 11 + 1))

    with pytest.raises(Permanent, match=f"delivery/{file} has [0-9]+ bytes; {MOST_FILE} are read at most"):
        charts.package(folder / "delivery", version="1.0.0", app_version="v1", into=tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "dependencies: []\n", "dependencies:\n"])
def test_a_chart_of_the_older_kind_may_list_nothing(
    charts: HelmCharts, folder: Path, tmp_path: Path, text: str
) -> None:
    """The file alone takes nothing in."""
    (folder / "delivery/requirements.yaml").write_text(text)

    assert charts.package(folder / "delivery", version="1.0.0", app_version="v1", into=tmp_path).is_file()


def test_attack_a_lock_in_other_letters_leads_nowhere_else(charts: HelmCharts, folder: Path, tmp_path: Path) -> None:
    """Helm reads a long s as an s there, too."""
    lock = "dependencie\u017f:\n- {name: common, repo\u017fitory: 'http://169.254.169.254/', version: 1.0.0}\ndigest: sha256:00\n"
    (folder / "package/Chart.lock").write_text(lock)

    with pytest.raises(Permanent, match=r"Chart\.lock of chart package does not fit Chart\.yaml"):
        charts.package(folder / "package", version="1.0.0", app_version="v1", into=tmp_path)
