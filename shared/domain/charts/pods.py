"""Pods in manifests, found by their shape: in lists of any kind, controllers, and custom resources with a pod's template.

What is walked was rendered by a chart and may have any shape; nothing here raises, and the work grows with what is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

MOST_VALUES, MOST_DEPTH = 500_000, 200
GROUPS = ("containers", "initContainers", "ephemeralContainers")
# Where custom resources have a container alone (Argo Workflows, Argo Events), or more beside it.
SINGLE = ("container", "script")
MORE_GROUPS = (*GROUPS, "sidecars")

# Where the controllers of Kubernetes carry their pod, which is looked at whatever stands there.
WORKLOADS: Mapping[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"),
        ("spec", "template", "spec"),
    ),
}
Path: TypeAlias = "tuple[Path, str | int] | None"
_LONGEST_PART = 60
_OF_LISTS = frozenset({"apiVersion", "kind", "metadata"})


@dataclass(frozen=True, slots=True)
class Object:
    """One object, taken out of the lists that it came in; `number` counts them from 0."""

    number: int
    content: Mapping[str, object]

    @property
    def kind(self) -> str:
        """The kind, empty where it is no text."""
        found = self.content.get("kind")
        return found if isinstance(found, str) else ""

    @property
    def name(self) -> str:
        """The object as people name it: `Deployment/delivery`."""
        name = at(self.content, "metadata").get("name")
        return f"{_short(self.kind)}/{_short(name) if isinstance(name, str) else '?'}"


@dataclass(frozen=True, slots=True)
class Pod:
    """What a pod is made of, and where in its object it stands; `template` says that it is a controller's own."""

    field: str
    spec: Mapping[str, object]
    template: bool


class TooMuch(Exception):
    """The manifests go deeper, or hold more, than is looked at."""


class Walk:
    """Goes through manifests once, and counts what it has seen. Raise TooMuch where that is more than is looked at."""

    def __init__(self) -> None:
        self._room = MOST_VALUES

    def objects(self, documents: Sequence[object]) -> Iterator[Object | int]:
        """Take the objects out of their lists, in order; what is no object is given by its number."""
        number = 0
        open_: list[Iterator[object]] = [iter(documents)]
        while open_:
            for each in open_[-1]:
                items = each.get("items") if isinstance(each, dict) else None
                # Like kubectl: whatever holds a list of items is one, however its kind is called.
                is_list = isinstance(items, list | tuple)
                rest = _beside_items(each) if is_list and isinstance(each, dict) else each
                if rest is not None:
                    is_object = isinstance(rest, dict) and isinstance(rest.get("kind"), str)
                    yield Object(number, rest) if is_object and isinstance(rest, dict) else number
                    number += 1
                if isinstance(items, list | tuple):
                    self._take(len(items), len(open_))
                    open_.append(iter(items))
                    break
            else:
                open_.pop()

    def pods(self, found: Object) -> Iterator[Pod]:
        """Find every pod in an object: the controller's own first, then whatever has the shape of one."""
        own: Mapping[str, object] | None = None
        if found.kind in WORKLOADS:
            path = WORKLOADS[found.kind]
            own = at(found.content, *path)
            yield Pod(".".join(path), own, template=True)
        todo: list[tuple[object, Path, int]] = [(found.content, None, 0)]
        while todo:
            value, path_, depth = todo.pop()
            if isinstance(value, dict):
                if value is not own and _is_pod(value):
                    yield Pod(written(path_), value, template=False)
                inside: list[tuple[object, object]] = list(value.items())
            else:
                inside = list(enumerate(value)) if isinstance(value, list | tuple) else []
            self._take(len(inside), depth)
            todo += [
                (one, (path_, key if isinstance(key, int) else str(key)), depth + 1)
                for key, one in reversed(inside)
                if isinstance(one, dict | list | tuple)
            ]

    def _take(self, values: int, depth: int) -> None:
        self._room -= values
        if self._room < 0:
            raise TooMuch(f"hold more than {MOST_VALUES:,} values, which are all that is looked at")
        if depth > MOST_DEPTH:
            raise TooMuch(f"are nested deeper than {MOST_DEPTH} levels, which is all that is looked at")


def _beside_items(found: Mapping[str, object]) -> Mapping[str, object] | None:
    """What else a list holds: others may take it for an object, and leave out its items."""
    rest = {key: value for key, value in found.items() if key != "items"}
    return None if isinstance(rest.get("kind"), str) and _OF_LISTS.issuperset(rest) else rest


def at(value: object, *keys: str) -> Mapping[str, object]:
    """Go down by keys; empty where there is no object."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def listed(value: object) -> Sequence[object]:
    """What is in a list; nothing where there is none."""
    return value if isinstance(value, list | tuple) else ()


def _is_pod(value: Mapping[str, object]) -> bool:
    return (
        any("image" in at(value, name) for name in SINGLE)
        or any("image" in at(one) for group in MORE_GROUPS for one in listed(value.get(group)))
        or any("reference" in at(one, "image") for one in listed(value.get("volumes")))
    )


def written(path: Path) -> str:
    """A place in an object, as people write it; only asked for where there is something to say of it."""
    parts: list[str] = []
    while path is not None:
        path, key = path
        parts.append(f"[{key}]" if isinstance(key, int) else f".{_short(key)}")
    return "".join(reversed(parts)).removeprefix(".")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_PART else f"{line[:_LONGEST_PART]}…"
