"""What people ask for by API, translated into events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shared.domain.gating.gates import Gate
from shared.domain.messages import requests as asked_for
from shared.domain.messages.events import ApprovalAnswered
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import Time
from shared.inbound import bodies
from shared.inbound.json_body import bad, decode

_MOST_KEY = 200
_MAIL = re.compile(r"[^\s<>()\"';:,@]+@[^\s<>()\"';:,@]+")
KEY_PATTERN = f"[!-~]{{0,{_MOST_KEY}}}"
_NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: its id, whom it concerns, who asks, the parameters of its route, and its body as it was read."""

    id: str
    service: ServiceKey
    person: Person
    groups: tuple[str, ...] = ()
    route: Mapping[str, str]
    body: Mapping[str, object]

    def said(self, *route: str) -> dict[str, Any]:
        """What every event has of it, with these parameters of the route."""
        values = {name: self.route[name] for name in route}
        if "version" in values:
            values["version"] = _version(decode(values["version"], bodies.VersionText, "version"))
        return {"id": self.id, "service": self.service, "person": self.person, **values}


def promote(asked: Asked) -> asked_for.PromoteRequested:
    """Bring the release into an environment."""
    body = decode(asked.body, bodies.PromoteBody)
    return asked_for.PromoteRequested(**asked.said("version"), environment=body.environment)


def abort(asked: Asked) -> asked_for.AbortRequested:
    """End the release."""
    return asked_for.AbortRequested(reason=reason_alone(asked.body), **asked.said("version"))


def retry(asked: Asked) -> asked_for.RetryRequested:
    """Go on where it ended."""
    decode(asked.body, bodies.NothingBody)
    return asked_for.RetryRequested(**asked.said("version"))


def redeploy(asked: Asked) -> asked_for.RedeployRequested:
    """Deploy what is live, or an earlier version, once more."""
    body = decode(asked.body, bodies.RedeployBody)
    return asked_for.RedeployRequested(
        **asked.said("environment"), version=_version(body.version), restart=body.restart
    )


def rollback(asked: Asked) -> asked_for.RollbackRequested:
    """Take back what is live."""
    body = decode(asked.body, bodies.RollbackBody)
    return asked_for.RollbackRequested(**asked.said("environment"), reason=body.reason, to=_version(body.to))


def override(asked: Asked) -> asked_for.OverrideGranted:
    """Let a version past a gate."""
    body = decode(asked.body, bodies.OverrideBody)
    named = tuple(found for one in (body.author or "").split(",") for found in _named(one))
    if bool(named) is not (body.gate is Gate.AUTHORS):
        problem = "says who it is, by mail or name, or `none` of the approvers; it goes with the gate `authors` alone"
        raise bad("author", problem)
    return asked_for.OverrideGranted(
        **asked.said("environment"),
        version=_version(body.version),
        gate=body.gate.value,
        reason=body.reason,
        answer=() if [one.casefold() for one in named] == [_NONE] else named,
    )


def _named(text: str) -> tuple[str, ...]:
    """Read the mails in it, as in git's `Name <mail>`; else it is a name or an id."""
    return tuple(dict.fromkeys(_MAIL.findall(text))) or ((text.strip(),) if text.strip() else ())


def adopt(asked: Asked) -> asked_for.LiveAdopted:
    """Say what runs."""
    body = decode(asked.body, bodies.AdoptBody)
    return asked_for.LiveAdopted(
        **asked.said("environment"), version=_version(body.version), reason=body.reason, dry_run=body.dry_run
    )


def answer(asked: Asked) -> ApprovalAnswered:
    """Say yes or no."""
    body = decode(asked.body, bodies.AnswerBody)
    return ApprovalAnswered(
        **asked.said("request"), groups=asked.groups, approve=body.decision == "approve", comment=body.comment or ""
    )


def lift(asked: Asked) -> asked_for.ArtifactHoldLifted:
    """Lift a hold on an artifact."""
    return asked_for.ArtifactHoldLifted(hold=asked.route["id"], reason=reason_alone(asked.body), **asked.said())


def reason_alone(body: Mapping[str, object]) -> str:
    """Read a body in which a reason may be given."""
    found = decode(body, bodies.ReasonBody)
    return found.reason or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """A hold by people, as it is asked for; its end is in UTC."""

    scope: str
    reason: str
    until: datetime | None


def hold(body: Mapping[str, object]) -> HoldAsked:
    """Hold everything, an environment or a service."""
    found = decode(body, bodies.HoldBody)
    return HoldAsked(scope=found.scope, reason=found.reason, until=_time(found.until, "until"))


def _time(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        found: datetime = decode(text, Time, name)
        return found.astimezone(UTC)
    except OverflowError as error:
        raise bad(name, f"{text!r} is not a time; write 2026-11-27T16:00:00Z") from error


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


def _version(text: str | None) -> str:
    return (text or "").removeprefix("v")
