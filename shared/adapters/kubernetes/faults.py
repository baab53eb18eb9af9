"""Whose fault it is when a cluster says no, in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta

from shared.ports.errors import AdapterError, NotFound, Permanent, Transient

_WHOSE_TOKEN = "look at the environment's identity, or at token_file in SLIPWAY_CLUSTERS"
_BY_RBAC = re.compile(r'User "[^"]*" cannot \S+ ')
_TLS = {"SSLError"}
_UNREACHED = {"NameResolutionError", "NewConnectionError", "ConnectTimeoutError"}
_SHOWN = 600
_LONGEST_WAIT = 600  # seconds, of what a server asks for


class Conflict(Permanent):
    """The object changed since it was read, belongs to another field manager, or is there already.

    `fields` are those that others manage, each with what the server says of it.
    """

    def __init__(self, message: str, fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message, ours=True)
        self.fields = fields


class TooOld(Transient):
    """What is followed, or read page by page, is too old by now: begin again."""


def of_answer(what: str, status: int, content: bytes, headers: Mapping[str, str]) -> AdapterError:
    """Say what an answer of an API server means that is no success."""
    said = f"{what}: {status} {_message(content)}".rstrip()
    if status == 401:
        return Permanent(f"{said}; the cluster does not know our token, or it has ended: {_WHOSE_TOKEN}", ours=True)
    if status == 403:
        return _forbidden(said)
    if status == 404:
        return NotFound(said, ours=True)
    if status == 409:
        return Conflict(said, _fields(content))
    if status == 408:
        return Transient(said)
    if status == 410:
        return TooOld(said)
    if status == 429 or status >= 500:
        # Server-side apply says 500 of an object that no schema allows: trying again cannot help.
        if status == 500 and "failed to create typed patch object" in said:
            return Permanent(f"{said}; correct the template")
        return Transient(said, retry_after=_asked_wait(headers))
    if status < 400:
        return Permanent(f"{said}; the API server sends us elsewhere, correct its address", ours=True)
    return Permanent(said)


def of_exception(what: str, error: Exception) -> AdapterError:
    """Say what a connection that failed means."""
    if isinstance(error, AdapterError):
        return error
    text, kinds = _cut(str(error)), _kinds(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        problem = f"{what}: its certificate does not prove that it is this cluster: {text}"
        return Permanent(f"{problem}; correct its address and `ca` in SLIPWAY_CLUSTERS", ours=True)
    if kinds & _TLS:
        problem = f"{what}: no TLS with it is possible: {text}"
        return Permanent(f"{problem}; correct its address and certificates in SLIPWAY_CLUSTERS", ours=True)
    if kinds & _UNREACHED:
        return Transient(
            f"{what}: it cannot be reached from here: {text}; it is down, a private cluster, or its authorised IP ranges "
            "leave us out"
        )
    return Transient(f"{what}: {text}")


def _forbidden(said: str) -> AdapterError:
    if "system:anonymous" in said:
        return Permanent(f"{said}; the cluster was shown no token: {_WHOSE_TOKEN}", ours=True)
    # So RBAC says it; what else is forbidden, admission or a quota forbids for what the object is.
    if _BY_RBAC.search(said):
        return Permanent(f"{said}; give the environment's identity the Role that `make rbac` prints", ours=True)
    return Permanent(said)


def _kinds(error: BaseException | None) -> set[str]:
    """Names of its class and of those above, also of what caused it: the client's own library is not ours to import."""
    found: set[str] = set()
    while error is not None:
        found |= {one.__name__ for one in type(error).__mro__}
        error = error.__cause__ or error.__context__
    return found


def _message(content: bytes) -> str:
    try:
        said = json.loads(content)
    except ValueError:
        return _cut(content.decode(errors="replace"))
    found = said.get("message") if isinstance(said, dict) else None
    return _cut(found if isinstance(found, str) else "")


def _fields(content: bytes) -> tuple[tuple[str, str], ...]:
    try:
        causes = json.loads(content)["details"]["causes"]
        found = [(str(one.get("field") or ""), str(one.get("message") or "")) for one in causes]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(found)


def _cut(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else f"{words[: _SHOWN - 1]}…"


def _asked_wait(headers: Mapping[str, str]) -> timedelta | None:
    asked = headers.get("Retry-After") or ""
    return timedelta(seconds=min(int(asked), _LONGEST_WAIT)) if asked.isdecimal() else None
