"""The API's document as it is served, and stricter or narrower copies of it for tests."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

import function_app
from functions.helpers.described import routes
from shared.openapi.document import Route, document
from tests.support.host import Answer


@functools.cache
def described() -> tuple[Route, ...]:
    """Every function as the document is told of it."""
    assert function_app.app is not None
    return tuple(routes())


def served() -> dict[str, Any]:
    """The document."""
    return document(described())


def closed(found: dict[str, Any]) -> dict[str, Any]:
    """Return one whose records hold what they name and nothing else, so that a member too many is seen."""
    strict = copy.deepcopy(found)
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return strict


def narrowed(found: dict[str, Any], values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return one whose parameters take these values, so that what is asked is often there."""
    narrow = copy.deepcopy(found)
    for _, _, operation in operations(narrow):
        for one in operation.get("parameters", ()):
            if one["name"] in values and "default" not in one["schema"]:
                one["schema"] = {"type": "string", "enum": list(values[one["name"]])}
                one.pop("example", None)
            if one.get("allowEmptyValue"):
                one["schema"] = {"anyOf": [one["schema"], {"type": "string", "maxLength": 0}]}
    return narrow


def operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every path, method and operation."""
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def fault_in(answer: Answer, path: str, method: str) -> str:
    """Say what in an answer is not as the document says, empty where all of it is."""
    found = closed(served())
    response = found["paths"][path][method]["responses"].get(str(answer.status))
    if response is None:
        return f"{answer.status} is not among the answers"
    if "$ref" in response:
        response = found["components"]["responses"][response["$ref"].rpartition("/")[2]]
    missing = [name for name in response.get("headers", {}) if name not in answer.headers]
    media = answer.headers.get("Content-Type", "").partition(";")[0]
    content = response["content"].get(media) or response["content"].get("*/*")
    if content is None or missing:
        return f"{media} is not among its media types, or {missing} are missing"
    if not media.endswith("json"):
        return ""
    validator = Draft202012Validator({**content["schema"], "components": found["components"]})
    return "; ".join(f"{error.json_path} {error.message}" for error in validator.iter_errors(answer.json()))
