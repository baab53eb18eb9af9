"""Gates: small rules over facts. Each says passed, waiting or blocked, why, since when and who can act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum

from shared.domain.gating import gate_rules, gates_of_people
from shared.domain.gating.gate import GateQuestion, Result, Status, passed
from shared.domain.state.phases import PromotionKind
from shared.domain.values.records import Record, Time, replace

FACTS_FRESH = timedelta(hours=1)


class Gate(StrEnum):
    """Names of the gates, as overrides and blockers use them."""

    QUARANTINE = "quarantine"
    HOLD = "hold"
    LIVE_KNOWN = "live-known"
    TESTS = "tests"
    FACTS = "facts"
    SCAN = "scan"
    ROLLBACK_TARGET = "rollback-target"
    OLDER_THAN_LIVE = "older-than-live"
    MANIFESTS = "manifests"
    ORDER = "order"
    AUTHORS = "authors"
    APPROVAL = "approval"
    FREEZE = "freeze"
    SOAK = "soak"
    FENCE = "fence"
    SLOT = "slot"
    FRESH = "fresh"


# In the order in which a release is told about them: what somebody must change first, what time solves last.
_FORWARD: Mapping[Gate, Callable[[GateQuestion], Result]] = {
    Gate.QUARANTINE: gate_rules.quarantine,
    Gate.HOLD: gate_rules.hold,
    Gate.LIVE_KNOWN: gate_rules.live_known,
    Gate.TESTS: gate_rules.tests,
    Gate.FACTS: gate_rules.facts,
    Gate.SCAN: gate_rules.scan,
    Gate.ROLLBACK_TARGET: gate_rules.rollback_target,
    Gate.OLDER_THAN_LIVE: gate_rules.older_than_live,
    Gate.MANIFESTS: gate_rules.manifests,
    Gate.ORDER: gate_rules.order,
    Gate.AUTHORS: gates_of_people.authors,
    Gate.APPROVAL: gates_of_people.approval,
    Gate.FREEZE: gate_rules.freeze,
    Gate.SOAK: gate_rules.soak,
    Gate.FENCE: gate_rules.fence,
    Gate.SLOT: gate_rules.slot,
}
_REDEPLOY: Mapping[Gate, Callable[[GateQuestion], Result]] = {
    Gate.HOLD: gate_rules.hold,
    Gate.LIVE_KNOWN: gate_rules.live_known,
    Gate.FACTS: gate_rules.facts,
    Gate.FREEZE: gate_rules.freeze,
    Gate.FENCE: gate_rules.fence,
    Gate.SLOT: gate_rules.slot,
}
_ROLLBACK: Mapping[Gate, Callable[[GateQuestion], Result]] = {
    Gate.FACTS: gate_rules.facts,
    Gate.FENCE: gate_rules.fence,
    Gate.SLOT: gate_rules.slot,
}
_BY_KIND = {
    PromotionKind.FORWARD: _FORWARD,
    PromotionKind.REDEPLOY: _REDEPLOY,
    PromotionKind.ROLLBACK: _ROLLBACK,
}

# What a named person may let one artifact past. Never the approval itself, what keeps two versions apart,
# or a tag that changed under us.
OVERRIDABLE = frozenset(
    {
        Gate.HOLD,
        Gate.TESTS,
        Gate.SCAN,
        Gate.ROLLBACK_TARGET,
        Gate.OLDER_THAN_LIVE,
        Gate.MANIFESTS,
        Gate.ORDER,
        Gate.AUTHORS,
        Gate.FREEZE,
        Gate.SOAK,
    }
)
# There is nothing to deploy, whoever answers for it.
_NEVER_OVERRIDDEN = frozenset({"NotRendered"})
TIME = frozenset({Gate.FREEZE, Gate.SOAK, Gate.FENCE, Gate.SLOT, Gate.FRESH})


class Blocker(Record):
    """One thing that a promotion waits for; `code` is for programs, `who` can act, `until` where time will do."""

    environment: str
    gate: str
    code: str
    reason: str
    since: Time
    who: tuple[str, ...]
    until: Time | None
    waiting: bool


def evaluate(question: GateQuestion) -> dict[Gate, Result]:
    """Ask every gate of the promotion's kind, overrides applied, in order. All pass: it may start."""
    results = {gate: rule(question) for gate, rule in _BY_KIND[question.promotion.kind].items()}
    closed = [gate for gate, result in results.items() if result.status is not Status.PASSED]
    for gate in closed:
        results[gate] = _overridden(question, gate, results[gate])
    if all(results[gate].status is Status.PASSED for gate in closed):
        results[Gate.FRESH] = _fresh(question)
    return results


def result_of(question: GateQuestion, gate: Gate) -> Result:
    """Ask one gate, overrides applied; one that the promotion's kind does not know passes."""
    rule = _BY_KIND[question.promotion.kind].get(gate)
    return _overridden(question, gate, rule(question)) if rule else passed()


def _overridden(question: GateQuestion, gate: Gate, result: Result) -> Result:
    if result.status is Status.PASSED or gate not in OVERRIDABLE or result.code in _NEVER_OVERRIDDEN:
        return result
    if gate is Gate.AUTHORS:
        return result  # an answer is for those who were unknown when it was given; the rule itself has counted it
    for override in question.release.overrides:
        # A hold that was set after the override, such as a stop of the line, is not what the person looked at.
        if gate is Gate.HOLD and result.since is not None and not override.saw(result.since):
            continue
        if override.counts(question.promotion.environment, gate, question.promotion.number):
            return replace(
                result,
                status=Status.PASSED,
                reason=f"overridden by {override.person.name}: {override.reason}",
            )
    return result


def _fresh(question: GateQuestion) -> Result:
    # Facts may have been read long before an approval came; what is acted on must be of now.
    read = question.promotion.facts
    if read is not None and question.now - read.at <= FACTS_FRESH:
        return passed()
    reason = "what was read of the outside is too old; it is read again"
    return gate_rules.missing(question, reason, since=question.now)


def blockers(question: GateQuestion) -> tuple[Blocker, ...]:
    """Return what a waiting promotion waits for, the first being its reason."""
    return tuple(
        Blocker(
            environment=question.promotion.environment,
            gate=gate,
            code=result.code,
            reason=result.reason,
            since=result.since or question.promotion.since,
            who=result.who,
            until=result.until,
            waiting=result.status is Status.WAITING,
        )
        for gate, result in evaluate(question).items()
        if result.status is not Status.PASSED
    )
