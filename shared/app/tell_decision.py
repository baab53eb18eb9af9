"""What is logged of a decision once it is saved: a line for the log, a place in a trace, measures."""

from __future__ import annotations

from typing import NamedTuple

from shared.domain.changed_releases import ChangedRelease, correlation_of
from shared.domain.decision import Decision, Outcome
from shared.domain.events import ServiceEvent
from shared.domain.measures import Measure
from shared.domain.records import type_name
from shared.telemetry import exporting, log_event, measure, record


class Told(NamedTuple):
    """A decision with the correlation that its event came with, when it began and whether the event began anything."""

    event: ServiceEvent
    decision: Decision
    changed: tuple[ChangedRelease, ...]
    measures: list[Measure]
    sequence: int
    own: str
    began: int
    first: bool


def tell(told: Told) -> None:
    """Say it once. A click, and a tick, has an id of its own (`request`) beside that of the release which it moved."""
    decision, correlation = told.decision, correlation_of(told.own, told.changed)
    ids = sorted({one.after.correlation for one in told.changed} - {""})
    log_event(
        "event.handled",
        service=str(told.event.service),
        type=type_name(told.event),
        outcome=decision.outcome,
        code=decision.code,
        sequence=told.sequence,
        notes=decision.notes,
        correlation=correlation,
        **({"request": told.own} if correlation != told.own else {}),
        **({"releases": ids} if len(ids) > 1 else {}),
    )
    for one in told.measures:
        log_event("measured", correlation=correlation, **one._asdict())
        measure(one.measure, one.value, service=one.service, environment=one.environment)
    if exporting() and decision.outcome is not Outcome.NOTHING:
        _trace(told, {correlation, *ids})


def _trace(told: Told, traces: set[str]) -> None:
    """Put the decision into the trace it came with, and into that of each release it moved, with links between them.

    Who waits is not waited for: whoever asked has ended, and what answers is linked.
    """
    name, others = f"decide {type_name(told.event)}", traces - {told.own}
    attributes = _attributes(told)
    record(name, told.own, told.began, attributes, links=tuple(sorted(others)), first=told.first)
    for other in sorted(others):
        record(name, other, told.began, attributes, links=(told.own,))


def _attributes(told: Told) -> dict[str, object]:
    found: dict[str, object] = {"service": str(told.event.service), "outcome": str(told.decision.outcome)}
    if told.decision.code:
        found["code"] = told.decision.code
    if told.changed:
        release = told.changed[-1]
        found |= {"version": release.after.version.text, "phase": str(release.after.phase)}
        if release.promotions:
            promotion = release.promotions[-1]
            found |= {"environment": promotion.environment, "phase": str(promotion.phase)}
    return found
