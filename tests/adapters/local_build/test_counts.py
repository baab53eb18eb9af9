"""Counting tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.local_build import counts
from shared.ports.builder import TestCounts

EVERY_END = """
import unittest
class T(unittest.TestCase):
    def test_passes(self): pass
    def test_passes_too(self): pass
    def test_fails(self): self.fail()
    def test_breaks(self): raise OSError
    @unittest.skip("later")
    def test_waits(self): pass
"""


@pytest.mark.parametrize(
    "runner", [["unittest", "t"], ["pytest", "t.py", "-p", "no:cacheprovider"], ["pytest", "t.py", "-q"]]
)
def test_real_runners_output_is_understood(tmp_path: Path, runner: list[str]) -> None:
    """The same tests are counted alike."""
    (tmp_path / "t.py").write_text(EVERY_END)

    done = subprocess.run([sys.executable, "-B", "-m", *runner], cwd=tmp_path, capture_output=True)

    assert counts.of_output(done.stdout + done.stderr) == TestCounts(passed=2, failed=2, skipped=1)


@pytest.mark.parametrize("line", ["OK (cached)", "FAILED (see the log)", f"FAILED (failures={'9' * 5000})"])
def test_a_line_that_only_looks_like_a_runners_end_is_passed_over(line: str) -> None:
    """Test commands print other things as well."""
    output = f"{line}\nRan 3 tests in 0.001s\n\nFAILED (failures=1)\n"

    assert counts.of_output(output.encode()) == TestCounts(passed=2, failed=1, skipped=0)
    assert counts.of_output(f"Ran {'9' * 5000} tests in 0s\n{'9' * 5000} passed in 0s\n".encode()) is None


def test_junit_of_a_real_runner_is_understood(tmp_path: Path) -> None:
    """Counted by test cases, over several files."""
    (tmp_path / "t.py").write_text(EVERY_END)
    for name in ("one", "two"):
        subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "t.py", "-q", f"--junitxml=results/{name}.xml"],
            cwd=tmp_path,
            capture_output=True,
        )

    assert counts.of_reports(tmp_path / "results") == TestCounts(passed=4, failed=4, skipped=2)


def test_a_real_test_that_cannot_be_cleaned_up_after_stays_failed(tmp_path: Path) -> None:
    """Pytest writes it twice: passed, then an error; whatever the command around it makes of its exit code."""
    (tmp_path / "t.py").write_text(
        "import pytest\n@pytest.fixture\ndef one():\n    yield\n    raise OSError\ndef test_a(one): pass\n"
    )

    command = [sys.executable, "-B", "-m", "pytest", "t.py", "-q", "--junitxml=results/r.xml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True)

    assert done.returncode == 1
    for ended_well in (False, True):
        found = counts.of_reports(tmp_path / "results", ended_well=ended_well)
        assert found is not None
        assert found.failed == 1


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Ran 3 tests in 0.002s\n\nOK\n", (3, 0, 0)),
        ("Ran 3 tests in 0.002s\r\n\r\nFAILED (failures=1, skipped=1)\r\n", (1, 1, 1)),
        ("Ran 2 tests in 1s\nOK\nRan 1 test in 1s\nOK (expected failures=1)\n", (3, 0, 0)),
        ("Ran 1 test in 1s\n\nFAILED (unexpected successes=1)\n", (0, 1, 0)),
        ("Ran 0 tests in 0.000s\n\nFAILED (errors=1)\n", (0, 1, 0)),
        ("Ran 0 tests in 0.000s\n\nNO TESTS RAN\n", (0, 0, 0)),
        ("\x1b[32m=== \x1b[32m\x1b[1m5 passed\x1b[0m, \x1b[33m1 warning\x1b[0m\x1b[32m in 0.12s\x1b[0m ===", (5, 0, 0)),
        ("1 failed, 2 passed, 1 skipped, 1 xfailed, 2 errors in 75.10s (0:01:15)\n", (3, 3, 1)),
        ("uuu.    [100%]\n1 passed, 3 subtests passed in 0.39s\n", (1, 0, 0)),
        ("3 failed, 4 passed, 4 skipped, 7 subtests passed in 0.40s\n", (4, 3, 4)),
        ("=== 1 passed, 1 subtests failed, 1 subtest passed in 0.40s ===\n", (1, 1, 0)),
        ("2 subtests passed in 0.40s\n", (0, 0, 0)),
        ("Ran 1 test in 0.1s\n\nOK (skipped=3)\n", (1, 0, 0)),
        ("Ran 2 tests in 0.1s\n\nOK (skipped=2)\n", (0, 0, 2)),
        ("Ran 2 tests in 0.1s\n\nFAILED (failures=3, skipped=3)\n", (0, 3, 2)),
        ("Ran 0 tests in 0.1s\n\nOK (skipped=1)\n", (0, 0, 1)),
        ("no tests ran in 0.01s\n", None),
        ("I saw 3 passed in the street\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_what_runners_print(output: str, expected: tuple[int, int, int] | None) -> None:
    """Passed, failed, skipped; None for what no known runner printed."""
    found = counts.of_output(output.encode())

    assert (found and (found.passed, found.failed, found.skipped)) == expected


def test_without_reports_there_is_no_count(tmp_path: Path) -> None:
    """Neither a missing folder nor an empty one is a count of nothing."""
    assert counts.of_reports(tmp_path) is None
    assert counts.of_reports(tmp_path / "none") is None


@pytest.mark.parametrize("content", ["", "<testsuite>", "no xml"])
def test_a_broken_report_is_refused(tmp_path: Path, content: str) -> None:
    """It is named, and not taken for zero tests."""
    (tmp_path / "good.xml").write_text("<testsuite><testcase name='a'/></testsuite>")
    (tmp_path / "odd.xml").write_text(content)

    with pytest.raises(counts.UnreadableReport, match=r"odd\.xml"):
        counts.of_reports(tmp_path)
