"""Parameters of routes, query strings and headers, as those see them who check them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.app.operating.poison import NUMBER_PATTERN as POISON_PATTERN
from shared.app.views.read_builds import NUMBER_PATTERN
from shared.app.views.read_status import AFTER_PATTERN, COMMIT_PATTERN
from shared.domain.state.build import Step
from shared.domain.values.names import NAME_PATTERN
from shared.domain.values.version import LONGEST
from shared.inbound.bodies import VERSION
from shared.inbound.requests import KEY_PATTERN
from shared.openapi.operation import Number, Operation, Text
from shared.openapi.schemas import Schema
from shared.page.static_files import FILES


@dataclass(frozen=True, slots=True, kw_only=True)
class InPath:
    """A parameter of a route."""

    says: str
    example: str
    pattern: str = ""
    most: int = 0
    words: tuple[str, ...] = field(default=())

    def schema(self) -> Schema:
        """Return what it may be."""
        if self.words:
            return {"type": "string", "enum": [str(word) for word in self.words]}
        length = {"maxLength": self.most} if self.most else {}
        return {
            "type": "string",
            **length,
            **({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {"minLength": 1}),
        }


PATH = {
    "service": InPath(says="the service's name", example="delivery", pattern=NAME_PATTERN),
    "version": InPath(says="the release's version, with or without v", example="1.0.2", pattern=VERSION, most=LONGEST),
    "environment": InPath(says="the environment's name", example="production", pattern=NAME_PATTERN),
    "request": InPath(says="the approval's `request`", example="0" * 64, pattern="[0-9a-f]{64}"),
    "promotion": InPath(says="the promotion's number", example="7", pattern=NUMBER_PATTERN),
    "number": InPath(says="the build's number", example="7", pattern=NUMBER_PATTERN),
    "step": InPath(says="a step of the build", example=Step.IMAGE.value, words=tuple(Step)),
    "commit": InPath(
        says="a full commit id", example="1f7a7a472abf3dd9643fd615f6da379c4acb3e3a", pattern=COMMIT_PATTERN
    ),
    "id": InPath(says="the hold's `id`", example="stop"),
    "poison": InPath(says="the message's `number`", example="17", pattern=POISON_PATTERN),
    "file": InPath(says="a file that pages load", example=FILES[0], words=FILES),
}
_LOOKS = {"place": AFTER_PATTERN}
_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Asked again under the same key, nothing is changed and the first answer is given again, for 30 days.",
    "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
    "example": "0b9c7a1e-5d0f-4c8e-9a53-6f2f1c3f9d11",
}


def parameters(names: tuple[str, ...], operation: Operation, *, repository: Text) -> Iterator[Schema]:
    """Return those of a route whose parameters have these names; a service may be of several repositories."""
    for name in names:
        one = PATH[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": one.says,
            "schema": one.schema(),
            "example": one.example,
        }
    for query in (*operation.query, *((repository,) if "service" in names else ())):
        # An empty one is as good as none: forms send what was not filled in.
        said = {"name": query.name, "in": "query", "required": False, "allowEmptyValue": True}
        yield {**said, "description": query.says, "schema": _query(query)}
    if operation.who in ("operators", "approvers"):
        yield _KEY


def _query(one: Number | Text) -> Schema:
    if isinstance(one, Number):
        return {"type": "integer", "minimum": one.least, "maximum": one.most, "default": one.default}
    if one.words:
        return {"type": "string", "enum": ["", *one.words]}
    return {"type": "string", **({"pattern": f"^(?:{_LOOKS[one.looks]})?$"} if one.looks else {})}
