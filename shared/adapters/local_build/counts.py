"""How many tests ran, by their JUnit XML or by what unittest and pytest print."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from shared.adapters.local_build import junit
from shared.adapters.local_build.junit import UnreadableReport
from shared.ports.builder import TestCounts

__all__ = ["UnreadableReport", "of_output", "of_reports"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# Other programs print such lines, too: what is not counted as the runners count is passed over.
_UNITTEST_RAN = re.compile(r"^Ran ([0-9]{1,9}) tests? in [\d.]+s$", re.MULTILINE)
_NOTE = r"[a-z ]+=[0-9]{1,9}"
_UNITTEST_END = re.compile(rf"^(?:OK|FAILED|NO TESTS RAN)(?: \(({_NOTE}(?:, {_NOTE})*)\))?$", re.MULTILINE)
_COUNTED = r"[0-9]{1,9} (?:subtests? )?[a-z]+"
_PYTEST_END = re.compile(rf"^(?:=+ )?({_COUNTED}(?:, {_COUNTED})*) in [\d.]+s", re.MULTILINE)


def of_reports(folder: Path, *, ended_well: bool = False) -> TestCounts | None:
    """Count the test cases of every JUnit file in a folder; None without any. Raise UnreadableReport.

    Where the command `ended_well`, the last try of a case counts, as it did for the runner.
    """
    return junit.of_folder(folder, last_try=ended_well)


def of_output(output: bytes) -> TestCounts | None:
    """Count by what the runner printed; None where it printed nothing that is known."""
    text = _COLOURS.sub("", output.decode(errors="replace")).replace("\r\n", "\n")
    return _of_unittest(text) or _of_pytest(text)


def _of_unittest(text: str) -> TestCounts | None:
    ran = [int(number) for number in _UNITTEST_RAN.findall(text)]
    if not ran:
        return None
    notes: Counter[str] = Counter()
    for listed in _UNITTEST_END.findall(text):
        for part in filter(None, listed.split(", ")):
            what, _, number = part.partition("=")
            notes[what] += int(number)
    failed = notes["failures"] + notes["errors"] + notes["unexpected successes"]
    # More were skipped than ran: subtests, and so a test that ran around them, which counts as one of them.
    around = 1 if not failed and notes["skipped"] > sum(ran) > 0 else 0
    skipped = min(notes["skipped"], sum(ran) - around) if sum(ran) else notes["skipped"]
    # A class or module that cannot be set up is an error without a test that ran.
    return TestCounts(passed=max(0, sum(ran) - failed - skipped), failed=failed, skipped=skipped)


def _of_pytest(text: str) -> TestCounts | None:
    ends = _PYTEST_END.findall(text)
    if not ends:
        return None
    found: Counter[str] = Counter()
    for part in (part for end in ends for part in end.split(", ")):
        number, _, what = part.partition(" ")
        found[what.removesuffix("s") if what == "errors" else what] += int(number)
    # Subtests are parts of tests that are counted themselves; one that failed fails something, whoever counts.
    subtests = found["subtests failed"] + found["subtest failed"]
    return TestCounts(
        passed=found["passed"] + found["xfailed"] + found["xpassed"],
        failed=found["failed"] + found["error"] or subtests,
        skipped=found["skipped"],
    )
