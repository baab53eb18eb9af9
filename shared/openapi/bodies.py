"""Bodies of requests: the records that they are read as, with an example of each, which is read here as well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.inbound import acr_hook, bodies, docker_hub, git_hook, registry_hook
from shared.inbound.json_body import decode
from shared.openapi.operation import Operation, RequestBody
from shared.openapi.schemas import Schema, components, reference

_DECLARED = {
    "acr_hook": acr_hook,
    "bodies": bodies,
    "docker_hub": docker_hub,
    "git_hook": git_hook,
    "registry_hook": registry_hook,
}


def body_components(operations: Iterable[Operation]) -> dict[str, Schema]:
    """Return what operations take, and all that is in it, by their names."""
    return components({_declared(one.record) for operation in operations for one in _bodies(operation)})


def request_body(operation: Operation) -> Schema:
    """Return what an operation takes; raise Unacceptable for an example that it would not take."""
    found = {one.record.partition(".")[0]: (_taken(one), one.example) for one in _bodies(operation)}
    schemas = [schema for schema, _ in found.values()]
    needed = all(components([_declared(one.record)])[one.name].get("required") for one in _bodies(operation))
    if len(found) == 1:
        content = {"schema": schemas[0], "example": dict(operation.example)}
    else:
        content = {
            "schema": {"anyOf": schemas},
            "examples": {name: {"value": dict(example)} for name, (_, example) in found.items()},
        }
    return {"required": needed, "content": {"application/json": content}}


def _bodies(operation: Operation) -> Iterator[RequestBody]:
    if operation.body:
        yield RequestBody(operation.body, operation.example)
        yield from operation.bodies


def _taken(one: RequestBody) -> Schema:
    decode(one.example, _declared(one.record))
    return reference(one.name)


def _declared(record: str) -> type:
    module, _, name = record.partition(".")
    found: type = getattr(_DECLARED[module], name)
    return found
