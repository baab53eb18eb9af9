"""The project's documents as text, for tests that hold them against the code. Paths are given from the root."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.tree import ROOT

README, LOCAL = Path("README.md"), Path("docs/local.md")
API, AZURE, CONFIGURATION = Path("docs/api.md"), Path("docs/azure.md"), Path("docs/configuration.md")
DEVELOPMENT, OPERATIONS, RELEASES = Path("docs/development.md"), Path("docs/operations.md"), Path("docs/releases.md")
_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)


@functools.cache
def documents() -> tuple[Path, ...]:
    """The README and everything in docs/."""
    return (README, *sorted(path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md")))


@functools.cache
def text(document: Path) -> str:
    """A document as it is written."""
    return (ROOT / document).read_text(encoding="utf-8")


@functools.cache
def prose(document: Path) -> str:
    """A document whose blocks of code are empty lines, so that its other lines keep their numbers."""
    return _FENCED.sub(lambda block: "\n" * block[0].count("\n"), text(document))


def headings(document: Path) -> list[str]:
    """Headings of any level, in order; a comment in a block of code is none."""
    return re.findall(r"^#+ (.+)$", prose(document), re.M)


def anchors(document: Path) -> set[str]:
    """What a link may name after `#`: GitHub's names of the headings."""
    found: dict[str, int] = {}
    for heading in headings(document):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found[name] = found.get(name, -1) + 1
    return {f"{name}-{n}" if n else name for name, last in found.items() for n in range(last + 1)}


def links(document: Path) -> list[str]:
    """Where a document's links lead to."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", prose(document)))


def code_in(document: Path) -> list[str]:
    """Blocks and spans of code; prose may say what it likes."""
    return re.findall(r"```.*?```|`[^`\n]+`", text(document), re.S)


def section(document: Path, heading: str) -> str:
    """The text below a heading, up to the next one of any level."""
    assert headings(document).count(heading) == 1, f"{document} has no one heading {heading!r}"
    begin = re.search(rf"^#+ {re.escape(heading)}\n", prose(document), re.M)
    assert begin is not None
    lines, plain = text(document).splitlines(), prose(document).splitlines()
    first = prose(document)[: begin.end()].count("\n")
    last = next((n for n in range(first, len(plain)) if plain[n].startswith("#")), len(plain))
    return "\n".join(lines[first:last]) + "\n"


def tables(part: str) -> Iterator[tuple[int, list[list[str]]]]:
    """Tables with the line that each begins in, as cells; the head comes first and its rule second."""
    table: list[list[str]] = []
    for number, line in enumerate([*part.splitlines(), ""], 1):
        if line.startswith("|"):
            table.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]])
        elif table:
            yield number - len(table), table
            table = []


def rows(document: Path, heading: str) -> list[list[str]]:
    """Cells of a section's tables, their heads left out."""
    return [row for _, table in tables(section(document, heading)) for row in table[2:]]


def coded(cell: str) -> list[str]:
    """Words that a cell sets as code."""
    return re.findall(r"`([^`]+)`", cell)
