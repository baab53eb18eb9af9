"""A contract for import-linter: which package may use which outside library.

import-linter's own contracts see only the first part of an outside name, and to them azure.functions and
azure.identity are the same; and they forbid, where a list of what is allowed says more.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

OURS = frozenset({"function_app", "functions", "infra", "shared", "tests"})


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """One import of an outside library."""

    module: str
    line: int
    library: str


def covers(package: str, name: str) -> bool:
    """Whether a dotted name is the package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def rules(lines: list[str]) -> dict[str, frozenset[str]]:
    """Read lines of the form `package: library, library`; lines for one package add up."""
    found: dict[str, frozenset[str]] = {}
    for line in lines:
        package, _, libraries = line.partition(":")
        named = frozenset(library.strip() for library in libraries.split(","))
        found[package.strip()] = found.get(package.strip(), frozenset()) | named
    return found


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every absolute import in a file, inside functions too, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def outside_uses(root: Path) -> list[Use]:
    """Every use of an outside library in the product."""
    files = [root / "function_app.py"]
    for folder in ("functions", "infra/azure", "infra/local", "shared"):
        files += sorted((root / folder).rglob("*.py"))
    known = OURS | sys.stdlib_module_names
    return [
        Use(module=module_name(path.relative_to(root)), line=line, library=name)
        for path in files
        if path.exists()
        for line, name in imported(ast.parse(path.read_text()))
        if name.partition(".")[0] not in known
    ]


def module_name(path: Path) -> str:
    """The dotted name of a file, given from the root."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def misplaced(uses: list[Use], allowed: dict[str, frozenset[str]]) -> list[Use]:
    """The uses that no rule allows."""
    refused = []
    for use in uses:
        package = max((p for p in allowed if covers(p, use.module)), key=len, default="")
        if not any(covers(library, use.library) for library in allowed.get(package, ())):
            refused.append(use)
    return sorted(refused)


class ThirdPartyContract(Contract):
    """Outside libraries are used where the configuration allows them, and nowhere else."""

    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at the files themselves; the graph has only the first part of an outside name."""
        # A field's value takes its place when the contract is made, which its types don't say.
        refused = misplaced(outside_uses(Path.cwd()), rules(cast(list[str], self.allowed)))
        return ContractCheck(kept=not refused, metadata={"refused": refused})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that is out of place."""
        for use in check.metadata["refused"]:
            output.print_error(f"- {use.module} uses {use.library} (l.{use.line})", bold=False)
        output.new_line()
