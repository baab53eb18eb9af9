"""The API's OpenAPI document."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from shared.openapi.answers import responses, shared_responses, views
from shared.openapi.bodies import body_components, request_body
from shared.openapi.operation import REPOSITORY, Operation
from shared.openapi.parameters import parameters
from shared.openapi.problems import problems
from shared.openapi.schemas import Schema, answer_components

VERSION = "3.1.0"
_PARAMETER = re.compile(r"\{(\w+)\}")
_TAGS = {
    "services": "What is deployable, what is live and what is on its way.",
    "releases": "One version's journey through the environments.",
    "approvals": "Answers of people to a promotion's question.",
    "environments": "What is deployed once more, taken back, let past a gate or adopted.",
    "holds": "Reasons why nothing, or one artifact, may go forward.",
    "builds": "Builds of releases and branches, and what they printed.",
    "commits": "What a commit shows.",
    "poison": "Messages that failed as often as they may.",
    "ledger": "Who did what, and why.",
    "hooks": "Doors for repositories and registries.",
    "page": "The web page and what it loads.",
    "about": "Whether Slipway works, and this document.",
}
_SECURITY: Schema = {
    "person": {
        "type": "http",
        "scheme": "bearer",
        "description": "A person's key of the local host; behind Easy Auth, a token that it takes.",
    },
    "secret": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Slipway-Secret",
        "description": "The hook's secret.",
    },
    "secretAsBearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The same, for senders that know bearer only.",
    },
    "secretAsCode": {
        "type": "apiKey",
        "in": "query",
        "name": "code",
        "description": "The same, for senders that can send no header; only with a body of theirs.",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A function as it is registered, with what it says (its docstring) and declares."""

    name: str
    path: str
    methods: tuple[str, ...]
    says: str
    operation: Operation


def document(routes: Iterable[Route]) -> Schema:
    """Make the document of these routes."""
    paths, tags, found = dict[str, Schema](), set[str](), sorted(routes, key=lambda one: one.path)
    for route in found:
        tags.add(route.operation.tag)
        for method in route.methods:
            paths.setdefault(route.path, {})[method] = _operation(route)
    return {
        "openapi": VERSION,
        "info": {
            "title": "Slipway",
            "version": "1",
            "summary": "Takes services from a pushed branch to production on Kubernetes.",
            "description": "Errors are `application/problem+json` with a `code` for programs and a `detail` for people. "
            "Times are in UTC. Lists go on with `after`, the `next` of the page before.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": says} for name, says in _TAGS.items() if name in tags],
        "paths": paths,
        "components": {
            "schemas": _components([one.operation for one in found]),
            "responses": shared_responses(),
            "securitySchemes": _SECURITY,
        },
    }


def _components(operations: Sequence[Operation]) -> dict[str, Schema]:
    parts = (answer_components(views(operations)), body_components(operations), problems())
    found: dict[str, Schema] = {}
    for name, one in chain.from_iterable(part.items() for part in parts):
        if found.setdefault(name, one) != one:
            raise TypeError(f"two records would be called {name}; rename one")
    return dict(sorted(found.items()))


def encoded(found: Schema) -> bytes:
    """Return the document's bytes."""
    return json.dumps(found, indent=1, ensure_ascii=False).encode()


def _operation(route: Route) -> Schema:
    operation = route.operation
    summary, _, more = inspect.cleandoc(route.says).partition("\n\n")
    said: Schema = {"operationId": route.name, "summary": summary.rstrip("."), "tags": [operation.tag]}
    if more:
        said["description"] = more
    said |= {"x-who": operation.who, "security": _security(operation)}
    names = tuple(_PARAMETER.findall(route.path))
    if asked := list(parameters(names, operation, repository=REPOSITORY)):
        said["parameters"] = asked
    if operation.body:
        said["requestBody"] = request_body(operation)
    return {**said, "responses": responses(operation, route.path)}


def _security(operation: Operation) -> list[Schema]:
    if operation.who == "anybody":
        return []
    if operation.who == "secret":
        more = {"secretAsBearer": operation.bearer, "secretAsCode": operation.code}
        return [{"secret": []}, *({name: []} for name, may in more.items() if may)]
    return [{"person": []}]
