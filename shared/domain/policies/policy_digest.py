"""Tells whether a service's policy says something new."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import fields

from shared.domain.policies.policy import ServicePolicy
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import type_name

_NOT_CONTENT = ("digest", "commit")


def policy_digest(policy: ServicePolicy) -> str:
    """Return the SHA-256 of what the policy says, as hexadecimal digits; where it was read from is no part of it."""
    content = {
        field.name: _canonical(getattr(policy, field.name))
        for field in fields(policy)
        if field.name not in _NOT_CONTENT
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _canonical(value: object) -> object:
    if isinstance(value, ServiceKey):
        return str(value)
    if isinstance(value, Struct):
        content = {field.name: _canonical(getattr(value, field.name)) for field in fields(value)}
        # Two kinds of target may come to have the same fields.
        return {"": type_name(value), **content}
    if isinstance(value, tuple):
        return [_canonical(each) for each in value]
    return value // timedelta(microseconds=1) if isinstance(value, timedelta) else value
