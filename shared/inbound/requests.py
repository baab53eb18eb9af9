"""What people ask for by API, translated into events. Unknown fields are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain import requests as asked_for
from shared.domain.errors import InvalidValue
from shared.domain.events import ApprovalAnswered
from shared.domain.names import Person, ServiceKey, valid_name
from shared.domain.version import Version
from shared.inbound.json_body import Body, bad

_PRINTABLE = range(0x21, 0x7F)
_MOST_KEY = 200
APPROVE, REJECT = "approve", "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: its id, whom it concerns, who asks, the parameters of its route, and its body."""

    id: str
    service: ServiceKey
    person: Person
    groups: tuple[str, ...] = ()
    route: Mapping[str, str]
    body: Body


def promote(asked: Asked) -> asked_for.PromoteRequested:
    """`{environment}`"""
    environment = _environment(asked.body)
    asked.body.done()
    version = _version(asked)
    return asked_for.PromoteRequested(
        id=asked.id, service=asked.service, version=version, environment=environment, person=asked.person
    )


def abort(asked: Asked) -> asked_for.AbortRequested:
    """`{reason?}`"""
    reason = asked.body.text("reason", default="")
    asked.body.done()
    version = _version(asked)
    return asked_for.AbortRequested(
        id=asked.id, service=asked.service, version=version, person=asked.person, reason=reason
    )


def retry(asked: Asked) -> asked_for.RetryRequested:
    """`{}`"""
    asked.body.done()
    return asked_for.RetryRequested(id=asked.id, service=asked.service, version=_version(asked), person=asked.person)


def redeploy(asked: Asked) -> asked_for.RedeployRequested:
    """`{version?}`"""
    version = _optional_version(asked.body, "version")
    asked.body.done()
    return asked_for.RedeployRequested(
        id=asked.id,
        service=asked.service,
        environment=asked.route["environment"],
        version=version,
        person=asked.person,
    )


def rollback(asked: Asked) -> asked_for.RollbackRequested:
    """`{reason, to?}`"""
    reason, to = asked.body.text("reason"), _optional_version(asked.body, "to")
    asked.body.done()
    return asked_for.RollbackRequested(
        id=asked.id,
        service=asked.service,
        environment=asked.route["environment"],
        reason=reason,
        to=to,
        person=asked.person,
    )


def override(asked: Asked) -> asked_for.OverrideGranted:
    """`{version, gate, reason}`"""
    body = asked.body
    version, gate, reason = (
        _checked_version(body, "version", body.text("version")),
        body.text("gate"),
        body.text("reason"),
    )
    body.done()
    return asked_for.OverrideGranted(
        id=asked.id,
        service=asked.service,
        environment=asked.route["environment"],
        version=version,
        gate=gate,
        reason=reason,
        person=asked.person,
    )


def adopt(asked: Asked) -> asked_for.LiveAdopted:
    """`{version?, reason}`; without a version nothing that counts is live."""
    version, reason = _optional_version(asked.body, "version"), asked.body.text("reason")
    asked.body.done()
    return asked_for.LiveAdopted(
        id=asked.id,
        service=asked.service,
        environment=asked.route["environment"],
        version=version,
        reason=reason,
        person=asked.person,
    )


def answer(asked: Asked) -> ApprovalAnswered:
    """`{decision, comment?}`"""
    approve = asked.body.word("decision", (APPROVE, REJECT)) == APPROVE
    comment = asked.body.text("comment", default="")
    asked.body.done()
    return ApprovalAnswered(
        id=asked.id,
        service=asked.service,
        request=asked.route["request"],
        person=asked.person,
        groups=asked.groups,
        approve=approve,
        comment=comment,
    )


def lift(asked: Asked) -> asked_for.ArtifactHoldLifted:
    """`{reason?}`"""
    reason = lift_reason(asked.body)
    return asked_for.ArtifactHoldLifted(
        id=asked.id, service=asked.service, hold=asked.route["id"], reason=reason, person=asked.person
    )


def lift_reason(body: Body) -> str:
    """`{reason?}`"""
    reason = body.text("reason", default="")
    body.done()
    return reason


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """A hold by people, as it is asked for."""

    scope: str
    reason: str
    until: datetime | None


def hold(body: Body) -> HoldAsked:
    """`{scope, reason, until?}`"""
    asked = HoldAsked(scope=body.text("scope"), reason=body.text("reason"), until=body.time("until"))
    body.done()
    return asked


def idempotency_key(headers: Mapping[str, str]) -> str:
    """Return the caller's key, empty where there is none; `headers` has lower-case names. Raise Unacceptable."""
    key = headers.get("idempotency-key", "")
    if len(key) > _MOST_KEY or any(ord(one) not in _PRINTABLE for one in key):
        raise bad("Idempotency-Key", f"is longer than {_MOST_KEY} characters or holds others than ! to ~")
    return key


def whole_number(params: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Read a number of the query string, from 0 to `most`; raise Unacceptable."""
    text = params.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) or int(text) > most:
        raise bad(name, f"is {text[:100]!r}; write a number from 0 to {most}")
    return int(text)


def _version(asked: Asked) -> str:
    return _checked_version(asked.body, "version", asked.route["version"])


def _optional_version(body: Body, name: str) -> str:
    text = body.text(name, default="")
    return _checked_version(body, name, text) if text else ""


def _checked_version(body: Body, name: str, text: str) -> str:
    try:
        # People write it as they see it, v1.0.2 or 1.0.2.
        return Version.parse(text.removeprefix("v")).text
    except InvalidValue as error:
        raise body.bad(name, error.problem) from error


def _environment(body: Body) -> str:
    name = body.text("environment")
    if not valid_name(name):
        raise body.bad("environment", f"{name[:100]!r} is not an environment's name")
    return name
