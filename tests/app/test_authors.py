"""Authors: nobody approves what they had a hand in, wherever in the repository that was."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.ports.errors import Permanent
from tests.support.app_parts import Harness, branch, make_app
from tests.support.outside import ADA, RITA, SLIPWAY_YAML, Outside

CHART = "charts/delivery/Chart.yaml"
COMMON = (
    b"name: delivery\ndependencies: [{name: common, repository: 'file://../common'}, {name: x, repository: oci://y}]\n"
)
FOLDED = b"name: delivery\n%s: [{name: a, %s: 'file://../../libs/hidden'}]\n"
ODD = b"name: delivery\ndependencies: [{name: a, repository: '%s'}]\n"


def refused(slipway: Harness, files: dict[str, bytes | None]) -> bool:
    """Whether Rita, who wrote nothing but these files of a release that Ada pushed, is kept from approving it."""
    slipway.outside.commit(branch("1.0.0"), files, by=RITA)
    slipway.push_release("1.0.0", by=ADA)
    slipway.pump()
    return slipway.answer(RITA).outcome == "refused"


def test_attack_commit_to_a_chart_that_the_chart_takes_in_and_approve(slipway: Harness) -> None:
    """What lies in charts/common is rendered with the service's own templates."""
    slipway.outside.commit(branch("1.0.0"), {CHART: COMMON}, by=ADA)

    assert refused(slipway, {"charts/common/templates/_common.tpl": b"x"})


def test_attack_commit_to_a_chart_that_is_taken_in_by_one_that_is_taken_in_and_approve(slipway: Harness) -> None:
    """Deep down too, and where the older kind of chart lists it."""
    files = {CHART: COMMON, "charts/common/requirements.yaml": ODD % b"file://../base"}
    slipway.outside.commit(branch("1.0.0"), files, by=ADA)

    assert refused(slipway, {"charts/base/values.yaml": b"x"})


@pytest.mark.parametrize(
    "described",
    [
        b"dependencies: [",
        b"a: 1\n---\nb: 2\n",
        b"dependencies: 3\n",
        b"dependencies: [x]\n",
        ODD % b"file://../../..",
        ODD % b"file:///etc",
        ODD % b"file://../..",
        *(FOLDED % (key.encode(), b"repository") for key in ("Dependencies", "DEPENDENCIES", "dependencie\u017f")),
        *(FOLDED % (b"dependencies", key.encode()) for key in ("Repository", "repo\u017fitory", "\uff52epository")),
        "name: delivery\nver\u017fion: 1\n".encode(),
    ],
)
def test_attack_a_chart_that_hides_what_it_takes_in(slipway: Harness, described: bytes) -> None:
    """Where that cannot be told, or leads out of the repository, whoever wrote any of it is an author."""
    slipway.outside.commit(branch("1.0.0"), {CHART: described}, by=ADA)

    assert refused(slipway, {"README.md": b"x"})


@pytest.mark.parametrize("keys", [("Dependencies", "repository"), ("dependencies", "repo\u017fitory")])
def test_attack_a_chart_of_the_older_kind_that_hides_what_it_takes_in(slipway: Harness, keys: tuple[str, str]) -> None:
    """Helm reads requirements.yaml as it reads Chart.yaml: without regard to case, and with letters folded."""
    listed = FOLDED % (keys[0].encode(), keys[1].encode())
    slipway.outside.commit(branch("1.0.0"), {"charts/delivery/requirements.yaml": listed}, by=ADA)

    assert refused(slipway, {"libs/hidden/templates/x.yaml": b"x"})


@pytest.mark.parametrize("link", ["charts", "src"])
def test_attack_hide_a_chart_below_a_folder_that_a_link_makes_a_used_one(slipway: Harness, link: str) -> None:
    """What lies below another used path is looked into all the same."""
    files: dict[str, bytes | None] = {
        CHART: ODD % b"file://../../libs/hidden",
        "charts/delivery/files/all": f"-> {link}".encode(),
    }
    slipway.outside.commit(branch("1.0.0"), files, by=ADA)

    assert refused(slipway, {"libs/hidden/templates/x.yaml": b"x"})


def test_attack_hide_a_chart_that_a_link_leads_to(slipway: Harness) -> None:
    """It is looked into where it lies, whatever else is used around it."""
    files: dict[str, bytes | None] = {
        "charts/delivery": b"-> libs/delivery",
        "libs/delivery/files/all": b"-> libs",
        "libs/delivery/Chart.yaml": ODD % b"file://../../other/hidden",
    }
    slipway.outside.commit(branch("1.0.0"), files, by=ADA)

    assert refused(slipway, {"other/hidden/templates/x.yaml": b"x"})


@pytest.mark.parametrize("name", ["Chart.yaml", "requirements.yaml"])
def test_attack_a_description_that_is_too_large_to_be_looked_into(slipway: Harness, name: str) -> None:
    """Nobody knows what it takes in, so everybody who wrote anything is an author."""
    path = f"charts/delivery/{name}"
    slipway.outside.troubles.add(f"source.file {path}", *[Permanent(f"{path} has 4194305 bytes")] * 9)

    assert refused(slipway, {"README.md": b"x"})


def test_attack_charts_that_take_in_each_other_without_end(slipway: Harness) -> None:
    """Looked into a few times, then everybody is an author."""
    chain = {f"charts/c{n}/Chart.yaml": ODD % f"file://../c{n + 1}".encode() for n in range(9)}
    slipway.outside.commit(branch("1.0.0"), {CHART: ODD % b"file://../c0", **chain}, by=ADA)

    assert refused(slipway, {"README.md": b"x"})


def test_attack_commit_to_an_environments_values_and_approve(tmp_path: Path) -> None:
    """Also where they lie beside the chart, and for an environment that is not the one that asks."""
    text = SLIPWAY_YAML.replace('"charts/{service}/values-qa.yaml"', '"deploy/{environment}/{service}.yaml"')
    slipway = make_app("memory", tmp_path, Outside(slipway_yaml=text)).start()

    assert refused(slipway, {"deploy/qa/delivery.yaml": b"replicas: 9\n"})


def test_attack_commit_to_a_shared_folder_that_triggers_the_service_and_approve(tmp_path: Path) -> None:
    """What starts a build goes into it; a wildcard stands for the folders before it."""
    text = SLIPWAY_YAML.replace("{include: [src/shipping/delivery]}", '{include: ["libs/*/src"]}')
    slipway = make_app("memory", tmp_path, Outside(slipway_yaml=text)).start()

    assert refused(slipway, {"libs/maps/src/a.py": b"x"})


def test_a_pattern_without_a_folder_before_its_wildcard_means_the_whole_repository(tmp_path: Path) -> None:
    """Nothing narrower can be said."""
    text = SLIPWAY_YAML.replace("{include: [src/shipping/delivery]}", '{include: ["**/delivery"]}')
    slipway = make_app("memory", tmp_path, Outside(slipway_yaml=text)).start()

    assert refused(slipway, {"README.md": b"x"})


def test_who_wrote_elsewhere_may_approve(slipway: Harness) -> None:
    """Another service's change does not count, or in a monorepo nobody could approve anything."""
    assert not refused(slipway, {"src/shipping/package/a.py": b"x"})


def test_attack_push_and_have_somebody_else_push_last(slipway: Harness) -> None:
    """Everybody who pushed the release branch is an author, not the last alone."""
    slipway.outside.commit(branch("1.0.0"), {"src/shipping/delivery/a": b"1"}, by=ADA)
    slipway.tell_push(branch("1.0.0"), by=RITA)
    slipway.pump("events", "inspect-push")
    slipway.outside.commit(branch("1.0.0"), {"src/shipping/delivery/a": b"2"}, by=ADA)
    slipway.tell_push(branch("1.0.0"), by=ADA)
    slipway.pump()
    handled = slipway.answer(RITA)

    assert (handled.outcome, handled.code) == ("refused", "author")
