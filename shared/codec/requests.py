"""What people ask for and answer ↔ bodies of messages."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.kinds import AnyKind, Kind
from shared.codec.primitives import Json, decode_person, encode_person
from shared.domain.events import (
    AbortRequested,
    ApprovalAnswered,
    ArtifactHoldLifted,
    LiveAdopted,
    OverrideGranted,
    PromoteRequested,
    RedeployRequested,
    RetryRequested,
    RollbackRequested,
)
from shared.domain.names import ServiceKey


def _answered(event: ApprovalAnswered) -> Json:
    values: Json = {
        "request": event.request,
        "person": encode_person(event.person),
        "approve": event.approve,
    }
    if event.groups:
        values["groups"] = event.groups
    if event.comment:
        values["comment"] = event.comment
    if event.authors:
        values["authors"] = event.authors
    if event.wrote:
        values["wrote"] = True
    return values


def _to_answered(id_: str, service: ServiceKey, body: Fields) -> ApprovalAnswered:
    return ApprovalAnswered(
        id=id_,
        service=service,
        request=body.text("request"),
        person=body.one("person", decode_person),
        groups=body.texts("groups"),
        approve=body.flag("approve"),
        comment=body.text("comment", ""),
        authors=body.text("authors", ""),
        wrote=body.flag("wrote", False),
    )


def _promote(event: PromoteRequested) -> Json:
    return {
        "version": event.version,
        "environment": event.environment,
        "person": encode_person(event.person),
    }


def _to_promote(id_: str, service: ServiceKey, body: Fields) -> PromoteRequested:
    return PromoteRequested(
        id=id_,
        service=service,
        version=body.text("version"),
        environment=body.text("environment"),
        person=body.one("person", decode_person),
    )


def _abort(event: AbortRequested) -> Json:
    values: Json = {"version": event.version, "person": encode_person(event.person)}
    if event.reason:
        values["reason"] = event.reason
    return values


def _to_abort(id_: str, service: ServiceKey, body: Fields) -> AbortRequested:
    return AbortRequested(
        id=id_,
        service=service,
        version=body.text("version"),
        person=body.one("person", decode_person),
        reason=body.text("reason", ""),
    )


def _retry(event: RetryRequested) -> Json:
    return {"version": event.version, "person": encode_person(event.person)}


def _to_retry(id_: str, service: ServiceKey, body: Fields) -> RetryRequested:
    return RetryRequested(
        id=id_, service=service, version=body.text("version"), person=body.one("person", decode_person)
    )


def _redeploy(event: RedeployRequested) -> Json:
    return {
        "environment": event.environment,
        "version": event.version,
        "person": encode_person(event.person),
    }


def _to_redeploy(id_: str, service: ServiceKey, body: Fields) -> RedeployRequested:
    return RedeployRequested(
        id=id_,
        service=service,
        environment=body.text("environment"),
        version=body.text("version"),
        person=body.one("person", decode_person),
    )


def _rollback(event: RollbackRequested) -> Json:
    return {
        "environment": event.environment,
        "reason": event.reason,
        "to": event.to,
        "person": encode_person(event.person),
    }


def _to_rollback(id_: str, service: ServiceKey, body: Fields) -> RollbackRequested:
    return RollbackRequested(
        id=id_,
        service=service,
        environment=body.text("environment"),
        reason=body.text("reason"),
        to=body.text("to"),
        person=body.one("person", decode_person),
    )


def _override(event: OverrideGranted) -> Json:
    values: Json = {
        "environment": event.environment,
        "version": event.version,
        "gate": event.gate,
        "reason": event.reason,
        "person": encode_person(event.person),
    }
    if event.answer:
        values["answer"] = event.answer
    if event.authors:
        values["authors"] = event.authors
    if event.wrote:
        values["wrote"] = True
    return values


def _to_override(id_: str, service: ServiceKey, body: Fields) -> OverrideGranted:
    return OverrideGranted(
        id=id_,
        service=service,
        environment=body.text("environment"),
        version=body.text("version"),
        gate=body.text("gate"),
        reason=body.text("reason"),
        person=body.one("person", decode_person),
        answer=body.texts("answer"),
        authors=body.text("authors", ""),
        wrote=body.flag("wrote", False),
    )


def _adopted(event: LiveAdopted) -> Json:
    return {
        "environment": event.environment,
        "version": event.version,
        "reason": event.reason,
        "person": encode_person(event.person),
    }


def _to_adopted(id_: str, service: ServiceKey, body: Fields) -> LiveAdopted:
    return LiveAdopted(
        id=id_,
        service=service,
        environment=body.text("environment"),
        version=body.text("version"),
        reason=body.text("reason"),
        person=body.one("person", decode_person),
    )


def _hold_lifted(event: ArtifactHoldLifted) -> Json:
    return {"hold": event.hold, "reason": event.reason, "person": encode_person(event.person)}


def _to_hold_lifted(id_: str, service: ServiceKey, body: Fields) -> ArtifactHoldLifted:
    return ArtifactHoldLifted(
        id=id_,
        service=service,
        hold=body.text("hold"),
        reason=body.text("reason"),
        person=body.one("person", decode_person),
    )


REQUESTS: tuple[AnyKind, ...] = (
    Kind("approval-answered", ApprovalAnswered, _answered, _to_answered),
    Kind("promote-requested", PromoteRequested, _promote, _to_promote),
    Kind("abort-requested", AbortRequested, _abort, _to_abort),
    Kind("retry-requested", RetryRequested, _retry, _to_retry),
    Kind("redeploy-requested", RedeployRequested, _redeploy, _to_redeploy),
    Kind("rollback-requested", RollbackRequested, _rollback, _to_rollback),
    Kind("override-granted", OverrideGranted, _override, _to_override),
    Kind("live-adopted", LiveAdopted, _adopted, _to_adopted),
    Kind("artifact-hold-lifted", ArtifactHoldLifted, _hold_lifted, _to_hold_lifted),
)
