"""Finds services by their folders: one that holds a Dockerfile, with a chart, is a service of the folder's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.values.names import valid_name
from shared.inbound.slipway_yaml.faults import Faults
from shared.inbound.slipway_yaml.fields import ROOT
from shared.inbound.slipway_yaml.models import BuildSection, Service

_CHART = "Chart.yaml"


@dataclass(frozen=True, slots=True)
class Located:
    """A service and where it lies."""

    name: str
    path: str
    chart: str
    service: Service


class Tree:
    """The files of a commit, asked for folders. Without files the tree is unknown and every folder is believed."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = frozenset(files)
        self._folders = frozenset(file[:end] for file in files for end, sign in enumerate(file) if sign == "/")
        # Links that lead to folders: what lies behind them is believed, and a build says where it is not so.
        self._links = frozenset(file[:-1] for file in files if file.endswith("/"))
        self._built = sorted(file.removesuffix("/Dockerfile") for file in files if file.endswith("/Dockerfile"))

    def holds(self, folder: str) -> bool:
        """Whether there is something below the folder."""
        return not self._files or folder in self._folders or self._by_link(folder)

    def holds_chart(self, folder: str) -> bool:
        """Whether the folder is a chart's."""
        return self.holds_file(f"{folder}/{_CHART}")

    def holds_file(self, path: str) -> bool:
        """Whether there is a file of that path."""
        return not self._files or path in self._files or self._by_link(path)

    def built(self) -> Iterator[tuple[str, str]]:
        """Folders with a Dockerfile, each with its name."""
        return ((folder.rpartition("/")[2], folder) for folder in self._built)

    def chart(self, name: str, path: str) -> str | None:
        """Where the service's chart lies, if it lies where charts are looked for."""
        candidates = (f"charts/{name}", f"{path}/chart", f"{path}/charts/{name}")
        return next((each for each in candidates if f"{each}/{_CHART}" in self._files or each in self._links), None)

    def _by_link(self, path: str) -> bool:
        return any(path[:end] in self._links for end, sign in enumerate(path) if sign == "/")


def locate(services: Mapping[str, Service | None] | None, files: Sequence[str], faults: Faults) -> tuple[Located, ...]:
    """Complete the services that the file names, or find them all where it names none."""
    tree = Tree(files)
    if services is None:
        return tuple(_discovered(tree, faults))
    named = ((name, service) for name, service in services.items() if service is not None)
    found = (_completed(name, service, tree, faults) for name, service in named)
    return tuple(each for each in found if each is not None)


def _discovered(tree: Tree, faults: Faults) -> Iterator[Located]:
    folders: dict[str, tuple[str, str]] = {}
    for name, path in tree.built():
        chart = tree.chart(name, path)
        if chart is None:
            continue
        if not valid_name(name):
            faults.add(("services",), f"are found by their folders, but {path} has no service's name; list them here")
        if name in folders:
            other = folders[name][0]
            faults.add(
                ("services",),
                f"are found by their folders, but {other} and {path} have one name; list them here",
            )
        folders.setdefault(name, (path, chart))
    if not folders:
        faults.add(("services",), "are missing, and no folder holds a Dockerfile and has a chart")
    for name, (path, chart) in folders.items():
        yield Located(name, path, chart, Service())


def _completed(name: str, service: Service, tree: Tree, faults: Faults) -> Located | None:
    place = ("services", name)
    if service.path is not None and not tree.holds(service.path):
        faults.add((*place, "path"), f"{service.path} is not a folder of the repository")
        return None
    path = service.path or _only_folder(name, tree, faults)
    if path is None:
        return None
    _check_build(name, service.build, tree, faults)
    if service.chart is not None and not tree.holds_chart(service.chart):
        faults.add((*place, "chart"), f"{service.chart} holds no {_CHART}")
        return None
    chart = service.chart or tree.chart(name, path)
    if chart is None:
        looked = f"charts/{name}, {path}/chart or {path}/charts/{name}"
        faults.add((*place, "chart"), f"is missing, and there is no {_CHART} in {looked}")
        return None
    return Located(name, path, chart, service)


def _check_build(name: str, build: BuildSection, tree: Tree, faults: Faults) -> None:
    if build.dockerfile is not None and not tree.holds_file(build.dockerfile):
        faults.add(("services", name, "build", "dockerfile"), f"{build.dockerfile} is not a file of the repository")
    if build.context not in (None, ROOT) and not tree.holds(build.context):
        faults.add(("services", name, "build", "context"), f"{build.context} is not a folder of the repository")


def _only_folder(name: str, tree: Tree, faults: Faults) -> str | None:
    folders = [folder for called, folder in tree.built() if called == name]
    if len(folders) == 1:
        return folders[0]
    why = f"several are called so: {', '.join(folders)}" if folders else f"no folder called {name} holds a Dockerfile"
    faults.add(("services", name, "path"), f"is missing, and {why}")
    return None
