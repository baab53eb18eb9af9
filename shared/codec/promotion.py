"""Promotions ↔ JSON."""

from __future__ import annotations

from shared.codec.artifact import ArtifactTable
from shared.codec.facts import decode_facts, decode_rendered, encode_facts, encode_rendered
from shared.codec.fields import Fields
from shared.codec.plan import decode_plan, encode_plan
from shared.codec.primitives import Json, decode_person, encode_person, time_text, whole
from shared.codec.written import Written
from shared.domain.phases import Phase, PromotionKind
from shared.domain.promotion import ApprovalRequest, Promotion, Vote


def encode_promotion(promotion: Promotion, artifacts: ArtifactTable) -> Json:
    """A promotion as an object; the artifacts it names go into its release's table."""
    values: Json = {
        "number": whole(promotion.number),
        "environment": promotion.environment,
        "kind": promotion.kind,
        "phase": promotion.phase,
        "since": time_text(promotion.since),
        "created": time_text(promotion.created),
        "cause": promotion.cause,
    }
    if promotion.reason:
        values["reason"] = promotion.reason
    if promotion.requested_by is not None:
        values["requested_by"] = encode_person(promotion.requested_by)
    if promotion.previous is not None:
        values["previous"] = artifacts.encode(promotion.previous)
    if promotion.target is not None:
        values["target"] = artifacts.encode(promotion.target)
    if promotion.undoes is not None:
        values["undoes"] = whole(promotion.undoes)
    if promotion.facts is not None:
        values["facts"] = _FACTS(promotion.facts)
    if promotion.rendered is not None:
        values["rendered"] = _RENDERED(promotion.rendered)
    if promotion.approval is not None:
        values["approval"] = _encode_approval(promotion.approval)
    if promotion.plan is not None:
        values["plan"] = _PLANS(promotion.plan)
    _add_run(values, promotion)
    return values


# A promotion is written at each of its steps, and these are the same objects all the while.
_PLANS, _FACTS = Written(encode_plan, 1024), Written(encode_facts, 1024)
_RENDERED = Written(encode_rendered, 1024)


def _add_run(values: Json, promotion: Promotion) -> None:
    """Add how far the promotion's current step is."""
    if promotion.attempt != 1:
        values["attempt"] = whole(promotion.attempt)
    if promotion.resume_at is not None:
        values["resume_at"] = promotion.resume_at
    for name, number in (
        ("turn", promotion.turn), ("asked", promotion.asked), ("facts_round", promotion.facts_round),
    ):  # fmt: skip
        if number:
            values[name] = whole(number)
    if promotion.trouble:
        values["trouble"] = promotion.trouble
    if promotion.retagged:
        values["retagged"] = True
    if promotion.revision:
        values["revision"] = promotion.revision
    for name, at in (
        ("deadline", promotion.deadline),
        ("paused_since", promotion.paused_since),
        ("facts_asked", promotion.facts_asked),
        ("writing_until", promotion.writing_until),
    ):
        if at is not None:
            values[name] = time_text(at)


def decode_promotion(fields: Fields, artifacts: ArtifactTable) -> Promotion:
    """See encode_promotion."""
    return Promotion(
        number=fields.number("number"),
        environment=fields.text("environment"),
        kind=fields.word("kind", PromotionKind),
        phase=fields.word("phase", Phase),
        since=fields.time("since"),
        created=fields.time("created"),
        cause=fields.text("cause"),
        reason=fields.text("reason", ""),
        requested_by=fields.maybe("requested_by", decode_person),
        previous=fields.maybe("previous", artifacts.decode),
        target=fields.maybe("target", artifacts.decode),
        undoes=fields.maybe_number("undoes"),
        attempt=fields.number("attempt", 1),
        turn=fields.number("turn", 0),
        resume_at=fields.maybe_word("resume_at", Phase),
        deadline=fields.maybe_time("deadline"),
        paused_since=fields.maybe_time("paused_since"),
        facts=fields.maybe("facts", decode_facts),
        rendered=fields.maybe("rendered", decode_rendered),
        facts_asked=fields.maybe_time("facts_asked"),
        facts_round=fields.number("facts_round", 0),
        trouble=fields.text("trouble", ""),
        approval=fields.maybe("approval", _decode_approval),
        asked=fields.number("asked", 0),
        plan=fields.maybe("plan", decode_plan),
        retagged=fields.flag("retagged", False),
        revision=fields.text("revision", ""),
        writing_until=fields.maybe_time("writing_until"),
    )


def _encode_approval(request: ApprovalRequest) -> Json:
    values: Json = {"id": request.id, "inputs": request.inputs, "asked": time_text(request.asked)}
    if request.votes:
        values["votes"] = [_encode_vote(vote) for vote in request.votes]
    if request.granted is not None:
        values["granted"] = time_text(request.granted)
    if request.round != 1:
        values["round"] = whole(request.round)
    if request.replaced:
        values["replaced"] = request.replaced
    return values


def _decode_approval(fields: Fields) -> ApprovalRequest:
    return ApprovalRequest(
        id=fields.text("id"),
        inputs=fields.text("inputs"),
        asked=fields.time("asked"),
        votes=fields.many("votes", _decode_vote),
        granted=fields.maybe_time("granted"),
        round=fields.number("round", 1),
        replaced=fields.texts("replaced"),
    )


def _encode_vote(vote: Vote) -> Json:
    values: Json = {"person": encode_person(vote.person), "at": time_text(vote.at)}
    if vote.groups:
        values["groups"] = vote.groups
    if vote.comment:
        values["comment"] = vote.comment
    return values


def _decode_vote(fields: Fields) -> Vote:
    return Vote(
        person=fields.one("person", decode_person),
        groups=fields.texts("groups"),
        at=fields.time("at"),
        comment=fields.text("comment", ""),
    )
