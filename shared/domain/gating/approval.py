"""Who may answer for an environment, and what exactly is answered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.domain.messages.effects import CloseApproval
from shared.domain.policies.policy import ApprovalRule, EnvironmentPolicy
from shared.domain.state import authorship
from shared.domain.state.promotion import ApprovalRequest, Promotion, Vote
from shared.domain.state.release import Release
from shared.domain.values.artifact import Artifact
from shared.domain.values.mails import are_known_by
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import Record

_GROUP = "group:"
AUTHOR, REQUESTER = "author", "requester"
APPROVE_ROLE = "role:Slipway.Approve"


class Objection(Record):
    """Why a person's answer does not count; `code` is for programs."""

    code: str
    reason: str


def rule_listed(policy: EnvironmentPolicy) -> tuple[tuple[str, str], ...]:
    """List the effective approval and gate rules; freezes and queueing are not part of it.

    As with inputs.py the list is written out and not made of records as they are stored: an upgrade asks nobody again.
    """
    approval, gates = policy.approval or ApprovalRule(), policy.gates
    return (
        ("rules", "1"),
        *(("approver", one) for one in sorted(approval.approvers)),
        # Another person behind the same name is another rule.
        *((f"approver {name}", id_) for name, id_ in sorted(approval.pinned)),
        *(("forbid", one) for one in sorted(approval.forbid)),
        ("minimum", str(approval.minimum)),
        ("comment", "yes" if approval.comment else "no"),
        ("expires", _milliseconds(approval.expires)),
        ("valid_for", _milliseconds(approval.valid_for)),
        ("scan", gates.scan.value),
        ("own_scan", "yes" if gates.own_scan else "no"),
        ("unknown_scan", gates.unknown_scan.value),
        ("older_than_live", gates.older_than_live.value),
        ("comply", gates.comply.value),
        ("soak", _milliseconds(gates.soak)),
    )


def _milliseconds(span: timedelta) -> str:
    return f"{span // timedelta(milliseconds=1)} ms"


def request_id(artifact: Artifact, promotion: Promotion, policy: EnvironmentPolicy) -> str:
    """Name the question: other inputs, another artifact, environment, promotion or rule is another question."""
    return _digest(
        (
            ("request", "1"),
            ("artifact", artifact.id),
            ("environment", promotion.environment),
            ("promotion", str(promotion.number)),
            ("inputs", rendered_inputs(promotion)),
            *rule_listed(policy),
        )
    )


def rendered_inputs(promotion: Promotion) -> str:
    """Name the list of what would be deployed as it was read last; that it is read again changes nothing."""
    return promotion.rendered.inputs if promotion.rendered else ""


def _digest(listed: tuple[tuple[str, str], ...]) -> str:
    return hashlib.sha256(json.dumps(listed, separators=(",", ":")).encode("ascii")).hexdigest()


def is_approver(rule: ApprovalRule, person: Person, groups: Iterable[str]) -> bool:
    """Whether the rule lists the person by id, mail or group. A rule that lists nobody takes everyone with the role."""
    held = {group.casefold() for group in groups}
    if not rule.approvers:
        return APPROVE_ROLE.casefold() in held
    if any(group.casefold() in held for group in group_ids(rule)):
        return True
    names, pinned = {person.id, *person.exact_mails()}, dict(rule.pinned)
    return any(
        pinned[one] == person.id if one in pinned else one in names or one.casefold() in names
        for one in rule.approvers
        if not is_group(one)
    )


def is_group(approver: str) -> bool:
    """Whether a rule's entry names a group."""
    return approver.startswith(_GROUP)


def group_ids(rule: ApprovalRule) -> tuple[str, ...]:
    """Name the groups that a rule lists: by id where they are pinned, as they are written where not."""
    pinned = dict(rule.pinned)
    return tuple(pinned.get(one, one.removeprefix(_GROUP)) for one in rule.approvers if is_group(one))


def objection(rule: ApprovalRule, vote: Vote, release: Release, promotion: Promotion) -> Objection | None:
    """Return why this approval does not count under the rule, None where it does."""
    name = vote.person.name
    if not is_approver(rule, vote.person, vote.groups):
        return Objection(
            code="not-an-approver",
            reason=f"{name} is not an approver of {promotion.environment}; it takes {who_may(rule)}",
        )
    if rule.comment and not vote.comment.strip():
        return Objection(
            code="comment-required", reason=f"{promotion.environment} asks for a comment with each approval"
        )
    if AUTHOR in rule.forbid:
        found = _author_objection(vote.person, release, promotion)
        if found:
            return found
    if REQUESTER in rule.forbid and promotion.requested_by and promotion.requested_by.is_same(vote.person):
        return Objection(code="requester", reason=f"{name} asked for this promotion and may not approve it")
    return None


def _author_objection(person: Person, release: Release, promotion: Promotion) -> Objection | None:
    if not are_known_by(person.mails):
        reason = f"{person.name} has no mail to compare with the authors of the change; add one to the identity"
        if person.mails:
            odd = authorship.odd_mail(person.mails)
            reason = f"{person.name} cannot be compared with the authors of the change, for the mail {odd}; mend it in the identity"
        return Objection(code="unlinked-approver", reason=reason)
    hand = authorship.hand_of(release, promotion, person)
    if hand is not None:
        return Objection(code=hand.code, reason=f"{person.name} {hand.reason}; somebody else has to approve")
    missing = authorship.unanswered(release, promotion)
    if missing:
        # Nobody can be shown not to be the one who is not known.
        return Objection(
            code="unlinked-author", reason=f"{unknown_author(missing)}; nobody can be told apart from them"
        )
    return None


def unknown_author(missing: Iterable[str]) -> str:
    """Say who is not known, and who can act."""
    return f"an author of the change is unknown ({authorship.listed(missing)}); an operator answers for it"


def counting(rule: ApprovalRule, release: Release, promotion: Promotion, votes: Iterable[Vote]) -> tuple[Vote, ...]:
    """Return the votes that count under the rule in force, one for each person."""
    kept: list[Vote] = []
    for vote in votes:
        known = any(vote.person.is_same(one.person) for one in kept)
        if not known and objection(rule, vote, release, promotion) is None:
            kept.append(vote)
    return tuple(kept)


def lapses(rule: ApprovalRule, promotion: Promotion) -> datetime | None:
    """Return when a granted approval is asked for again: after `valid_for` of waiting. A retry waits anew."""
    request = promotion.approval
    if request is None or request.granted is None:
        return None
    return max(request.granted, promotion.since) + rule.valid_for


def lapsed(rule: ApprovalRule, promotion: Promotion, now: datetime) -> bool:
    """Whether a granted approval is too old to count, or was given by a clock that was set back by as much since."""
    request = promotion.approval
    if request is None or request.granted is None:
        return False
    # By a clock that was set back it waits since a time to come; that says nothing of a yes that was given now.
    since = request.granted if promotion.since > now else max(request.granted, promotion.since)
    return abs(now - since) >= rule.valid_for


def who_may(rule: ApprovalRule) -> str:
    """Say for people who answers: `1 of release-manager@example.com, group release-managers`."""
    listed = ", ".join(one.replace(_GROUP, "group ", 1) for one in rule.approvers) or "people with the approver role"
    forbidden = f", not the {' or the '.join(rule.forbid)}" if rule.forbid else ""
    return f"{rule.minimum} of {listed}{forbidden}"


def closing(service: ServiceKey, promotion: int, request: ApprovalRequest, reason: str) -> CloseApproval:
    """Tell people that a question is closed, and why."""
    return CloseApproval(service=service, number=promotion, request=request.id, round=request.round, reason=reason)
