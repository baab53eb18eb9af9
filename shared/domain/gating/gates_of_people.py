"""The rules behind the gates that people open: who wrote it is known, and those who may said yes."""

from __future__ import annotations

from shared.domain.gating.approval import AUTHOR, lapsed, unknown_author, who_may
from shared.domain.gating.gate import OPERATORS, GateQuestion, Result, blocked, passed, waiting
from shared.domain.state.authorship import unanswered


def authors(q: GateQuestion) -> Result:
    """Where authors may not approve, each of them is known, or an operator answered for them."""
    if q.policy.approval is None or AUTHOR not in q.policy.approval.forbid:
        return passed()
    missing = unanswered(q.release, q.promotion)
    return blocked("UnknownAuthor", unknown_author(missing), who=(OPERATORS,)) if missing else passed()


def approval(q: GateQuestion) -> Result:
    """The people whom the rule asks for said yes to this artifact, here, under this rule."""
    rule, request = q.policy.approval, q.promotion.approval
    if rule is None:
        return passed()
    over = lapsed(rule, q.promotion, q.now)
    if request is not None and request.granted is not None and not over:
        return passed()
    given = len(request.votes) if request and not over else 0
    reason = f"{q.policy.name} waits for approval: {given} of {rule.minimum} given"
    if over:
        reason = f"{reason}; the one before lapsed"
    return waiting("ApprovalNeeded", reason, since=request.asked if request else None, who=(who_may(rule),))
