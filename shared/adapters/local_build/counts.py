"""How many tests ran, by their JUnit XML or by what unittest and pytest print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from shared.ports.builder import TestCounts

_LARGEST = 32 << 20
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# Other programs print such lines, too: what is not counted as the runners count is passed over.
_UNITTEST_RAN = re.compile(r"^Ran ([0-9]{1,9}) tests? in [\d.]+s$", re.MULTILINE)
_NOTE = r"[a-z ]+=[0-9]{1,9}"
_UNITTEST_END = re.compile(rf"^(?:OK|FAILED|NO TESTS RAN)(?: \(({_NOTE}(?:, {_NOTE})*)\))?$", re.MULTILINE)
_PYTEST_END = re.compile(r"^(?:=+ )?([0-9]{1,9} [a-z]+(?:, [0-9]{1,9} [a-z]+)*) in [\d.]+s", re.MULTILINE)


class UnreadableReport(ValueError):
    """A JUnit file that cannot be read."""


def of_reports(folder: Path) -> TestCounts | None:
    """Count the test cases of every JUnit file in a folder; None without any. Raise UnreadableReport."""
    files = sorted(folder.glob("*.xml"))
    return _sum(_of_report(file) for file in files) if files else None


def of_output(output: bytes) -> TestCounts | None:
    """Count by what the runner printed; None where it printed nothing that is known."""
    text = _COLOURS.sub("", output.decode(errors="replace")).replace("\r\n", "\n")
    return _of_unittest(text) or _of_pytest(text)


def _of_report(file: Path) -> TestCounts:
    try:
        if file.stat().st_size > _LARGEST:
            raise UnreadableReport(f"{file.name} is larger than {_LARGEST >> 20} MiB")
        cases = [{child.tag for child in case} for case in ElementTree.parse(file).iter("testcase")]
    except (ElementTree.ParseError, OSError, ValueError) as error:
        raise UnreadableReport(f"{file.name} is no JUnit XML: {error}") from error
    failed = sum(1 for tags in cases if tags & {"failure", "error"})
    skipped = sum(1 for tags in cases if "skipped" in tags and not tags & {"failure", "error"})
    return TestCounts(passed=len(cases) - failed - skipped, failed=failed, skipped=skipped)


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
    # A class or module that cannot be set up is an error without a test that ran.
    return TestCounts(passed=max(0, sum(ran) - failed - notes["skipped"]), failed=failed, skipped=notes["skipped"])


def _of_pytest(text: str) -> TestCounts | None:
    ends = _PYTEST_END.findall(text)
    if not ends:
        return None
    found: Counter[str] = Counter()
    for part in (part for end in ends for part in end.split(", ")):
        number, _, what = part.partition(" ")
        found[what.removesuffix("s") if what == "errors" else what] += int(number)
    return TestCounts(
        passed=found["passed"] + found["xfailed"] + found["xpassed"],
        failed=found["failed"] + found["error"],
        skipped=found["skipped"],
    )


def _sum(counts: Iterable[TestCounts]) -> TestCounts:
    listed = list(counts)
    return TestCounts(
        passed=sum(each.passed for each in listed),
        failed=sum(each.failed for each in listed),
        skipped=sum(each.skipped for each in listed),
    )
