"""Scanners' reports."""

from __future__ import annotations

import json

import pytest

from shared.adapters.local_build import scans
from shared.domain.policies.policy import Severity
from shared.domain.values.names import Digest

IMAGE = Digest("sha256:" + "a" * 64)
OTHER = Digest("sha256:" + "b" * 64)


def trivy(*severities: str, about: Digest = IMAGE) -> bytes:
    """A report as Trivy writes it."""
    found = [{"VulnerabilityID": "CVE-1", "Severity": severity} for severity in severities]
    results = [{"Target": "os", "Vulnerabilities": found}, {"Target": "language"}]
    metadata = {"ImageID": "sha256:" + "c" * 64, "RepoDigests": [f"host:5000/delivery@{about}"]}
    return json.dumps({"SchemaVersion": 2, "Metadata": metadata, "Results": results}).encode()


def grype(*severities: str, about: Digest = IMAGE) -> bytes:
    """A report as Grype writes it."""
    found = [{"vulnerability": {"id": "CVE-1", "severity": severity}} for severity in severities]
    source = {"type": "image", "target": {"manifestDigest": str(about), "repoDigests": []}}
    return json.dumps({"matches": found, "source": source}).encode()


@pytest.mark.parametrize("write", [trivy, grype])
@pytest.mark.parametrize(
    ("severities", "worst"),
    [
        ((), Severity.NONE),
        (("LOW",), Severity.LOW),
        (("Medium", "HIGH", "low"), Severity.HIGH),
        (("Critical", "High"), Severity.CRITICAL),
        (("Negligible",), Severity.LOW),
        (("UNKNOWN",), Severity.LOW),
    ],
)
def test_the_worst_finding_counts(write: object, severities: tuple[str, ...], worst: Severity) -> None:
    """Whatever the scanner and its way of writing severities."""
    assert callable(write)

    assert scans.read(write(*severities)).about(IMAGE).worst is worst


@pytest.mark.parametrize("write", [trivy, grype])
def test_a_report_counts_for_its_image_only(write: object) -> None:
    """About another image, or where none was pushed, it says nothing."""
    assert callable(write)
    report = scans.read(write("Low", about=OTHER))

    assert report.about(IMAGE).worst is None
    assert str(IMAGE) in report.about(IMAGE).reason
    assert report.about(None).worst is None
    assert report.about(OTHER).worst is Severity.LOW


def test_findings_without_a_severity_are_told() -> None:
    """They are not hidden behind the worst one that has a severity."""
    assert scans.read(trivy("UNKNOWN", "HIGH")).about(IMAGE).reason == "reported by Trivy, 1 without a severity"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b"null",
        b'{"SchemaVersion": 2}',
        b'{"SchemaVersion": 2, "Results": []}',
        b'{"SchemaVersion": 2, "Results": [1]}',
        b'{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{}]}]}',
        b'{"matches": []}',
        b'{"matches": [], "source": {"type": "directory", "target": "/src"}}',
        b'{"matches": [{"vulnerability": {"severity": 3}}], "source": {"target": {}}}',
        b'{"version": "2.1.0", "runs": []}',
    ],
)
def test_what_says_nothing_is_unknown_and_never_clean(content: bytes) -> None:
    """Empty, skipped and foreign reports are refused."""
    with pytest.raises(scans.UnknownReport):
        scans.read(content)
