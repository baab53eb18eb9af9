"""Bodies as JSON Schema: what a parser asks of an example, written down while it reads it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import datetime

from shared.domain.names import Person, ServiceKey
from shared.inbound import acr_hook, docker_hub, git_hook, registry_hook, requests
from shared.inbound.json_body import MOST_TEXT, Body, Form
from shared.inbound.problems import Unacceptable
from shared.inbound.requests import Asked
from shared.openapi.parameters import PATH
from shared.openapi.schemas import Schema

_PARSERS = {
    "acr_hook": acr_hook,
    "docker_hub": docker_hub,
    "git_hook": git_hook,
    "registry_hook": registry_hook,
    "requests": requests,
}
# What Python takes for blank and ECMAScript's \s does not is named.
NOT_BLANK = r"[^\s\x1c-\x1f\x85]"


def body_schema(reader: str, example: Mapping[str, object]) -> Schema:
    """Return what a parser of shared/inbound, named `module.function`, takes; the example has to show every field."""
    module, _, name = reader.partition(".")
    read, body = getattr(_PARSERS[module], name), Noted(example)
    wants = next(iter(inspect.signature(read).parameters))
    read(_asked(body) if wants == "asked" else body)
    return {**body.schema(), "example": dict(example)}


def _asked(body: Body) -> Asked:
    route = {name: one.example for name, one in PATH.items()}
    return Asked(
        id="1", service=ServiceKey("shop", "delivery"), person=Person(id="1", name="1"), route=route, body=body
    )


class Noted(Body):
    """A body that notes what it is asked for."""

    def __init__(self, values: Mapping[str, object], path: str = "") -> None:
        super().__init__(values, path)
        self._properties: dict[str, Schema] = {}
        self._objects: dict[str, Noted] = {}
        self._lists: dict[str, tuple[Noted, ...]] = {}
        self._required: list[str] = []
        self._closed = False

    def schema(self) -> Schema:
        """Return what was asked for until now."""
        nested = {
            name: one.schema() if name in self._required else {**one.schema(), "type": ["object", "null"]}
            for name, one in self._objects.items()
        }
        listed = {name: _common([one.schema() for one in inner]) for name, inner in self._lists.items()}
        lists = {name: {**self._properties[name], "items": items} for name, items in listed.items()}
        found: Schema = {"type": "object", "properties": {**self._properties, **nested, **lists}}
        if self._required:
            found["required"] = self._required
        return {**found, "additionalProperties": False} if self._closed else found

    def text(self, name: str, *, default: str | None = None, most: int = MOST_TEXT, form: Form | None = None) -> str:
        """See Body."""
        if default is None:
            pattern = f"^(?:{form.pattern})$" if form else NOT_BLANK
            self._note(name, {"type": "string", "maxLength": most, "pattern": pattern}, required=True)
        else:
            shape = {"pattern": f"^(?:{form.pattern})?$"} if form else {}
            self._note(name, {"type": ["string", "null"], "maxLength": most, **shape})
        return super().text(name, default=default, most=most, form=form)

    def word(self, name: str, words: tuple[str, ...]) -> str:
        """See Body."""
        found = super().word(name, words)
        self._note(name, {"type": "string", "enum": [str(word) for word in words]}, required=True)
        return found

    def time(self, name: str) -> datetime | None:
        """See Body."""
        found = super().time(name)
        none = {"type": ["string", "null"], "maxLength": 0}
        self._note(name, {"anyOf": [{"type": "string", "format": "date-time"}, none]})
        return found

    def number(self, name: str, *, default: int) -> int | float:
        """See Body."""
        self._note(name, {"type": ["number", "null"]})
        return super().number(name, default=default)

    def inner(self, name: str, *, needed: bool = False) -> Noted:
        """See Body."""
        self._objects[name] = super().inner(name, needed=needed)
        if needed:
            self._note(name, {}, required=True)
        return self._objects[name]

    def each(
        self, name: str, *, most: int, least: int = 0, faults: list[Unacceptable] | None = None
    ) -> tuple[Noted, ...]:
        """See Body."""
        self._lists[name] = super().each(name, most=most, least=least, faults=faults)
        few = {"minItems": least} if least else {}
        self._note(name, {"type": "array", **few, "maxItems": most}, required=True)
        return self._lists[name]

    def done(self) -> None:
        """See Body."""
        super().done()
        self._closed = True

    def _note(self, name: str, schema: Schema, *, required: bool = False) -> None:
        self._properties[name] = schema
        if required and name not in self._required:
            self._required.append(name)


def _common(schemas: list[Schema]) -> Schema:
    """Return what holds for each of several objects: all that any of them was asked for, and what all of them need."""
    properties = {name: schema for one in schemas for name, schema in one["properties"].items()}
    required = [name for name in properties if all(name in one.get("required", ()) for one in schemas)]
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}
