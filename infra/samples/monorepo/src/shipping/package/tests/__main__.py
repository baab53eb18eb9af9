"""Runs the tests and writes what came of them as JUnit XML: `python -m tests <folder>`."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from xml.etree import ElementTree


class Recorder(unittest.TextTestResult):
    """Keeps one element for each test."""

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **settings)
        self.suite = ElementTree.Element("testsuite", name="unit")

    def startTest(self, test: unittest.TestCase) -> None:
        """Begin an element."""
        super().startTest(test)
        ElementTree.SubElement(
            self.suite, "testcase", classname=type(test).__qualname__, name=test.id().rsplit(".", 1)[-1]
        )

    def stopTestRun(self) -> None:
        """Mark the tests that did not pass."""
        super().stopTestRun()
        for kind, found in (("failure", self.failures), ("error", self.errors), ("skipped", self.skipped)):
            for test, text in found:
                name = test.id().rsplit(".", 1)[-1]
                case = next((each for each in self.suite if each.get("name") == name), None)
                # A module that cannot be imported has no test that was started.
                case = ElementTree.SubElement(self.suite, "testcase", name=name) if case is None else case
                ElementTree.SubElement(case, kind).text = text


def main(folder: Path) -> int:
    """Return 0 when there were tests and all of them passed."""
    tests = unittest.defaultTestLoader.discover(".")
    result = unittest.TextTestRunner(resultclass=Recorder, verbosity=2).run(tests)
    folder.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(result.suite).write(folder / "unit.xml", encoding="utf-8", xml_declaration=True)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
