"""Answers of a route: what it declares, and the refusals that follow from who may call it and what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

from shared.app.views import answers, build, health, ledger, poison, read_status, records, service_records
from shared.openapi.operation import Operation
from shared.openapi.problems import PROBLEM, REFUSED
from shared.openapi.schemas import Schema, reference

WRITTEN = "WrittenView"
_VIEWS: tuple[ModuleType, ...] = (records, service_records, answers, build, health, ledger, poison, read_status)
_DONE = {
    200: "Done, or read.",
    201: "Made.",
    202: "Begun; what follows shows in the release, or is worked on from a queue.",
    503: "The store does not answer.",
}
_REFUSALS = {
    400: "The request is not in order; `field` names what.",
    401: "Nobody is signed in, or the key or secret is wrong.",
    403: "Not for this caller; `detail` says who may.",
    404: "There is no such thing, or nothing that the request could be about.",
    409: "It does not fit how things stand; `code` and `detail` say why. Also where two repositories have the service.",
    413: "The body is too large.",
    415: "It is not said to be `application/json`.",
    503: "Ask again, in Retry-After seconds.",
}
_MEDIA: dict[str, Schema] = {"application/json": {"type": "object"}, "*/*": {}}
_TEXT: Schema = {"text/html": {"schema": {"type": "string"}}}
_RETRY: Schema = {"Retry-After": {"description": "seconds to wait", "required": True, "schema": {"type": "integer"}}}


def shared_responses() -> dict[str, Schema]:
    """Return refusals by their names in the components: of pages, of what was only read, and of what was decided on."""
    either = {"anyOf": [reference(REFUSED), reference(PROBLEM)]}
    kinds: dict[str, Schema] = {
        "Page": _TEXT,
        PROBLEM: {"application/problem+json": {"schema": reference(PROBLEM)}},
        REFUSED: {"application/problem+json": {"schema": either}},
    }
    return {
        f"{kind}{status}": {"description": says, "content": content, **({"headers": _RETRY} if status == 503 else {})}
        for kind, content in kinds.items()
        for status, says in _REFUSALS.items()
    }


def responses(operation: Operation, path: str) -> Schema:
    """Return every answer by its status."""
    found = {status: _refusal(operation, status) for status in _refusals(operation, path)}
    found[operation.status] = _answer(operation.answer, operation.status)
    if operation.answer == WRITTEN:
        found[200] = _answer(WRITTEN, 200)  # it was so already, and nothing was begun
    if operation.headers:
        found[operation.status]["headers"] = {
            name: {"description": says, "required": True, "schema": {"type": "string"}}
            for name, says in operation.headers.items()
        }
    found |= {status: _also(name, status) for status, name in operation.also.items()}
    return {str(status): found[status] for status in sorted(found)}


def _refusals(operation: Operation, path: str) -> Iterator[int]:
    yield from (401, 503)
    if operation.who not in ("anybody", "secret"):
        yield 403
    if operation.query or operation.body:
        yield 400
    if operation.body:
        yield 413
    if "{" in path or operation.who in ("operators", "approvers"):
        yield 404
    if operation.body and operation.who != "secret":
        yield from (409, 415)
    if "{service}" in path or any(one.name == "repository" for one in operation.query):
        yield from (404, 409)


def _refusal(operation: Operation, status: int) -> Schema:
    if operation.answer == "text/html":
        kind = "Page"
    else:
        kind = REFUSED if WRITTEN in operation.answer and status in (400, 403, 404, 409) else PROBLEM
    return {"$ref": f"#/components/responses/{kind}{status}"}


def _also(name: str, status: int) -> Schema:
    return {**_answer(name, status), **({"headers": _RETRY} if status == 503 else {})}


def _answer(names: str, status: int) -> Schema:
    if "/" in names:
        return {"description": _DONE[status], "content": {names: {"schema": _MEDIA.get(names, {"type": "string"})}}}
    found = [reference(name) for name in _names(names)]
    schema = found[0] if len(found) == 1 else {"anyOf": found}
    return {"description": _DONE[status], "content": {"application/json": {"schema": schema}}}


def _names(answer: str) -> list[str]:
    return [] if "/" in answer else [name.strip() for name in answer.split("|")]


def views(operations: Iterable[Operation]) -> Iterator[type]:
    """Return what operations answer with."""
    for one in operations:
        for answer in (one.answer, *one.also.values()):
            yield from map(view, _names(answer))


def view(name: str) -> type:
    """Return a view by its name; raise AttributeError."""
    for module in _VIEWS:
        if name in vars(module):
            found: type = vars(module)[name]
            return found
    raise AttributeError(f"no view is called {name}")
