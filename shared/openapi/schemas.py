"""Declared records as JSON Schema: answers have every member, and are called as the views are, without that word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

Schema = dict[str, Any]
_PLACE = "#/components/schemas/"


def components(views: Iterable[type]) -> dict[str, Schema]:
    """Return views, and all that is in them, by their names. Raise TypeError for two of one name."""
    _, found = msgspec.json.schema_components(tuple(views), ref_template=f"{_PLACE}{{name}}")
    named = {_name(name): _record(one) for name, one in found.items()}
    # The library tells two of one name apart by their modules.
    if len(named) < len(found) or any("." in name for name in named):
        raise TypeError(f"two records would have one name; rename one of {sorted(found)}")
    return named


def reference(name: str) -> Schema:
    """Point to a view's component."""
    return {"$ref": f"{_PLACE}{_name(name)}"}


def _name(name: str) -> str:
    return name.removesuffix("View")


def _record(found: Schema) -> Schema:
    renamed: Schema = {key: one for key, one in _renamed(found).items() if key != "title"}
    properties = renamed.get("properties", {})
    for one in properties.values():
        # What an answer leaves out of its making is shown all the same.
        one.pop("default", None)
    return {**renamed, "required": list(properties)} if properties else renamed


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    if not isinstance(value, dict):
        return value
    place = reference(value["$ref"].removeprefix(_PLACE)) if "$ref" in value else {}
    return {key: _renamed(one) for key, one in value.items()} | place
