"""What is in the package and what is not, in figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MEGA = 1_000_000


@dataclass(slots=True)
class Pile:
    """Some files."""

    files: int = 0
    size: int = 0

    def add(self, size: int, files: int = 1) -> None:
        """Count one more, or several."""
        self.files += files
        self.size += size


@dataclass(slots=True, kw_only=True)
class PackageReport:
    """A package that was built: `packages` by project, `left_out` by reason."""

    zip: Path
    folder: Path
    zipped: int = 0
    whole: Pile = field(default_factory=Pile)
    ours: Pile = field(default_factory=Pile)
    packages: dict[str, Pile] = field(default_factory=dict)
    compiled: Pile = field(default_factory=Pile)
    left_out: dict[str, Pile] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Say it."""
        yield f"{self.zip}: {_mb(self.zipped)} zipped, {_mb(self.whole.size)} unzipped, {self.whole.files:,} files"
        yield f"of these ours {_row(self.ours)}; compiled {_row(self.compiled)}"
        if not self.compiled.files:
            yield "not compiled, as that takes Python 3.13: a cold start compiles what it loads"
        yield "the ten largest packages, compiled files aside:"
        yield from _rows(self.packages, most=10)
        yield "left out:"
        yield from _rows(self.left_out)


def _rows(piles: Mapping[str, Pile], most: int | None = None) -> Iterator[str]:
    largest = sorted(piles.items(), key=lambda item: -item[1].size)
    return (f"  {name:<34}{_row(pile)}" for name, pile in largest[:most])


def _row(pile: Pile) -> str:
    return f"{_mb(pile.size):>9} {pile.files:>6,} files"


def _mb(size: int) -> str:
    return f"{size / _MEGA:.1f} MB"
