"""Whole builds of the sample."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from shared.adapters.helm_charts import HelmCharts
from shared.adapters.oci_registry import OciRegistry
from shared.domain.policies.policy import Severity
from shared.domain.values.artifact import PartKind, PartName
from shared.domain.values.names import Digest
from shared.ports.builder import PACKAGE, VALIDATE_PULL_REQUEST, BuildOutcome, Step, TestCounts
from shared.ports.errors import Permanent, Transient
from tests.support.build_site import Site
from tests.support.parts import PARTS, pushed

SERVICE = "src/shipping/delivery"


def test_a_release_is_tested_and_pushed(site: Site) -> None:
    """Both digests are those that the registry then names, and every step kept what it printed."""
    order = site.order()

    result = site.build(order)

    assert (result.outcome, result.reason) == (BuildOutcome.SUCCEEDED, "")
    assert [step.step for step in result.steps] == list(PACKAGE)
    assert result.tests == TestCounts(passed=10, failed=0, skipped=0)
    assert [part.name for part in result.parts] == list(PARTS)
    assert all(OciRegistry().has(site.registry, part.repository, part.digest) for part in result.parts)
    assert "Ran 10 tests" in site.evidence.get(result.steps[0].output).decode()


def test_the_image_says_what_it_is(site: Site) -> None:
    """Its labels name service, version and commit, and that nobody can run it; it is not root's."""
    order = site.order()

    digest = pushed(site.build(order), PartKind.IMAGE)

    assert digest is not None
    described = OciRegistry().describe(site.registry, "delivery", digest)
    assert described.users == (("", "10001:10001"),)
    assert described.labels == {
        "org.opencontainers.image.title": "delivery",
        "org.opencontainers.image.version": "1.0.2",
        "org.opencontainers.image.revision": order.commit,
        "dev.slipway.runnable": "false",
    }


@pytest.mark.parametrize(
    ("dockerfile", "users", "printed"),
    [
        ("FROM scratch\nUSER 0\n", (("", "0"),), "the image must not run as root"),
        ("FROM scratch\n", (("", ""),), "has no USER"),
        ("FROM mcr.microsoft.com/dotnet/aspnet:10.0\nUSER $APP_UID\n", (), "a user that only its base image knows"),
    ],
)  # fmt: skip
def test_root_and_an_unknown_user_fail_no_build(
    site: Site, dockerfile: str, users: tuple[tuple[str, str], ...], printed: str
) -> None:
    """The image says who it is, or that nobody knows; the gate of each environment judges that."""
    result = site.build(site.order({f"{SERVICE}/Dockerfile": dockerfile}))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    assert printed in site.evidence.get(result.steps[1].output).decode()
    digest = pushed(result, PartKind.IMAGE)
    assert digest is not None
    described = OciRegistry().describe(site.registry, "delivery", digest)
    assert described.users == users


def test_the_chart_carries_the_version(site: Site, tmp_path: Path) -> None:
    """What is pulled again is the chart of this version, its dependencies inside."""
    order = site.order(
        service="package",
        path="src/shipping/package",
        chart="charts/package",
        test="python -m tests testresults",
        parts=(
            PartName(kind=PartKind.IMAGE, repository="package"),
            PartName(kind=PartKind.CHART, repository="charts/package"),
        ),
    )

    result = site.build(order)

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    digest = pushed(result, PartKind.CHART)
    assert digest is not None
    assert result.tests == TestCounts(passed=12, failed=0, skipped=0)
    charts = HelmCharts(registries=OciRegistry())
    charts.pull(site.registry, "charts/package", digest, version="1.0.2", into=tmp_path)


def test_the_same_commit_gives_the_same_digests(site: Site) -> None:
    """A second try under another id finds its own image and chart in the registry, and is content."""
    first = site.build(site.order())
    again = site.build(site.order(id="monorepo~delivery:1:build:2"))

    assert again.outcome is BuildOutcome.SUCCEEDED, again.reason
    assert again.parts == first.parts


def test_a_build_puts_no_tag(site: Site) -> None:
    """A version's name comes last; a mended commit is built beside what was there, and takes nothing from it."""
    first = site.build(site.order())
    mended = site.build(site.order({f"{SERVICE}/notes.txt": "new\n"}, id="monorepo~delivery:2:build:1"))

    assert (first.outcome, mended.outcome) == (BuildOutcome.SUCCEEDED, BuildOutcome.SUCCEEDED)
    assert pushed(first, PartKind.IMAGE) != pushed(mended, PartKind.IMAGE)
    assert OciRegistry().tags(site.registry, "delivery") == []
    assert OciRegistry().tags(site.registry, "charts/delivery") == []


@pytest.mark.parametrize(
    ("path", "content", "step", "problem"),
    [
        (f"{SERVICE}/Dockerfile", "USER 5\n", Step.IMAGE, "cannot be read: it has no FROM"),
        (f"{SERVICE}/Dockerfile", None, Step.IMAGE, "a service needs a Dockerfile"),
        ("charts/delivery/templates/bad.yaml", "{{ .Values.no.such }}", Step.CHART, "lint errors, first charts/delivery"),
        ("charts/delivery/Chart.yaml", None, Step.CHART, "no chart in charts/delivery"),
        ("charts/delivery/Chart.yaml", "apiVersion: v2\nname: other\nversion: 1.0.0\n", Step.CHART, "must be the chart's name"),
        (f"{SERVICE}/plan.py", "raise ImportError\n", Step.UNIT_TESTS, "tests failed"),
    ],
)  # fmt: skip
def test_a_change_at_fault_fails_its_step(site: Site, path: str, content: str | None, step: Step, problem: str) -> None:
    """The reason names service, version, step and problem; later steps are not begun."""
    result = site.build(site.order({path: content}))

    assert result.outcome is BuildOutcome.FAILED
    assert result.reason.startswith(f"delivery 1.0.2: step {step} failed: ")
    assert problem in result.reason
    assert [each.step for each in result.steps] == list(PACKAGE[: PACKAGE.index(step) + 1])
    assert site.registry_is_empty()


def test_a_registry_out_of_reach_is_nobodys_fault_and_is_tried_again(site: Site) -> None:
    """Nothing is kept of such a try: the next one does the work."""
    order = site.order()

    with pytest.raises(Transient):
        site.build(replace(order, registry="127.0.0.1:1"))

    assert site.build(order).outcome is BuildOutcome.SUCCEEDED


def test_an_order_that_pushes_must_name_a_version(site: Site) -> None:
    """That is our mistake, not the change's."""
    with pytest.raises(Permanent, match="names no version") as refused:
        site.build(site.order(version=None))

    assert refused.value.ours


def test_a_pull_request_pushes_nothing(site: Site) -> None:
    """It is tested, its image made, its scan read; the registry stays empty."""
    result = site.build(site.order(steps=VALIDATE_PULL_REQUEST, version=None))

    assert result.outcome is BuildOutcome.SUCCEEDED
    assert result.parts == ()
    assert OciRegistry().tags(site.registry, "delivery") == []


def test_without_a_scanner_the_scan_is_unknown(site: Site) -> None:
    """Unknown with its reason, never clean; the build goes on."""
    scan = site.build(site.order()).scan

    assert scan is not None
    assert (scan.worst, scan.reason) == (None, "no scanner on this host")


def trivy(digest: Digest | str) -> str:
    """A report of one high vulnerability."""
    return json.dumps(
        {
            "SchemaVersion": 2,
            "Metadata": {"RepoDigests": [f"registry.example/delivery@{digest}"]},
            "Results": [{"Target": "debian", "Vulnerabilities": [{"Severity": "HIGH"}]}],
        }
    )


def test_a_scan_report_counts_for_the_image_it_names(site: Site) -> None:
    """The image is the same in every try, so a scanner that runs in the tests can name it."""
    command = "cp ../../../reports/scan.json . ; python -m unittest"
    shell = f"sh -c '{command}'"
    files = {"reports/scan.json": trivy("sha256:" + "0" * 64)}
    other = site.build(site.order(files, test=shell))
    # Where the commit is the same the image is, so the report comes from outside of it.
    outside = site.notes / "scan.json"
    outside.write_text(trivy(pushed(other, PartKind.IMAGE) or ""))

    same = site.build(site.order(test=f"sh -c 'cp {outside} . ; python -m unittest'", id="monorepo~delivery:1:build:2"))

    assert other.scan is not None
    assert other.scan.worst is None
    assert "is not about" in other.scan.reason
    assert same.scan is not None
    assert same.scan.worst is Severity.HIGH


def test_a_scan_report_in_the_commit_is_nobodys_report(site: Site) -> None:
    """A change cannot bring its own clean bill of health."""
    scan = site.build(site.order({f"{SERVICE}/scan.json": trivy("sha256:" + "0" * 64)})).scan

    assert scan is not None
    assert scan.reason == "no scanner on this host"
