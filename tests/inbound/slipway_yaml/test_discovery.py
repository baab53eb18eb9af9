"""Services are found by their folders, or completed from them."""

from __future__ import annotations

import pytest

from shared.domain.policies.policy import GitOpsTarget
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.policies import BrokenPolicy

HEAD = "version: 1\nregistry: r.io\n"
READER = SlipwayYaml(local_deploy=GitOpsTarget(repository="environments.git"))


def found(text: str, *files: str) -> list[tuple[str, str, str]]:
    policies = READER.compile(text.encode(), repository="monorepo", commit="c1", files=files).services
    return [(policy.service.service, policy.path, policy.chart) for policy in policies]


def said(text: str, *files: str) -> list[str]:
    with pytest.raises(BrokenPolicy) as broken:
        READER.compile(text.encode(), repository="monorepo", commit="c1", files=files)
    return [f"{fault.key}: {fault.problem}" for fault in broken.value.faults]


@pytest.mark.parametrize("chart", ["charts/one", "src/one/chart", "src/one/charts/one"])
def test_a_folder_with_a_dockerfile_and_a_chart_is_a_service(chart: str) -> None:
    """The chart may lie at the root or in the folder."""
    assert found(HEAD, "src/one/Dockerfile", f"{chart}/Chart.yaml") == [("one", "src/one", chart)]


def test_a_dockerfile_without_a_chart_is_no_service() -> None:
    """Nor is one at the root, which has no folder's name."""
    files = ("Dockerfile", "tools/Dockerfile", "one/Dockerfile", "one/chart/Chart.yaml", "docs/Dockerfile.md")

    assert found(HEAD, *files) == [("one", "one", "one/chart")]


def test_a_repository_without_services_is_a_fault() -> None:
    """An empty policy would let every release branch be refused as unknown."""
    assert said(HEAD, "README.md") == ["services: are missing, and no folder holds a Dockerfile and has a chart"]


def test_two_folders_of_one_name_are_a_fault() -> None:
    """Which of them it is must be written down."""
    files = ("a/one/Dockerfile", "b/one/Dockerfile", "charts/one/Chart.yaml")

    assert said(HEAD, *files) == [
        "services: are found by their folders, but a/one and b/one have one name; list them here"
    ]
    assert said(f"{HEAD}services: {{one: }}", *files) == [
        "services.one.path: is missing, and several are called so: a/one, b/one"
    ]


def test_a_folder_whose_name_no_service_may_have_is_a_fault() -> None:
    """It is not left out silently."""
    files = ("My_App/Dockerfile", "My_App/chart/Chart.yaml")

    assert said(HEAD, *files)[0] == (
        "services: are found by their folders, but My_App has no service's name; list them here"
    )


def test_a_folder_may_be_a_link_to_one() -> None:
    """Or lie behind one; what is behind it is the build's to find."""
    files = ("src/one/", "charts/one/", "all/", "x")
    services = "{one: {path: src/one}, two: {path: all/two, chart: all/charts/two}}"

    assert found(f"{HEAD}services: {services}", *files) == [
        ("one", "src/one", "charts/one"),
        ("two", "all/two", "all/charts/two"),
    ]


@pytest.mark.parametrize(
    ("service", "fault"),
    [
        ("{path: src/typo}", "services.one.path: src/typo is not a folder of the repository"),
        ("{chart: charts/typo}", "services.one.chart: charts/typo holds no Chart.yaml"),
        ("{path: other}", "services.one.chart: is missing, and there is no Chart.yaml in charts/one, other/chart or other/charts/one"),
    ],
)  # fmt: skip
def test_a_folder_that_is_not_there_is_a_fault(service: str, fault: str) -> None:
    """A slip in a path would otherwise never be built, silently."""
    assert said(f"{HEAD}services: {{one: {service}}}", "src/one/Dockerfile", "other/x", "charts/two/Chart.yaml") == [
        fault
    ]


def test_a_service_without_a_folder_is_a_fault() -> None:
    """Nothing is built from nowhere."""
    assert said(f"{HEAD}services: {{two: }}", "src/one/Dockerfile") == [
        "services.two.path: is missing, and no folder called two holds a Dockerfile"
    ]


def test_what_is_written_wins_over_what_is_found() -> None:
    """A service may lie elsewhere than its name says."""
    files = ("src/one/Dockerfile", "charts/one/Chart.yaml", "else/where/x", "c/Chart.yaml")

    assert found(f"{HEAD}services: {{one: {{path: else/where, chart: c}}}}", *files) == [("one", "else/where", "c")]
