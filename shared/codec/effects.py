"""Effects ↔ bodies of messages. An effect's id follows from its content; the envelope shows it all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from shared.codec.fields import Fields
from shared.codec.kinds import AnyKind, Kind
from shared.codec.primitives import Json, whole
from shared.domain.effects import (
    AskApproval,
    Build,
    CancelBuild,
    CloseApproval,
    Deploy,
    GatherFacts,
    ObserveRollout,
    ReadTags,
    Remove,
    Retag,
    SetStatus,
    Tag,
)
from shared.domain.names import ServiceKey

_Attempted: TypeAlias = Build | CancelBuild | Retag | Deploy | ObserveRollout
_A = TypeVar("_A", Build, CancelBuild, Retag, Deploy, ObserveRollout)


def _attempted(effect: _Attempted) -> Json:
    return {"number": whole(effect.number), "attempt": whole(effect.attempt)}


def _to_attempted(type_: type[_A]) -> Callable[[str, ServiceKey, Fields], _A]:
    """Read an effect that is told from others by number and attempt alone."""

    def decode(_: str, service: ServiceKey, body: Fields) -> _A:
        return type_(service=service, number=body.number("number"), attempt=body.number("attempt"))

    return decode


def _read_tags(effect: ReadTags) -> Json:
    return {"version": effect.version, "asked": whole(effect.asked)}


def _to_read_tags(_: str, service: ServiceKey, body: Fields) -> ReadTags:
    return ReadTags(service=service, version=body.text("version"), asked=body.number("asked"))


def _tag(effect: Tag) -> Json:
    return {"version": effect.version, "attempt": whole(effect.attempt)}


def _to_tag(_: str, service: ServiceKey, body: Fields) -> Tag:
    return Tag(service=service, version=body.text("version"), attempt=body.number("attempt"))


def _gather_facts(effect: GatherFacts) -> Json:
    return {"number": whole(effect.number), "asked": whole(effect.asked)}


def _to_gather_facts(_: str, service: ServiceKey, body: Fields) -> GatherFacts:
    return GatherFacts(service=service, number=body.number("number"), asked=body.number("asked"))


def _remove(effect: Remove) -> Json:
    return {"version": effect.version, "number": whole(effect.number), "attempt": whole(effect.attempt)}


def _to_remove(_: str, service: ServiceKey, body: Fields) -> Remove:
    return Remove(
        service=service,
        version=body.text("version"),
        number=body.number("number"),
        attempt=body.number("attempt"),
    )


def _ask_approval(effect: AskApproval) -> Json:
    return {"number": whole(effect.number), "request": effect.request, "round": whole(effect.round)}


def _to_ask_approval(_: str, service: ServiceKey, body: Fields) -> AskApproval:
    return AskApproval(
        service=service,
        number=body.number("number"),
        request=body.text("request"),
        round=body.number("round"),
    )


def _close_approval(effect: CloseApproval) -> Json:
    return {
        "number": whole(effect.number),
        "request": effect.request,
        "round": whole(effect.round),
        "reason": effect.reason,
    }


def _to_close_approval(_: str, service: ServiceKey, body: Fields) -> CloseApproval:
    return CloseApproval(
        service=service,
        number=body.number("number"),
        request=body.text("request"),
        round=body.number("round"),
        reason=body.text("reason"),
    )


def _set_status(effect: SetStatus) -> Json:
    return {
        "commit": effect.commit,
        "context": effect.context,
        "state": effect.state,
        "description": effect.description,
    }


def _to_set_status(_: str, service: ServiceKey, body: Fields) -> SetStatus:
    return SetStatus(
        service=service,
        commit=body.text("commit"),
        context=body.text("context"),
        state=body.text("state"),
        description=body.text("description"),
    )


EFFECTS: tuple[AnyKind, ...] = (
    Kind("build", Build, _attempted, _to_attempted(Build)),
    Kind("cancel-build", CancelBuild, _attempted, _to_attempted(CancelBuild)),
    Kind("read-tags", ReadTags, _read_tags, _to_read_tags),
    Kind("tag", Tag, _tag, _to_tag),
    Kind("gather-facts", GatherFacts, _gather_facts, _to_gather_facts),
    Kind("ask-approval", AskApproval, _ask_approval, _to_ask_approval),
    Kind("close-approval", CloseApproval, _close_approval, _to_close_approval),
    Kind("retag", Retag, _attempted, _to_attempted(Retag)),
    Kind("deploy", Deploy, _attempted, _to_attempted(Deploy)),
    Kind("remove", Remove, _remove, _to_remove),
    Kind("observe-rollout", ObserveRollout, _attempted, _to_attempted(ObserveRollout)),
    Kind("set-status", SetStatus, _set_status, _to_set_status),
)
