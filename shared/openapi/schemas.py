"""Declared records as JSON Schema: answers have every member, and are called as the views are, without that word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

Schema = dict[str, Any]
_END = r"\Z"
_PLACE = "#/components/schemas/"


def components(records: Iterable[type]) -> dict[str, Schema]:
    """Return records, and all that is in them, by their names. Raise TypeError for two of one name."""
    _, found = msgspec.json.schema_components(tuple(records), ref_template=f"{_PLACE}{{name}}")
    named = {_name(name): _without("title", _renamed(one)) for name, one in found.items()}
    # The library tells two of one name apart by their modules.
    if len(named) < len(found) or any("." in name for name in named):
        raise TypeError(f"two records would have one name; rename one of {sorted(found)}")
    return named


def answer_components(views: Iterable[type]) -> dict[str, Schema]:
    """Return views as they are answered: each member is there, also one that is left out where a view is made."""
    return {name: _whole(one) if "properties" in one else one for name, one in components(views).items()}


def _whole(record: Schema) -> Schema:
    properties = {name: _without("default", one) for name, one in record["properties"].items()}
    return {**record, "properties": properties, "required": list(properties)}


def _without(key: str, schema: Schema) -> Schema:
    return {name: one for name, one in schema.items() if name != key}


def reference(name: str) -> Schema:
    """Point to a view's component."""
    return {"$ref": f"{_PLACE}{_name(name)}"}


def _name(name: str) -> str:
    return name.removesuffix("View")


def _renamed(value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    if isinstance(value, str):
        # ECMAScript, whose patterns these are, has no \Z; its $ is the end itself.
        return f"{value.removesuffix(_END)}$" if value.endswith(_END) else value
    if not isinstance(value, dict):
        return value
    place = reference(value["$ref"].removeprefix(_PLACE)) if "$ref" in value else {}
    return {key: _renamed(one) for key, one in value.items()} | place
