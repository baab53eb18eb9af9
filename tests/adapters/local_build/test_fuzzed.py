"""What a repository's own build leaves behind is read or refused in the documented way, whatever it is."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.local_build import counts, dockerfile, scans
from shared.domain.values.names import Digest
from tests.support.fuzzing import ANY_BYTES, filled_anew, many, mutated, spoilt
from tests.support.tree import ROOT

IMAGE = Digest(f"sha256:{'a' * 64}")
TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "Metadata": {"RepoDigests": [f"localhost/delivery@{IMAGE}"], "ImageID": f"sha256:{'b' * 64}"},
    "Results": [{"Vulnerabilities": [{"Severity": "HIGH"}, {"Severity": "UNKNOWN"}]}],
}
GRYPE: dict[str, Any] = {
    "source": {
        "target": {"repoDigests": [f"localhost/delivery@{IMAGE}"], "manifestDigest": str(IMAGE), "imageID": "x"}
    },
    "matches": [{"vulnerability": {"severity": "Low"}}],
}
REPORTS = st.sampled_from((TRIVY, GRYPE)).flatmap(lambda value: mutated(value) | filled_anew(value))
JUNIT = b'<testsuites><testsuite><testcase name="a"/><testcase name="a"><failure/></testcase></testsuite></testsuites>'
DOCKERFILE = (ROOT / "infra/samples/monorepo/src/shipping/delivery/Dockerfile").read_bytes()
PRINTED = (
    b"test_a ... ok\n\nRan 3 tests in 0.001s\n\nFAILED (failures=1, skipped=1)\n=== 2 passed, 1 failed in 0.03s ===\n"
)


@many(200)
@given(ANY_BYTES | REPORTS.map(lambda value: json.dumps(value).encode()))
def test_a_scan_report_is_read_or_unknown(content: bytes) -> None:
    """What it says of an image can be stored."""
    with contextlib.suppress(scans.UnknownReport):
        found = scans.read(content).about(IMAGE)

        assert found.reason.encode()


@many(100)
@given(ANY_BYTES | spoilt(JUNIT))
def test_a_test_report_is_counted_or_unreadable(tmp_path: Path, content: bytes) -> None:
    """Any XML, and what is none; of another kind it is no report."""
    (tmp_path / "report.xml").write_bytes(content)

    with contextlib.suppress(counts.UnreadableReport):
        found = counts.of_reports(tmp_path)
        last = counts.of_reports(tmp_path, ended_well=True)

        assert (found is None) == (last is None)
        assert found is None or found.passed + found.failed + found.skipped < 1000


@many(100)
@given(ANY_BYTES | spoilt(PRINTED), spoilt(DOCKERFILE))
def test_output_and_dockerfiles_are_read_or_refused(printed: bytes, content: bytes) -> None:
    """By other people's runners and hands."""
    counts.of_output(printed)
    with contextlib.suppress(dockerfile.RunsAsRoot, dockerfile.UnreadableDockerfile):
        found = dockerfile.user(content.decode(errors="replace"), {})

        assert found is None or found


@pytest.mark.parametrize("content", [b"[" * 2**20, b'{"a":' * 2**18, b"9" * 2**20])
def test_a_hostile_scan_report_is_unknown(content: bytes) -> None:
    """Nested too deeply, or a number too large."""
    with pytest.raises(scans.UnknownReport):
        scans.read(content)


def test_a_name_that_is_no_digest_is_not_shown() -> None:
    """It could be of any length, and of halves of characters that nothing can store."""
    names = ["localhost/delivery@\ud800", "x" * 5000, f"localhost/delivery@sha256:{'c' * 64}"]
    report = {**TRIVY, "Metadata": {"RepoDigests": names}}

    found = scans.read(json.dumps(report).encode()).about(IMAGE)

    assert found.worst is None
    assert found.reason.endswith(f"it names sha256:{'c' * 64}")


def test_a_billion_laughs_in_a_test_report_are_unreadable(tmp_path: Path) -> None:
    """Entities within entities would stand for gigabytes."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE testsuite [<!ENTITY l0 "ha">{laughs}]><testsuite><testcase>&l11;</testcase></testsuite>'
    (tmp_path / "report.xml").write_text(text)

    with pytest.raises(counts.UnreadableReport):
        counts.of_reports(tmp_path)
