"""The documents fit together: links lead somewhere, tables are whole, and what they point at is there."""

from __future__ import annotations

import re
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local import __main__ as local
from shared.domain.messages.queues import QUEUES
from tests.support.documents import (
    DEVELOPMENT,
    README,
    anchors,
    code_in,
    documents,
    links,
    prose,
    section,
    tables,
    text,
)
from tests.support.tree import ROOT
from tests.workshop import __main__ as workshop
from tests.workshop.soak.laws import LAWS

MOST_LINES, FIRST_SCREEN, WIDEST = 110, 25, 180
EVERY = pytest.mark.parametrize("document", documents(), ids=str)


@EVERY
def test_a_link_leads_to_a_file_and_a_heading_that_are_there(document: Path) -> None:
    """Anchors by GitHub's rules; addresses outside are not asked for."""
    lost = []
    for link in (found for found in links(document) if "://" not in found):
        file, _, anchor = link.partition("#")
        target = Path((ROOT / document.parent / file).resolve().relative_to(ROOT)) if file else document
        if not (ROOT / target).is_file() or (anchor and anchor not in anchors(target)):
            lost.append(link)

    assert lost == []


def test_the_readme_leads_to_every_document() -> None:
    """Nobody finds a page that nothing leads to."""
    led = {link.partition("#")[0] for link in links(README)}

    assert len(documents()) > 1
    assert [str(path) for path in documents() if path != README and str(path) not in led] == []


def test_the_readme_stays_short() -> None:
    """What it has no room for goes to docs/."""
    assert len(text(README).splitlines()) <= MOST_LINES


@pytest.mark.parametrize("word", ["**For** ", "**Not for** ", "**Status**"])
def test_the_first_screen_says_for_whom_it_is_and_how_far_it_is(word: str) -> None:
    """Whoever decides against it does so within a minute."""
    assert word in "\n".join(text(README).splitlines()[:FIRST_SCREEN])


@EVERY
def test_a_line_can_be_read_without_scrolling(document: Path) -> None:
    """Rows of tables aside, which cannot be wrapped."""
    lines = enumerate(prose(document).splitlines(), 1)

    assert [number for number, line in lines if len(line) > WIDEST and not line.startswith("|")] == []


@EVERY
def test_a_table_is_one_on_github_too(document: Path) -> None:
    """It begins after an empty line, its second row is the rule, and no row has more or fewer cells than the head."""
    lines = prose(document).splitlines()
    for number, table in tables(prose(document)):
        assert number == 1 or lines[number - 2] == "", f"line {number} follows upon text"
        assert all(re.fullmatch(r":?-+:?", cell) for cell in table[1]), f"line {number + 1} is no rule"
        widths = {number + at: len(row) for at, row in enumerate(table) if len(row) != len(table[0])}
        assert widths == {}, f"the table of line {number} has {len(table[0])} columns"


@EVERY
def test_a_block_of_code_ends(document: Path) -> None:
    """Else all that follows is code."""
    assert len(re.findall(r"^```", text(document), re.M)) % 2 == 0
    assert "```" not in prose(document)


@EVERY
def test_what_a_document_points_at_is_there(document: Path) -> None:
    """Files and folders of the project that it names as code."""
    ours = r"(?<![\w./<~-])(?:(?:shared|functions|infra|tests|docs|\.ci)/[\w/.-]*|function_app\.py)"
    named = {name for code in code_in(document) for name in re.findall(ours, code)}

    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_a_walk_names_functions_that_are_where_it_says() -> None:
    """Who follows a story opens the file and searches for the name."""
    steps = re.findall(r"^\d+\. `([\w/.]+)`, `([\w.]+)`", section(DEVELOPMENT, "Two walks"), re.M)

    assert len(steps) > 10
    assert [
        (file, name) for file, name in steps if f"def {name.rpartition('.')[2]}(" not in (ROOT / file).read_text()
    ] == []


def test_the_layout_names_every_folder() -> None:
    """Of the application and its surroundings."""
    layout = section(DEVELOPMENT, "Layout")
    folders = {f"{path.parent.name}/{path.name}/" for of in ("shared", "infra") for path in (ROOT / of).glob("[a-z]*/")}

    assert {"shared/domain/", "infra/local/"} <= folders
    assert sorted(folder for folder in folders if folder not in layout) == []


def test_the_way_of_imports_is_told_as_it_is_enforced() -> None:
    """Layer by layer, from the entry point to the rules."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    told = re.search(r"`(function_app → .*?)`", section(DEVELOPMENT, "Layout"))
    assert told is not None

    known = [re.sub(r"[()]|shared\.", "", layer) for layer in layers if "infra." not in layer]
    assert told[1].split(" → ") == ["function_app", *known]


@EVERY
@pytest.mark.parametrize(("module", "parser"), [("infra.local", local.commands), ("tests.workshop", workshop.commands)])
def test_a_command_of_ours_is_known(document: Path, module: str, parser: Callable[[], ArgumentParser]) -> None:
    """`python -m infra.local …` and `python -m tests.workshop …`, which make calls too."""
    known = re.search(r"\{([\w,]+)\}", parser().format_usage())
    named = {word for code in code_in(document) for word in re.findall(rf"-m {re.escape(module)} (\w+)", code)}

    assert known is not None
    assert named - set(known[1].split(",")) == set()


def test_numbers_in_words_are_those_of_the_code() -> None:
    """Of laws and of queues that have a trigger."""
    assert len(LAWS) == 17
    assert all("seventeen" in text(Path(name)) for name in ("README.md", "docs/testing.md"))
    assert set(re.findall(r"(\d+) queues\b", text(Path("docs/operations.md")))) == {str(len(QUEUES))}
