"""What a chart says of itself, of a folder or of a package: as Helm reads it, in the child."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.adapters.helm_charts.children import Children
from shared.domain.charts.chart_words import DESCRIPTIONS, folded, misspelt
from shared.ports.errors import Permanent
from shared.ports.source import MOST_FILE

_FILE = "file://"
_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._]{0,249}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Another chart that this one takes in, and where it comes from."""

    name: str
    version: str
    repository: str

    @property
    def folder(self) -> str | None:
        """The folder beside the chart, as written after `file://`; None where it is none."""
        return self.repository.removeprefix(_FILE) if self.repository.startswith(_FILE) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Name, version and dependencies of a chart."""

    name: str
    version: str
    dependencies: tuple[Dependency, ...] = ()


def of_folder(children: Children, folder: Path) -> Metadata:
    """Read a folder; raise Permanent where Chart.yaml is missing or no description of a chart."""
    main, *others = (Described(folder, name) for name in DESCRIPTIONS)
    found = main.read(children)
    if not isinstance(found.get("name"), str):
        raise Permanent(f"{main.where} does not name the chart; it needs name and version")
    for one in others:
        if one.is_there:
            one.read(children)
    return _made(children.ask(main.where, "look", chart=str(folder)), main.where)


@dataclass(frozen=True, slots=True)
class Described:
    """A file that describes a chart. Helm reads more than others who look at it would: that is refused in words."""

    folder: Path
    name: str

    @property
    def where(self) -> str:
        """The file as it is told to people."""
        return f"{self.folder.name}/{self.name}"

    @property
    def is_there(self) -> bool:
        """Whether the folder has it."""
        return (self.folder / self.name).exists()

    def read(self, children: Children) -> Mapping[str, object]:
        """Return what it holds; raise Permanent for what others would read differently, or not at all."""
        try:
            content = (self.folder / self.name).read_bytes()
            text = content.decode()
        except OSError as error:
            raise Permanent(f"{self.where} cannot be read: {error.strerror}; is this the chart's folder?") from error
        except UnicodeDecodeError as error:
            raise Permanent(f"{self.where} is not UTF-8: {error}; save it as UTF-8") from error
        if len(content) > MOST_FILE:
            raise Permanent(f"{self.where} has {len(content)} bytes; {MOST_FILE} are read at most, make it smaller")
        found = children.ask(self.where, "read", text=text)
        document: Mapping[str, object] = found if isinstance(found, Mapping) else {}
        for key, known in misspelt(document):
            raise Permanent(f"{self.where} holds {key[:40]}; write {known}")
        return document


def of_package(children: Children, package: Path) -> Metadata:
    """Read a package; raise Permanent where the file is none."""
    return _made(children.ask(f"{package.name} is no Helm package", "look", chart=str(package)), package.name)


def pinned(children: Children, lock: Path, about: Metadata) -> tuple[Dependency, ...]:
    """What a chart depends on in the versions of its lock, which has them in its order; raise Permanent where it does not."""
    document = children.ask(lock.name, "read", text=lock.read_text(encoding="utf-8", errors="replace"))
    found = tuple(_dependency(one) for one in _pinned(document))
    if [(one.name, one.repository) for one in found] != [(one.name, one.repository) for one in about.dependencies]:
        raise _unfit(lock, about)
    return found


def check_lock(children: Children, lock: Path, about: Metadata) -> None:
    """Raise Permanent where a lock has something come from where the chart does not: Helm would go there."""
    document = children.ask(lock.name, "read", text=lock.read_text(encoding="utf-8", errors="replace"))
    asked = {(one.name, one.repository) for one in about.dependencies}
    for one in _pinned(document):
        named = {folded(key): value for key, value in one.items()} if isinstance(one, Mapping) else {}
        if len(named) != len(one) or (named.get("name"), named.get("repository") or "") not in asked:
            raise _unfit(lock, about)


def _unfit(lock: Path, about: Metadata) -> Permanent:
    return Permanent(
        f"{lock.name} of chart {about.name} does not fit Chart.yaml; run `helm dependency update` and commit the lock"
    )


def _pinned(document: object) -> list[Any]:
    found = document if isinstance(document, Mapping) else {}
    lists = [value for key, value in found.items() if folded(key) == "dependencies" and value is not None]
    return [one for value in lists for one in (value if isinstance(value, list) else [value])]


def _made(found: object, where: str) -> Metadata:
    if not isinstance(found, Mapping):
        raise Permanent(f"{where} is no description of a chart")
    name = _text(found, "name")
    if _NAME.fullmatch(name) is None:
        raise Permanent(f"{where}: {name[:80]!r} cannot be a chart's name; it needs name and version")
    listed = found.get("dependencies") or ()
    return Metadata(
        name=name,
        version=_text(found, "version"),
        dependencies=tuple(_dependency(one) for one in (listed if isinstance(listed, list) else ())),
    )


def _dependency(found: Any) -> Dependency:
    one = found if isinstance(found, Mapping) else {}
    return Dependency(name=_text(one, "name"), version=_text(one, "version"), repository=_text(one, "repository"))


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""
