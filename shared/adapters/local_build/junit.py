"""Test cases of JUnit XML, as the many runners write it that have no schema in common."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from xml.parsers import expat

from shared.ports.builder import TestCounts

_LARGEST = 32 << 20
# Seconds of a processor, however many files there are; a report of a test takes a hundred bytes.
_LARGEST_ALL = 64 << 20
_MOST_FILES = 5000
_DEEPEST = 200
# Cases of a file of which it is known whether they come again; so much is kept in memory for it.
_MOST_TRIED = 100_000
_ROOTS = frozenset({"testsuites", "testsuite"})
_FAILED = frozenset({"failure", "error"})
_SKIPPED = frozenset({"skipped", "disabled", "ignored"})
# GoogleTest's, CTest's and NUnit's words for a test that did not run, in `status` or `result`.
_DID_NOT_RUN = frozenset(
    {"notrun", "not_run", "notexecuted", "suppressed", "disabled", "skipped", "ignored", "inconclusive", "pending"}
)
_DID_FAIL = frozenset({"fail", "failed", "failure", "error"})


class UnreadableReport(ValueError):
    """A JUnit file that cannot be read."""


class _NoReport(Exception):
    """XML of another kind, such as a coverage report."""


def of_folder(folder: Path, *, last_try: bool = False) -> TestCounts | None:
    """Count the test cases of every JUnit file in a folder; None where there is none. Raise UnreadableReport.

    XML of another kind is passed over, and so is what is no file of the folder's own. With `last_try`, cases that a suite
    holds several times by one name are tries of one test, of which the last counts: Gradle's test-retry writes them so.
    """
    if folder.is_symlink():
        return None
    names = sorted(each.name for each in folder.glob("*.xml"))
    if len(names) > _MOST_FILES:
        raise UnreadableReport(f"there are {len(names)} files of XML; {_MOST_FILES} are read at most")
    found, left = list[TestCounts](), _LARGEST_ALL
    for name in names:
        counted, size = _of_file(folder / name, _Cases(last_try=last_try))
        left -= size
        if left < 0:
            raise UnreadableReport(f"the files of XML are larger than {_LARGEST_ALL >> 20} MiB together")
        if counted is not None:
            found.append(counted)
    return total(found) if found else None


def total(counts: list[TestCounts]) -> TestCounts:
    """Add counts up."""
    return TestCounts(
        passed=sum(each.passed for each in counts),
        failed=sum(each.failed for each in counts),
        skipped=sum(each.skipped for each in counts),
    )


def _of_file(file: Path, cases: _Cases) -> tuple[TestCounts | None, int]:
    """What a file counts, None for what is none of a test run, and how large it is."""
    # It is shown: what was written by any program may be no text.
    name = os.fsencode(file.name)[:200].decode(errors="replace")
    try:
        # Not waited for, and not followed: whatever the tests made there is opened by us.
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None, 0
    about = os.fstat(opened)
    if not stat.S_ISREG(about.st_mode):
        os.close(opened)
        return None, 0
    with os.fdopen(opened, "rb") as stream:
        if about.st_size > _LARGEST:
            raise UnreadableReport(f"{name} is larger than {_LARGEST >> 20} MiB")
        try:
            cases.parser.ParseFile(stream)
        except _NoReport:
            return None, 0
        except UnreadableReport as error:
            raise UnreadableReport(f"{name} {error}") from None
        # An encoding that Python or expat lacks is a LookupError or a ValueError.
        except (expat.ExpatError, OSError, LookupError, ValueError) as error:
            raise UnreadableReport(f"{name} is no JUnit XML: {error}") from error
    return cases.counts(), about.st_size


class _Ended(Enum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


# The suite's place in the file, and a case's class and name.
_Key = tuple[int, str, str]


class _Cases:
    """Counts test cases while a file is read; nothing of it is kept but, for `last_try`, what they are called."""

    def __init__(self, *, last_try: bool) -> None:
        self._counts: Counter[_Ended] = Counter()
        self._last_try = last_try
        self._tried: dict[_Key, _Ended] = {}
        # Suites that are open, by their number in the file.
        self._suites: list[int] = []
        self._suites_seen = 0
        self._keys: list[_Key | None] = []
        self._open: list[str] = []
        # What each case that is open says of itself, nested ones included.
        self._ends: list[set[str]] = []
        self._kind = ""
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._document_type
        # Before they stand for anything: an attribute of entities or a default of one is gigabytes once it is read.
        self.parser.EntityDeclHandler = self._declaration
        self.parser.AttlistDeclHandler = self._declaration

    def counts(self) -> TestCounts:
        """Say what was counted."""
        passed, failed, skipped = (self._counts[ended] for ended in _Ended)
        return TestCounts(passed=passed, failed=failed, skipped=skipped)

    def _document_type(self, name: str, *_: object) -> None:
        self._kind = _local(name)

    def _declaration(self, *_: object) -> None:
        if self._kind not in _ROOTS:
            raise _NoReport
        raise UnreadableReport("declares entities or attributes, which no runner does")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        local = _local(name)
        if not self._open and local not in _ROOTS:
            raise _NoReport
        if len(self._open) >= _DEEPEST:
            raise UnreadableReport(f"is nested deeper than {_DEEPEST} elements")
        parent = self._open[-1] if self._open else ""
        self._open.append(local)
        if local in _ROOTS:
            self._suites_seen += 1
            self._suites.append(self._suites_seen)
        if local == "testcase":
            self._keys.append(self._key(parent, attributes))
            self._ends.append(_said(attributes))
        elif parent == "testcase":
            self._ends[-1].add(local)
        elif parent in _ROOTS and local in _FAILED:
            # A suite that could not be set up, and so ran no test that would say it.
            self._counts[_Ended.FAILED] += 1

    def _key(self, parent: str, attributes: Mapping[str, str]) -> _Key | None:
        """By what a case is known when it comes again; None for one that is counted by itself."""
        name = attributes.get("name", "")
        # One inside another one is a part of it, and no try.
        if not self._last_try or not name or parent not in _ROOTS:
            return None
        return (self._suites[-1], attributes.get("classname", ""), name)

    def _end(self, _: str) -> None:
        local = self._open.pop()
        if local in _ROOTS:
            self._suites.pop()
        elif local == "testcase":
            ends = self._ends.pop()
            # Not those of earlier tries, which Surefire calls rerunFailure, flakyError and so on: the last one counts.
            failed, skipped = ends & _FAILED, ends & _SKIPPED
            ended = _Ended.FAILED if failed else _Ended.SKIPPED if skipped else _Ended.PASSED
            self._count(self._keys.pop(), ended)

    def _count(self, key: _Key | None, ended: _Ended) -> None:
        before = self._tried.get(key) if key else None
        if before is not None:
            # What failed and then did not run is not made good.
            ended = before if (before, ended) == (_Ended.FAILED, _Ended.SKIPPED) else ended
            self._counts[before] -= 1
        if key and (before is not None or len(self._tried) < _MOST_TRIED):
            self._tried[key] = ended
        self._counts[ended] += 1


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _said(attributes: Mapping[str, str]) -> set[str]:
    words = {attributes.get(name, "").strip().lower() for name in ("status", "result")}
    if attributes.get("disabled", "").strip().lower() in ("true", "1") or words & _DID_NOT_RUN:
        return {"skipped"}
    return {"failure"} if words & _DID_FAIL else set()
