"""The step that runs a service's own tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.domain.values.artifact import PartKind
from shared.ports.builder import VALIDATE_BRANCH, BuildOrder, BuildOutcome
from tests.support.build_site import Site
from tests.support.parts import pushed

TestsOnly = Callable[[str], BuildOrder]
PASSED = "print('Ran 1 test in 0.1s')\nprint('OK')\n"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("", "ran no test that could be counted"),
        ("print('Ran 0 tests in 0.1s\\nOK')", "ran no test;"),
        ("print('Ran 2 tests in 0.1s\\nOK (skipped=2)')", "ran no test (2 were skipped)"),
        ("print('Ran 2 tests in 0.1s\\nFAILED (failures=1)')", "1 of 2 tests failed"),
        (PASSED + "raise SystemExit(3)", "exit code 3"),
        (PASSED + "import os; os.kill(os.getpid(), 9)", "exit code 137"),
        ("import os; os.mkdir('testresults'); open('testresults/a.xml', 'w').write('<')", "a.xml is no JUnit XML"),
    ],
)
def test_only_tests_that_ran_and_passed_are_passed_tests(
    site: Site, tests_only: TestsOnly, script: str, problem: str
) -> None:
    """Nothing that merely ends well is taken for tested."""
    result = site.build(tests_only(script))

    assert result.outcome is BuildOutcome.FAILED
    assert problem in result.reason


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (None, "set build.test in slipway.yaml"),
        ("", "set build.test in slipway.yaml"),
        ("python 'run.py", "No closing quotation"),
        ("no-such-program --all", "no-such-program cannot be started"),
    ],
)
def test_a_command_that_cannot_be_run_fails(site: Site, test: str | None, problem: str) -> None:
    """The reason, or the output that it points to, names the command."""
    result = site.build(site.order(test=test, steps=VALIDATE_BRANCH))

    assert result.outcome is BuildOutcome.FAILED
    assert problem in result.reason + site.output(result)


TRIES = "<testsuite><testcase name='a'>{}</testcase><testcase name='a'>{}</testcase></testsuite>"


@pytest.mark.parametrize(
    ("tries", "code", "problem"),
    [
        (("<failure/>", ""), 0, ""),
        (("<failure/>", ""), 1, "1 of 2 tests failed"),
        (("", "<error/>"), 0, "1 of 1 tests failed"),
        (("", "<error/>"), 1, "1 of 2 tests failed"),
    ],
)
def test_a_test_that_passed_when_it_was_tried_again_is_passed(
    site: Site, tests_only: TestsOnly, tries: tuple[str, str], code: int, problem: str
) -> None:
    """Where the command says so by its exit code, as Gradle does."""
    report = TRIES.format(*tries)
    writes = f'import os; os.mkdir("testresults"); open("testresults/a.xml", "w").write({report!r})'

    result = site.build(tests_only(f"{writes}\nraise SystemExit({code})"))

    assert (result.outcome is BuildOutcome.SUCCEEDED) == (not problem)
    assert problem in result.reason
    assert result.tests is not None
    assert (problem != "") == (result.tests.failed > 0)


def test_a_folder_that_is_not_there_is_named(site: Site) -> None:
    """A wrong path in the configuration shows at the first build."""
    result = site.build(site.order(path="src/none", steps=VALIDATE_BRANCH))

    assert "there is no folder src/none" in result.reason


def test_results_that_came_with_the_commit_do_not_count(site: Site, tests_only: TestsOnly) -> None:
    """A report that nobody wrote during this build is no proof of a test."""
    site.repository.commit({"src/shipping/delivery/testresults/old.xml": "<testsuite><testcase name='a'/></testsuite>"})

    result = site.build(tests_only("print('nothing to do')"))

    assert result.outcome is BuildOutcome.FAILED
    assert "ran no test" in result.reason


def test_tests_see_nothing_of_the_hosts_environment(
    site: Site, tests_only: TestsOnly, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key in the host's environment never reaches code that a push brought."""
    monkeypatch.setenv("SLIPWAY_SECRET", "a secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")

    result = site.build(tests_only(f"import os, sys\nprint(sorted(os.environ), sys.stdin.read())\n{PASSED}"))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
    seen = site.output(result)
    assert "'PATH'" in seen
    assert "SECRET" not in seen
    assert "PYTHONPATH" not in seen


def test_what_tests_write_is_not_in_the_image(site: Site) -> None:
    """The image is of the commit, whatever a test leaves in its folder."""
    clean = site.build(site.order())
    script = "open('left-behind', 'w').write('x'); import unittest; unittest.main(None)"

    again = site.build(site.order(test=f'python -c "{script}" discover', id="monorepo~delivery:1:build:2"))

    assert again.outcome is BuildOutcome.SUCCEEDED, again.reason
    assert pushed(again, PartKind.IMAGE) == pushed(clean, PartKind.IMAGE)


def test_long_output_is_kept_from_its_end(site: Site, tests_only: TestsOnly) -> None:
    """The last MiB, and a line that says so."""
    result = site.build(tests_only(f"for n in range(60000): print(n, 'x' * 40)\n{PASSED}"))

    lines = site.output(result).splitlines()
    assert lines[0] == "[the beginning was left out]"
    assert lines[-3:-2] == ["59999 " + "x" * 40]
    assert len(site.output(result)) < 1_100_000


def test_nothing_is_left_in_the_builders_folder_but_the_result(site: Site, tests_only: TestsOnly) -> None:
    """Exports and homes go with the build."""
    site.build(tests_only(PASSED))

    assert {path.name for path in site.folder.rglob("*") if path.is_file()} == {"result.json", "lock"}


def test_files_beside_the_service_are_there(site: Site, tests_only: TestsOnly) -> None:
    """Tests of a monorepo may use what other folders hold."""
    result = site.build(tests_only(f"open('../../../docs/tariffs.md').read()\n{PASSED}"))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason


def test_where_the_builder_lies_does_not_matter(
    site: Site, tests_only: TestsOnly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative folder is the host's, not the test command's."""
    monkeypatch.chdir(tmp_path)
    site.folder = Path("builds-beside")

    assert site.build(tests_only(PASSED)).outcome is BuildOutcome.SUCCEEDED


def test_attack_the_tests_put_a_link_in_place_of_their_folder(site: Site, tests_only: TestsOnly) -> None:
    """What lies behind it is neither counted as theirs nor shown as what a scanner found."""
    other = site.notes / "other"
    (other / "testresults").mkdir(parents=True)
    (other / "testresults/a.xml").write_text("<testsuite><testcase name='a'/></testsuite>")
    script = f"import os\nhere = os.getcwd()\nos.rename(here, here + '-was')\nos.symlink({str(other)!r}, here)\n"

    result = site.build(tests_only(script + PASSED))

    assert result.outcome is BuildOutcome.FAILED
    assert result.tests is None
    assert "moved the folder" in result.reason


def test_attack_a_commit_has_a_folder_where_a_report_belongs(site: Site) -> None:
    """It is no trouble of this machine's that would be tried again for ever."""
    files = {"src/shipping/delivery/scan.json/x": b"1"}

    result = site.build(site.order(files, steps=VALIDATE_BRANCH, version=None, registry=""))

    assert result.outcome is BuildOutcome.SUCCEEDED, result.reason
