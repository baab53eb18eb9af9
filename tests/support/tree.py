"""The project's own files, for tests that are about the code itself. Paths are given from the root."""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("function_app.py", "functions", "shared", "infra")
_MADE = frozenset({"node_modules", "__pycache__"})
_WRITTEN = frozenset({".py", ".js", ".css", ".html", ".sh", ".bicep", ".toml"})


def _files(*starts: str) -> Iterator[Path]:
    """Files below the starts that people wrote, hidden folders and what tools make left out."""
    for start in starts:
        if (ROOT / start).is_file():
            yield Path(start)
        for folder, folders, files in os.walk(ROOT / start):
            folders[:] = sorted(f for f in folders if f not in _MADE and not f.startswith("."))
            yield from (Path(folder, name).relative_to(ROOT) for name in sorted(files))


@functools.cache
def product_files() -> tuple[Path, ...]:
    """Python files of the product, the samples aside: those stand for other people's code."""
    found = (path for path in _files(*PRODUCT) if path.suffix == ".py")
    return tuple(path for path in found if path.parts[:2] != ("infra", "samples"))


@functools.cache
def python_files() -> tuple[Path, ...]:
    """Every Python file of the repository."""
    return tuple(path for path in _files(*PRODUCT, "tests") if path.suffix == ".py")


@functools.cache
def written_files() -> tuple[Path, ...]:
    """Code in any language, and the scripts."""
    code = [path for path in _files(*PRODUCT, "tests") if path.suffix in _WRITTEN and ".min." not in path.name]
    return (*code, Path("Makefile"), Path("pyproject.toml"), *_files(".ci"))


def lines_of(path: Path) -> int:
    """How many lines a file has."""
    return len((ROOT / path).read_text().splitlines())


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A Python file's syntax."""
    return ast.parse((ROOT / path).read_text(), filename=str(path))


def used_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Dotted names that code reads, with imported ones spelt out (`from time import time` gives time.time)."""
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {
                (a.asname or a.name.partition(".")[0]): (a.name if a.asname else a.name.partition(".")[0])
                for a in node.names
            }
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {(a.asname or a.name): f"{node.module}.{a.name}" for a in node.names}
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _dotted(node)):
            first, _, rest = name.partition(".")
            # A chain that starts with a local variable is nobody's module.
            if first in imported:
                yield node.lineno, f"{imported[first]}.{rest}"
        elif isinstance(node, ast.Name):
            yield node.lineno, imported.get(node.id, node.id)


def _dotted(node: ast.expr) -> str | None:
    """`a.b.c` of an attribute chain that starts with a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return None
