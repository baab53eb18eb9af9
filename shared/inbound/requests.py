"""What people ask for by API, translated into events. Unknown fields are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain import requests as asked_for
from shared.domain.errors import InvalidValue
from shared.domain.events import ApprovalAnswered
from shared.domain.gates import Gate
from shared.domain.names import NAME_PATTERN, REPOSITORY_PATTERN, Person, ServiceKey, valid_name
from shared.domain.version import LONGEST, VERSION_PATTERN, Version
from shared.inbound.json_body import Body, Form, bad

_MOST_KEY, _MOST_AUTHOR = 200, 1000
_MAIL = re.compile(r"[^\s<>()\"';:,@]+@[^\s<>()\"';:,@]+")
KEY_PATTERN = f"[!-~]{{0,{_MOST_KEY}}}"
APPROVE, REJECT, NONE = "approve", "reject", "none"
_SCOPE = rf"everything|environment:{NAME_PATTERN}|service:({REPOSITORY_PATTERN}/)?{NAME_PATTERN}"


def _read_version(text: str) -> str:
    # People write it as they see it, v1.0.2 or 1.0.2.
    return Version.parse(text.removeprefix("v")).text


def _read_environment(text: str) -> str:
    if not valid_name(text):
        raise InvalidValue("environment", f"{text[:100]!r} is not an environment's name")
    return text


def _read_scope(text: str) -> str:
    if re.fullmatch(_SCOPE, text) is None:
        wanted = "everything, environment:<name>, service:<name> or service:<repository>/<name>"
        raise InvalidValue("scope", f"{text[:100]!r} is not {wanted}")
    return text


VERSION = Form(read=_read_version, pattern=f"v?{VERSION_PATTERN}")
ENVIRONMENT = Form(read=_read_environment, pattern=NAME_PATTERN)
SCOPE = Form(read=_read_scope, pattern=_SCOPE)


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
    environment = asked.body.text("environment", form=ENVIRONMENT)
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
    version = _version_in(asked.body, "version", default="")
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
    reason, to = asked.body.text("reason"), _version_in(asked.body, "to", default="")
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
    """`{version, gate, reason, author?}`; for the gate `authors`, `author` says who it is, separated by commas, or `none`"""
    body = asked.body
    version, gate, reason = _version_in(body, "version"), body.word("gate", tuple(Gate)), body.text("reason")
    author = body.text("author", default="", most=_MOST_AUTHOR)
    named = tuple(found for one in author.split(",") for found in _named(one))
    if bool(named) is not (gate == Gate.AUTHORS):
        problem = "says who it is, by mail or name, or `none` of the approvers; it goes with the gate `authors` alone"
        raise body.bad("author", problem)
    body.done()
    return asked_for.OverrideGranted(
        id=asked.id,
        service=asked.service,
        environment=asked.route["environment"],
        version=version,
        gate=gate,
        reason=reason,
        person=asked.person,
        answer=() if [one.casefold() for one in named] == [NONE] else named,
    )


def _named(text: str) -> tuple[str, ...]:
    """Read the mails in it, as in git's `Name <mail>`; else it is a name or an id."""
    return tuple(dict.fromkeys(_MAIL.findall(text))) or ((text.strip(),) if text.strip() else ())


def adopt(asked: Asked) -> asked_for.LiveAdopted:
    """`{version?, reason}`; without a version nothing that counts is live."""
    version, reason = _version_in(asked.body, "version", default=""), asked.body.text("reason")
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
    reason = reason_alone(asked.body)
    return asked_for.ArtifactHoldLifted(
        id=asked.id, service=asked.service, hold=asked.route["id"], reason=reason, person=asked.person
    )


def reason_alone(body: Body) -> str:
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
    asked = HoldAsked(scope=body.text("scope", form=SCOPE), reason=body.text("reason"), until=body.time("until"))
    body.done()
    return asked


def idempotency_key(headers: Mapping[str, str]) -> str:
    """Return the caller's key, empty where there is none; `headers` has lower-case names. Raise Unacceptable."""
    key = headers.get("idempotency-key", "")
    if re.fullmatch(KEY_PATTERN, key) is None:
        raise bad("Idempotency-Key", f"is longer than {_MOST_KEY} characters or holds others than ! to ~")
    return key


def whole_number(params: Mapping[str, str], name: str, default: int, most: int, least: int = 0) -> int:
    """Read a number of the query string, from `least` to `most`; raise Unacceptable."""
    text = params.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) or not least <= int(text) <= most:
        raise bad(name, f"is {text[:100]!r}; write a number from {least} to {most}")
    return int(text)


def one_word(name: str, text: str, words: tuple[str, ...]) -> str:
    """Read one of a few words of the query string; raise Unacceptable."""
    if text not in words:
        raise bad(name, f"is {text[:100]!r}; it takes {' or '.join(words)}")
    return text


def _version(asked: Asked) -> str:
    try:
        return _read_version(asked.route["version"])
    except InvalidValue as error:
        raise asked.body.bad("version", error.problem) from error


def _version_in(body: Body, name: str, default: str | None = None) -> str:
    return body.text(name, default=default, most=LONGEST, form=VERSION)
