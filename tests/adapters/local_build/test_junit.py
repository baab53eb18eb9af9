"""Test reports as runners write them."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from shared.adapters.local_build import counts, junit

CASE = "<testcase name='a'/>"


def counted(folder: Path, *reports: str | bytes, ended_well: bool = False) -> tuple[int, int, int] | None:
    """Passed, failed, skipped of some files."""
    for number, report in enumerate(reports):
        (folder / f"{number}.xml").write_bytes(report if isinstance(report, bytes) else report.encode())
    found = counts.of_reports(folder, ended_well=ended_well)
    return (found.passed, found.failed, found.skipped) if found else None


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ("<testcase name='DISABLED_A' status='notrun' result='suppressed'/>", (0, 0, 1)),
        ("<testcase name='A' status='run' result='completed'/>", (1, 0, 0)),
        ("<testcase name='A' status='run' result='skipped'><skipped message='x'/></testcase>", (0, 0, 1)),
        ("<testcase name='A' status='run' result='completed'><failure/></testcase>", (0, 1, 0)),
        ("<testcase name='A' status='disabled'/><testcase name='B' status='fail'/>", (0, 1, 1)),
        ("<testcase name='A' result='Ignored'/><testcase name='B' result='NotExecuted'/>", (0, 0, 2)),
        ("<testcase name='A' result='Inconclusive'/><testcase name='B' disabled='true'/>", (0, 0, 2)),
        ("<testcase><disabled/></testcase><testcase><ignored/></testcase>", (0, 0, 2)),
        ("<testcase><skipped/><skipped/></testcase>", (0, 0, 1)),
        ("<testcase><failure/><failure/></testcase>", (0, 1, 0)),
        ("<testcase><skipped/><error/></testcase>", (0, 1, 0)),
        ("<testcase><flakyFailure/></testcase><testcase><flakyError/></testcase>", (2, 0, 0)),
        ("<testcase><rerunFailure/></testcase>", (1, 0, 0)),
        ("<testcase><failure/><rerunFailure/></testcase>", (0, 1, 0)),
        ("<testcase><system-out>error</system-out><properties><property name='failure'/></properties></testcase>", (1, 0, 0)),
        ("<testcase><system-out><failure/></system-out></testcase>", (1, 0, 0)),
        ("<testsuite><testsuite><testcase/></testsuite><testcase/></testsuite>", (2, 0, 0)),
        ("<testcase><testcase><failure/></testcase></testcase>", (1, 1, 0)),
        ("<error message='the suite cannot be set up'/>", (0, 1, 0)),
        ("<system-err>x</system-err><properties><property name='a' value='b'/></properties>", (0, 0, 0)),
        ("<testcase name='test.todo'><skipped/></testcase>", (0, 0, 1)),
        ("<testcase classname='' name='TestMain' time='0.1'><failure message='Failed' type=''>x</failure></testcase>", (0, 1, 0)),
    ],
)  # fmt: skip
def test_a_case_counts_as_its_runner_means_it(tmp_path: Path, cases: str, expected: tuple[int, int, int]) -> None:
    """GoogleTest, CTest, NUnit, Surefire, jest-junit, gotestsum: none has a schema in common with another."""
    assert counted(tmp_path, f"<testsuites><testsuite>{cases}</testsuite></testsuites>") == expected


FAILED = "<testcase classname='T' name='a'><failure/></testcase>"
PASSED = "<testcase classname='T' name='a'/>"
SKIPPED = "<testcase classname='T' name='a'><skipped/></testcase>"


@pytest.mark.parametrize(
    ("cases", "last", "each"),
    [
        (FAILED + PASSED, (1, 0, 0), (1, 1, 0)),
        (FAILED + FAILED + PASSED, (1, 0, 0), (1, 2, 0)),
        (FAILED + PASSED + FAILED, (0, 1, 0), (1, 2, 0)),
        (FAILED + FAILED, (0, 1, 0), (0, 2, 0)),
        (PASSED + PASSED, (1, 0, 0), (2, 0, 0)),
        # As pytest writes what passed and could not be cleaned up after.
        (PASSED + FAILED.replace("failure", "error"), (0, 1, 0), (1, 1, 0)),
        # What failed and then did not run is not made good.
        (FAILED + SKIPPED, (0, 1, 0), (0, 1, 1)),
        (FAILED + SKIPPED + PASSED, (1, 0, 0), (1, 1, 1)),
        (PASSED + SKIPPED, (0, 0, 1), (1, 0, 1)),
        # Another test: of another name or class, of none, inside it, or of another suite.
        (FAILED + PASSED.replace("'a'", "'b'"), (1, 1, 0), (1, 1, 0)),
        (FAILED + PASSED.replace("'T'", "'U'"), (1, 1, 0), (1, 1, 0)),
        ("<testcase classname='T'><failure/></testcase><testcase classname='T'/>", (1, 1, 0), (1, 1, 0)),
        (f"<testcase classname='T' name='a'>{FAILED}</testcase>", (1, 1, 0), (1, 1, 0)),
        (f"<testsuite name='S'>{FAILED}</testsuite><testsuite name='S'>{PASSED}</testsuite>", (1, 1, 0), (1, 1, 0)),
        (f"{FAILED}<testsuite>{PASSED}</testsuite>{PASSED}", (2, 0, 0), (2, 1, 0)),
        (f"<error/>{FAILED}{PASSED}", (1, 1, 0), (1, 2, 0)),
    ],
)
def test_the_last_try_of_a_case_counts_where_the_command_ended_well(
    tmp_path: Path, cases: str, last: tuple[int, int, int], each: tuple[int, int, int]
) -> None:
    """Gradle's test-retry writes every try as a case of its own; elsewhere each of them counts."""
    report = f"<testsuites><testsuite name='S'>{cases}</testsuite></testsuites>"

    assert counted(tmp_path, report, ended_well=True) == last
    assert counted(tmp_path, report) == each


def test_tries_are_of_one_file(tmp_path: Path) -> None:
    """The same tests may be run twice, on two platforms, and each has to pass."""
    one, two = (f"<testsuite name='S'>{case}</testsuite>" for case in (FAILED, PASSED))

    assert counted(tmp_path, one, two, ended_well=True) == (1, 1, 0)


def test_attack_no_more_cases_are_remembered_than_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One beyond them counts by itself, so that its failure stays one."""
    monkeypatch.setattr(junit, "_MOST_TRIED", 1)
    other = FAILED.replace("'a'", "'b'") + PASSED.replace("'a'", "'b'")

    assert counted(tmp_path, f"<testsuite>{FAILED}{other}{PASSED}</testsuite>", ended_well=True) == (2, 1, 0)


@pytest.mark.parametrize(
    "other",
    [
        "<coverage line-rate='1'/>",
        "<?xml version='1.0'?><!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'><coverage/>",
        "<!DOCTYPE report [<!ENTITY x 'y'>]><report/>",
        "<checkstyle version='1'>",
        "<ns:testrun xmlns:ns='x'/>",
    ],
)
def test_xml_of_another_kind_is_no_report(tmp_path: Path, other: str) -> None:
    """What the runner printed is counted then, or another file beside it."""
    assert counted(tmp_path, other) is None
    assert counted(tmp_path, other, f"<testsuite>{CASE}</testsuite>") == (1, 0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "ascii", "cp1252"])
def test_a_report_may_be_in_any_encoding_that_is_known(tmp_path: Path, encoding: str) -> None:
    """Windows' runners write UTF-16."""
    text = f"<?xml version='1.0' encoding='{encoding}'?><testsuite>{CASE}<testcase><failure/></testcase></testsuite>"

    assert counted(tmp_path, text.encode(encoding)) == (1, 1, 0)


@pytest.mark.parametrize(
    "text",
    [
        f"<?xml version='1.0' encoding='ansi'?><testsuite>{CASE}</testsuite>",
        f"<?xml version='1.0' encoding='utf-16'?><testsuite>{CASE}</testsuite>",
        f"<?xml version='1.0' encoding='shift_jis'?><testsuite>{CASE}</testsuite>",
        f"<?xml version='1.0' encoding='zlib'?><testsuite>{CASE}</testsuite>",
        b"<testsuite><testcase name='\xff'/></testsuite>",
        f"<testsuite>{CASE}",
        f"<!DOCTYPE testsuite [<!ENTITY a 'b'>]><testsuite>{CASE}</testsuite>",
        f"<!DOCTYPE testsuite [<!ATTLIST testcase name CDATA 'b'>]><testsuite>{CASE}</testsuite>",
        "<testsuite>" + "<testsuite>" * 300,
    ],
)
def test_a_report_that_cannot_be_read_says_so(tmp_path: Path, text: str | bytes) -> None:
    """By its name, and never as a count of nothing."""
    with pytest.raises(counts.UnreadableReport, match=r"0\.xml"):
        counted(tmp_path, text)


def test_attack_a_report_that_is_gigabytes_once_it_is_read(tmp_path: Path) -> None:
    """What it declares is refused before it stands for anything."""
    text = f"<!DOCTYPE testsuite [<!ENTITY a '{'x' * (1 << 20)}'>]><testsuite name='{'&a;' * 60}'>{CASE}</testsuite>"
    tracemalloc.start()
    try:
        with pytest.raises(counts.UnreadableReport, match="declares entities"):
            counted(tmp_path, text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 20 << 20


def test_attack_many_reports_of_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links to one report take no more of the disk, and hours of a processor: all together have a bound."""
    monkeypatch.setattr(junit, "_LARGEST_ALL", 1000)
    (tmp_path / "0.xml").write_text(f"<testsuite>{CASE * 20}</testsuite>")
    for number in range(1, 5):
        (tmp_path / f"{number}.xml").hardlink_to(tmp_path / "0.xml")

    with pytest.raises(counts.UnreadableReport, match="together"):
        counts.of_reports(tmp_path)


def test_attack_reports_that_are_no_files(tmp_path: Path) -> None:
    """A pipe is not waited for, a link not followed, and a file beyond all bounds not read."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/real.xml").write_text(f"<testsuite>{CASE}</testsuite>")
    results = tmp_path / "results"
    results.mkdir()
    os.mkfifo(results / "pipe.xml")
    (results / "link.xml").symlink_to(tmp_path / "elsewhere/real.xml")
    (results / "folder.xml").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere")

    assert counts.of_reports(results) is None
    assert counts.of_reports(tmp_path / "linked") is None
    with (results / "large.xml").open("wb") as large:
        large.truncate((32 << 20) + 1)
    with pytest.raises(counts.UnreadableReport, match="larger than 32 MiB"):
        counts.of_reports(results)


def test_attack_a_report_whose_name_is_no_text(tmp_path: Path) -> None:
    """What is said of it can be stored and shown."""
    (tmp_path / os.fsdecode(b"\xff.xml")).write_text("no xml")

    with pytest.raises(counts.UnreadableReport) as refused:
        counts.of_reports(tmp_path)

    assert str(refused.value).encode()


def test_attack_more_reports_than_anybody_writes(tmp_path: Path) -> None:
    """Each of them would be opened."""
    for number in range(5001):
        (tmp_path / f"{number}.xml").touch()

    with pytest.raises(counts.UnreadableReport, match="5000 are read at most"):
        counts.of_reports(tmp_path)


def test_subtests_of_a_real_runner_are_parts_of_their_tests(tmp_path: Path) -> None:
    """By its report and by what it prints."""
    (tmp_path / "t.py").write_text(
        "def test_a(subtests):\n    for i in range(3):\n        with subtests.test(i=i): pass\n"
    )

    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "t.py", "-q", "-p", "no:cacheprovider", "--junitxml=results/r.xml"],
        cwd=tmp_path,
        capture_output=True,
    )

    assert b"3 subtests passed" in done.stdout
    by_output, by_report = counts.of_output(done.stdout), counts.of_reports(tmp_path / "results")
    assert by_output == by_report
    assert by_report is not None
    assert (by_report.passed, by_report.failed, by_report.skipped) == (1, 0, 0)
