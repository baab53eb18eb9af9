"""What is logged of a decision once it is saved: a line for the log, a place in a trace, measures."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.drafts.changed_releases import ChangedRelease, correlation_of
from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.drafts.measures import Measure
from shared.domain.messages.events import ServiceEvent
from shared.domain.values.records import type_name
from shared.telemetry import exporting, log_event, measure, record


class DecisionLog(NamedTuple):
    """A decision with the correlation that its event came with, when it began and whether the event began anything."""

    event: ServiceEvent
    decision: Decision
    changed: tuple[ChangedRelease, ...]
    measures: list[Measure]
    sequence: int
    own: str
    began: int
    first: bool


def log_decision(entry: DecisionLog) -> None:
    """Say it once. A click, and a tick, has an id of its own (`request`) beside that of the release which it moved."""
    decision, correlation = entry.decision, correlation_of(entry.own, entry.changed)
    ids = sorted({one.after.correlation for one in entry.changed} - {""})
    log_event(
        "event.handled",
        service=str(entry.event.service),
        type=type_name(entry.event),
        outcome=decision.outcome,
        code=decision.code,
        sequence=entry.sequence,
        notes=decision.notes,
        correlation=correlation,
        **({"request": entry.own} if correlation != entry.own else {}),
        **({"releases": ids} if len(ids) > 1 else {}),
    )
    for one in entry.measures:
        log_event("measured", correlation=correlation, **one._asdict())
        measure(one.measure, one.value, service=one.service, environment=one.environment)
    if exporting() and decision.outcome is not Outcome.NOTHING:
        _trace(entry, {correlation, *ids})


def _trace(entry: DecisionLog, traces: set[str]) -> None:
    """Put the decision into the trace it came with, and into that of each release it moved, with links between them.

    Who waits is not waited for: whoever asked has ended, and what answers is linked.
    """
    name, others = f"decide {type_name(entry.event)}", traces - {entry.own}
    attributes = _attributes(entry)
    record(name, entry.own, entry.began, attributes, links=tuple(sorted(others)), first=entry.first)
    for other in sorted(others):
        record(name, other, entry.began, attributes, links=(entry.own,))


def _attributes(entry: DecisionLog) -> dict[str, object]:
    found: dict[str, object] = {"service": str(entry.event.service), "outcome": str(entry.decision.outcome)}
    if entry.decision.code:
        found["code"] = entry.decision.code
    if entry.changed:
        release = entry.changed[-1]
        found |= {"version": release.after.version.text, "phase": str(release.after.phase)}
        if release.promotions:
            promotion = release.promotions[-1]
            found |= {"environment": promotion.environment, "phase": str(promotion.phase)}
    return found
