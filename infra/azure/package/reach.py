"""Which of the pinned projects the product comes to use: those that its modules import, and what these need in turn.

requirements.txt also pins what an adapter will use one day. Nobody has to remember to add it here then: its import does that.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.azure.package.target import applies

# What no module of ours imports by name: the platform loads the worker, and zoneinfo reads the zones.
_UNSAID = ("azure-functions-runtime", "tzdata")
# Asynchronous HTTP. Everything here is synchronous, and the SDKs do without; where they find it they load it with the rest,
# a quarter of a second for nothing.
UNUSED = frozenset({"aiohttp", "aiohttp-retry"})


class Site:
    """A folder of unpacked wheels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_name = {_name(one): one for one in distributions(path=[str(folder)])}
        self._owners = {str(file): name for name, one in self._by_name.items() for file in one.files or ()}

    @property
    def names(self) -> frozenset[str]:
        """Every project in it."""
        return frozenset(self._by_name)

    def owner(self, module: str) -> str | None:
        """Return the project that a module is of, also where the name goes on with what lies in the module."""
        parts = module.split(".")
        for count in range(len(parts), 0, -1):
            path = "/".join(parts[:count])
            for file in (f"{path}.py", f"{path}/__init__.py"):
                if file in self._owners:
                    return self._owners[file]
        return None

    def needs(self, name: str, extras: frozenset[str]) -> Iterator[Requirement]:
        """What a project says that it needs on the target."""
        for line in self._by_name[name].requires or ():
            requirement = Requirement(line)
            if applies(requirement, extras=extras):
                yield requirement

    def files(self, name: str) -> Iterator[Path]:
        """A project's files, from the folder; not what pip would put elsewhere."""
        for file in self._by_name[name].files or ():
            path = Path(str(file))
            if ".." not in path.parts and (self.folder / path).is_file():
                yield path


def reached(site: Site, product: list[Path], pyproject: Path) -> frozenset[str]:
    """Return the projects that the product's files come to use, with the extras that pyproject.toml asks for."""
    roots = {site.owner(module) for path in product for module in _imports(path)}
    asked = _extras(pyproject)
    waiting = [(name, asked.get(name, frozenset())) for name in (*roots, *_UNSAID) if name is not None]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one = waiting.pop()
        name, extras = one
        if one in seen or name in UNUSED or name not in site.names:
            continue
        seen.add(one)
        waiting += [(canonicalize_name(need.name), frozenset(need.extras)) for need in site.needs(name, extras)]
    return frozenset(name for name, _ in seen)


def _extras(pyproject: Path) -> dict[str, frozenset[str]]:
    lines = tomllib.loads(pyproject.read_text(encoding="utf-8"))["dependency-groups"]["production"]
    return {canonicalize_name(one.name): frozenset(one.extras) for one in map(Requirement, lines)}


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _name(found: Distribution) -> str:
    return canonicalize_name(found.metadata["Name"])
