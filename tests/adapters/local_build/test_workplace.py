"""The builder's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.adapters.local_build.workplace import Workplace
from shared.ports.builder import BuildOrder, BuildOutcome
from shared.ports.errors import Transient
from tests.support.build_site import Site

PASSED = "print('Ran 1 test in 0.1s\\nOK')"
TestsOnly = Callable[[str], BuildOrder]


def test_a_folder_that_cannot_be_used_is_our_trouble(site: Site, tests_only: TestsOnly) -> None:
    """The build is tried again; it does not fail the change."""
    site.folder.write_text("a file where the folder should be")

    with pytest.raises(Transient, match="cannot work in"):
        site.build(tests_only(PASSED))


def test_old_results_are_forgotten(site: Site, tests_only: TestsOnly) -> None:
    """The folder does not grow for ever; what is young stays."""
    order = tests_only(PASSED)
    site.build(order)
    (old,) = site.folder.iterdir()
    os.utime(old, (0, 0))

    site.build(site.order(id="another", test=order.test, steps=order.steps))
    site.build(site.order(id="a third", test=order.test, steps=order.steps))

    assert not old.exists()
    assert len(list(site.folder.iterdir())) == 2


def test_a_place_that_looks_old_is_left_to_who_works_in_it(site: Site, tests_only: TestsOnly) -> None:
    """The clock was set forward while it builds."""
    order = tests_only(PASSED)
    other = Workplace(site.folder, "another")
    with other.taken() as free:
        os.utime(other.folder, (0, 0))
        site.build(order)

    assert free
    assert other.folder.exists()


def test_a_result_of_another_schema_is_not_guessed_at(site: Site, tests_only: TestsOnly) -> None:
    """The build is done again, which is harmless."""
    order = tests_only(PASSED)
    site.build(order)
    (result,) = site.folder.glob("*/result.json")
    result.write_text(json.dumps({"schema": 99, "outcome": "unheard of"}))

    assert site.build(order).outcome is BuildOutcome.SUCCEEDED


def test_what_an_earlier_try_left_is_not_built_upon(site: Site, tests_only: TestsOnly, tmp_path: Path) -> None:
    """A host that died half-way leaves files; the next try exports anew."""
    order = tests_only("import os\nassert not os.path.exists('stale')\n" + PASSED)
    site.build(order)
    (place,) = site.folder.iterdir()
    (place / "result.json").unlink()
    stale = place / "scratch/tests" / order.path / "stale"
    stale.parent.mkdir(parents=True)
    stale.touch()

    result = site.build(order)

    assert result.outcome is BuildOutcome.SUCCEEDED, site.output(result)
