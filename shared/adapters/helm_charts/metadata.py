"""What a chart says of itself, of a folder or of a package: as Helm reads it, in the child."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.adapters.helm_charts.children import Children
from shared.ports.errors import Permanent

_FILE = "file://"
_KEYS = ("name", "version", "dependencies", "repository", "alias", "condition", "tags", "enabled")
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
    where = f"{folder.name}/Chart.yaml"
    try:
        text = (folder / "Chart.yaml").read_text(encoding="utf-8")
    except OSError as error:
        raise Permanent(f"{where} cannot be read: {error.strerror}; is this the chart's folder?") from error
    except UnicodeDecodeError as error:
        raise Permanent(f"{where} is not UTF-8: {error}; save it as UTF-8") from error
    _check_words(children.ask(where, "read", text=text), where)
    return _made(children.ask(where, "look", chart=str(folder)), where)


def of_package(children: Children, package: Path) -> Metadata:
    """Read a package; raise Permanent where the file is none."""
    return _made(children.ask(f"{package.name} is no Helm package", "look", chart=str(package)), package.name)


def check_lock(children: Children, lock: Path, about: Metadata) -> None:
    """Raise Permanent where a lock has something come from where the chart does not: Helm would go there."""
    document = children.ask(lock.name, "read", text=lock.read_text(encoding="utf-8", errors="replace"))
    asked = {(one.name, one.repository) for one in about.dependencies}
    for one in _pinned(document):
        named = {str(key).lower(): value for key, value in one.items()} if isinstance(one, Mapping) else {}
        if len(named) != len(one) or (named.get("name"), named.get("repository") or "") not in asked:
            raise Permanent(
                f"{lock.name} of chart {about.name} does not fit Chart.yaml; run `helm dependency update` and commit the lock"
            )


def _pinned(document: object) -> list[Any]:
    found = document if isinstance(document, Mapping) else {}
    lists = [value for key, value in found.items() if str(key).lower() == "dependencies" and value is not None]
    return [one for value in lists for one in (value if isinstance(value, list) else [value])]


def _check_words(document: object, where: str) -> None:
    # Helm takes `Dependencies:` for `dependencies:`, and others who look at the file would not see them.
    if not isinstance(document, Mapping) or not isinstance(document.get("name"), str):
        raise Permanent(f"{where} does not name the chart; it needs name and version")
    listed = document.get("dependencies")
    for one in (document, *(listed if isinstance(listed, list) else ())):
        for key in one if isinstance(one, Mapping) else ():
            if key not in _KEYS and str(key).lower() in _KEYS:
                raise Permanent(f"{where} holds {str(key)[:40]}; write {str(key).lower()}")


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
