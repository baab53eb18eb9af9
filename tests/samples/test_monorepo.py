"""The sample monorepo: what the demo and a reader take from it must work by itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from shared.adapters.helm_charts import HelmCharts
from shared.domain.policies.policy import GitOpsTarget
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.chart import Rendering
from tests.support.tree_state import tree_state

SAMPLE = Path(__file__).parents[2] / "infra/samples/monorepo"
SERVICES = ("delivery", "package")
DIGEST = "sha256:" + "5" * 64


def configuration() -> Mapping[str, Any]:
    """What slipway.yaml says."""
    document = yaml.safe_load((SAMPLE / "slipway.yaml").read_text())
    assert isinstance(document, dict)
    return document


def rendered(service: str, environment: str) -> dict[str, Any]:
    """The manifests by kind, as the environment in slipway.yaml would have them."""
    asked = configuration()["environments"][environment]
    charts = HelmCharts()
    filled = {
        "{image}": f"registry.example/{service}",
        "{tag}@{digest}": f"v1.0.2@{DIGEST}",
        "{reason}": "release 1.0.2",
    }
    rendering = Rendering(
        release_name=service,
        namespace=asked["namespace"],
        values=tuple((SAMPLE / path.format(service=service)).read_bytes() for path in asked["values"]),
        set=tuple((key, filled[text]) for key, text in asked["set"].items()),
    )
    return {str(each["kind"]): each for each in charts.parse(charts.render(SAMPLE / "charts" / service, rendering))}


def python(*args: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, without leaving bytecode in the sample."""
    return subprocess.run([sys.executable, "-B", *args], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_tests_pass_and_are_reported(service: str, tmp_path: Path) -> None:
    """The testrunner's JUnit file names as many tests as the plain command runs."""
    folder = SAMPLE / "src/shipping" / service

    plain = python("-m", "unittest", folder=folder)
    reported = python("-m", "tests", str(tmp_path), folder=folder)

    assert (plain.returncode, reported.returncode) == (0, 0), plain.stderr + reported.stderr
    cases = ElementTree.parse(tmp_path / "unit.xml").findall("testcase")
    assert f"Ran {len(cases)} tests" in plain.stderr


@pytest.mark.parametrize(("service", "rule"), [("delivery", "plan.py"), ("package", "label.py")])
def test_a_services_tests_notice_a_mistake(service: str, rule: str, tmp_path: Path) -> None:
    """Turning a comparison round in the service fails its tests, and the report says so."""
    folder = SAMPLE / "src/shipping" / service
    copy = tmp_path / service
    for path in folder.rglob("*.py"):
        (copy / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
        (copy / path.relative_to(folder)).write_text(path.read_text())
    text = (copy / rule).read_text()
    (copy / rule).write_text(text.replace(" > capacity", " < capacity").replace("<= most", ">= most"))

    broken = python("-m", "tests", "testresults", folder=copy)

    assert broken.returncode == 1
    assert ElementTree.parse(copy / "testresults/unit.xml").findall("testcase/failure") != []


@pytest.mark.parametrize("chart", [*SERVICES, "common"])
def test_charts_have_no_lint_errors(chart: str) -> None:
    """Nothing worse than a missing icon."""
    findings = HelmCharts().lint(SAMPLE / "charts" / chart)

    assert {finding.severity for finding in findings} <= {"info"}


@pytest.mark.parametrize("environment", ["qa", "production"])
@pytest.mark.parametrize("service", SERVICES)
def test_manifests_comply(service: str, environment: str) -> None:
    """Pinned by digest, not root, locked down, with a change-cause, in the environment's namespace."""
    manifests = rendered(service, environment)

    deployment = manifests["Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["image"] == f"registry.example/{service}:v1.0.2@{DIGEST}"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert deployment["metadata"]["annotations"]["kubernetes.io/change-cause"] == "release 1.0.2"
    namespace = {"qa": "backend-qa", "production": "backend"}[environment]
    assert {each["metadata"]["namespace"] for each in manifests.values()} == {namespace}


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_pods_are_found(service: str) -> None:
    """Selectors of Deployment and Service are labels that the pods have; probes ask a port that is there."""
    manifests = rendered(service, "qa")

    template = manifests["Deployment"]["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    assert manifests["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels
    assert manifests["Service"]["spec"]["selector"].items() <= labels
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    assert manifests["Service"]["spec"]["ports"][0]["targetPort"] in ports


def test_environments_differ_by_their_values() -> None:
    """More replicas and another host in production; what has no ingress gets none."""
    hosts = {name: rendered("delivery", name)["Ingress"]["spec"]["rules"][0]["host"] for name in ("qa", "production")}
    replicas = {name: rendered("delivery", name)["Deployment"]["spec"]["replicas"] for name in ("qa", "production")}

    assert hosts == {"qa": "delivery.qa.example.com", "production": "delivery.example.com"}
    assert replicas == {"qa": 1, "production": 3}
    assert "Ingress" not in rendered("package", "qa")


def test_the_configuration_names_what_is_there() -> None:
    """Each service's folder has a Dockerfile and its chart a Chart.yaml of the service's name."""
    files = sorted(tree_state(SAMPLE))
    content = (SAMPLE / "slipway.yaml").read_bytes()

    policy = SlipwayYaml(local_deploy=GitOpsTarget(repository="environments.git")).compile(
        content, repository="monorepo", commit="a" * 40, files=files
    )

    assert tuple(service.service.service for service in policy.services) == SERVICES
    services = configuration()["services"]
    for name, service in services.items():
        assert (SAMPLE / service["path"] / "Dockerfile").is_file()
        chart = yaml.safe_load((SAMPLE / service["chart"] / "Chart.yaml").read_text())
        assert chart["name"] == name
