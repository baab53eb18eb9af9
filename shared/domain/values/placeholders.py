"""Templates of slipway.yaml: `{name}` is a placeholder, `{{` and `}}` are plain braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from shared.domain.values.errors import InvalidValue

PLACEHOLDERS = (
    "registry", "repository", "image", "tag", "digest", "version", "service", "environment", "commit", "reason",
)  # fmt: skip
_TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")


def placeholders(template: str) -> tuple[str, ...]:
    """Name the placeholders in order; raise InvalidValue for a brace that opens or closes nothing."""
    return tuple(token[1:-1] for token in _tokens(template) if _is_placeholder(token))


def expand(template: str, values: Mapping[str, str]) -> str:
    """Put the values in, each once and as it is; raise InvalidValue for a placeholder that has none."""
    return "".join([_expanded(token, values) for token in _tokens(template)])


# The same few templates are filled for every release.
@lru_cache(maxsize=1024)
def _tokens(template: str) -> tuple[str, ...]:
    tokens = _TOKEN.findall(template)
    if "{" in tokens or "}" in tokens:
        raise InvalidValue("template", f"{template!r} has a single brace; write {{{{ or }}}} for a plain one")
    return tuple(tokens)


def _is_placeholder(token: str) -> bool:
    return token.startswith("{") and token != "{{"


def _expanded(token: str, values: Mapping[str, str]) -> str:
    if not _is_placeholder(token):
        return token[0] if token in ("{{", "}}") else token
    name = token[1:-1]
    if name not in values:
        known = ", ".join(f"{{{each}}}" for each in values)
        raise InvalidValue("template", f"{token} is not a placeholder here; there are: {known}")
    return values[name]
