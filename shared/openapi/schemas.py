"""Records as JSON Schema: what `plain` makes of a type, told by its annotations."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Schema = dict[str, Any]
_LEAVES: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    NoneType: {"type": "null"},
}


class Schemas:
    """The document's components; a record gets there when it is first asked for."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._types: dict[str, type] = {}

    def of(self, type_: Any) -> Schema:
        """Return the schema of a type, a reference where it has a name. Raise TypeError for one that JSON cannot hold."""
        if type_ in _LEAVES:
            return dict(_LEAVES[type_])
        origin, inner = get_origin(type_), get_args(type_)
        if origin in (Union, UnionType):
            return _any_of([self.of(one) for one in inner])
        if origin is Literal:
            return {"type": "string", "enum": list(inner)}
        if origin is tuple and inner[-1] is Ellipsis:
            return {"type": "array", "items": self.of(inner[0])}
        if inspect.isclass(type_) and (is_dataclass(type_) or issubclass(type_, StrEnum)):
            return self._named(type_)
        raise TypeError(f"{type_} has no form in JSON here; annotate the view with what it holds")

    def _named(self, type_: type) -> Schema:
        name = type_.__name__.removesuffix("View")
        if name not in self._types:
            self._types[name] = type_
            self.components[name] = self._record(type_) if is_dataclass(type_) else _words(type_)
        if self._types[name] is not type_:
            raise TypeError(f"{type_} and {self._types[name]} would both be called {name}; rename one")
        return reference(name)

    def _record(self, type_: Any) -> Schema:
        hints = get_type_hints(type_)
        names = [one.name for one in fields(type_)]
        return {
            "description": inspect.cleandoc(type_.__doc__ or ""),
            "type": "object",
            "required": names,
            "properties": {name: self.of(hints[name]) for name in names},
        }


def reference(name: str) -> Schema:
    """Point to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def _words(type_: Any) -> Schema:
    return {
        "description": inspect.cleandoc(type_.__doc__ or ""),
        "type": "string",
        "enum": [one.value for one in type_],
    }


def _any_of(schemas: list[Schema]) -> Schema:
    plain = [one for one in schemas if set(one) <= {"type", "format"}]
    if len(plain) == len(schemas) and sum(one["type"] != "null" for one in plain) == 1:
        [only] = [one for one in plain if one["type"] != "null"]
        return {**only, "type": [only["type"], "null"]}
    return {"anyOf": schemas}
