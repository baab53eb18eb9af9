"""What a worker may report of an effect that it performed.

A worker runs beside what other people wrote, and may be another's by now. So nothing counts that a report says of itself:
its queue says who reports, and the outbox, which control alone writes, says what was asked, by which number, and of whom. A
report is taken where it is one that may come of that very effect. Whether anybody still waits for the attempt is decided.
"""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple, TypeAlias, get_args

from shared.domain.messages.effects import Build, EnvironmentEffect, GatherFacts, LookAtBuild, ServiceEffect
from shared.domain.messages.events import (
    ArtifactDeployed,
    ArtifactRetagged,
    ArtifactTagged,
    BuildReported,
    BuildStarted,
    EffectDone,
    EffectFailed,
    EffectRefused,
    FactsGathered,
    RolloutObserved,
    TaggingFailed,
    TagsRead,
)
from shared.domain.messages.queues import QUEUES
from shared.domain.messages.workers import is_known, worker_of
from shared.domain.state.release import ServiceState
from shared.domain.values.reading import leaves

# All but "done" is decided upon.
Report: TypeAlias = (
    BuildStarted
    | BuildReported
    | TagsRead
    | ArtifactTagged
    | TaggingFailed
    | FactsGathered
    | ArtifactRetagged
    | ArtifactDeployed
    | RolloutObserved
    | EffectFailed
    | EffectRefused
    | EffectDone
)
REPORTS: tuple[type[Report], ...] = get_args(Report)
# The effect is not in the outbox: it was reported before, or never asked for.
NOT_OPEN = "not-open"
# The report is not of the effect that it names, or not the worker's.
MISPLACED = "misplaced"
# The environment has become another worker's since the worker was asked.
NOT_THEIRS = "not-theirs"
_NUMBERS = ("number", "attempt", "version")
_LONGEST = 1000
# All that is reported lies in one row with the rest of its release. No worker of ours comes near these.
_LONGEST_TEXT, _MOST_TEXT, _MOST_VALUES, _LARGEST = 4000, 24 * 1024, 2000, 10**15


class ReportObjection(NamedTuple):
    """Why a report is not taken. `effect` is the id of the effect whose number it came with, empty where none is open."""

    code: str
    reason: str
    effect: str = ""


def report_id(effect_id: str) -> str:
    """Name the report of an effect: only the first one counts."""
    return f"{effect_id}:done"


def started_id(effect_id: str, handle: str) -> str:
    """Name the report that the run of a build has a name."""
    return f"{effect_id}:runs:{handle}"


def refusal_id(effect_id: str, queue: str) -> str:
    """Name the refusal of what a queue brought."""
    return f"{effect_id}:refused:{queue}"


def objection(
    report: Report, effect: ServiceEffect | None, queue: str, *, worker: str, state: ServiceState, production: Set[str]
) -> ReportObjection | None:
    """Say why a worker's report is not taken; None where it is.

    `effect` is what stands in the service's outbox under the number that the report came with, and `queue` the one it went to.
    """
    if effect is None:
        return ReportObjection(NOT_OPEN, f"{report.id}: its effect is not open")
    asked = QUEUES[queue].worker
    if asked != worker:
        return ReportObjection(
            MISPLACED, f"the {worker} worker reports what the {asked} worker was asked for", effect.id
        )
    if not _fits(report):
        return ReportObjection(MISPLACED, f"what the {worker} worker reports is more than any report is", effect.id)
    if not _agrees(report, effect):
        return ReportObjection(MISPLACED, f"what the {worker} worker reports is no report of this effect", effect.id)
    if isinstance(effect, EnvironmentEffect) and not isinstance(report, EffectDone) and is_known(effect, state):
        right = worker_of(effect, state, production)
        if right != worker:
            return ReportObjection(
                NOT_THEIRS, f"its environment is the {right} worker's, and not {worker}'s", effect.id
            )
    return None


def _fits(report: Report) -> bool:
    """Whether there is room for a report beside its release, as there has to be for how that ends."""
    values = [one for _, one in leaves(report)]
    texts = [len(one) for one in values if isinstance(one, str)]
    small = all(abs(one) < _LARGEST for one in values if isinstance(one, int))
    return small and len(values) <= _MOST_VALUES and max(texts) <= _LONGEST_TEXT and sum(texts) <= _MOST_TEXT


def refused_by(report: EffectRefused, worker: str) -> bool:
    """Whether a refusal is such as this worker makes: under the id of one, and no longer than one."""
    ids = {refusal_id(report.refused, name) for name, queue in QUEUES.items() if queue.worker == worker}
    short = max(len(report.refused), len(report.reason)) <= _LONGEST
    return report.id in ids and report.refused.startswith(f"{report.service}:") and short


def _agrees(report: Report, effect: ServiceEffect) -> bool:
    if isinstance(report, EffectRefused):
        return False
    if isinstance(report, BuildStarted):
        right = report.id == started_id(effect.id, report.handle.id)
    else:
        about = _id_of_what_is_reported(effect) if not isinstance(report, EffectDone) else effect.id
        right = (report.effect, report.id) == (about, report_id(about))
    return right and isinstance(report, (*effect.reports, EffectDone)) and _numbers_agree(report, effect)


def _id_of_what_is_reported(effect: ServiceEffect) -> str:
    """Whoever looks at a build in between reports the build."""
    if isinstance(effect, LookAtBuild):
        return Build(service=effect.service, number=effect.number, attempt=effect.attempt).id
    return effect.id


def _numbers_agree(report: Report, effect: ServiceEffect) -> bool:
    wanted = {name: getattr(effect, name, None) for name in _NUMBERS}
    if isinstance(effect, GatherFacts):
        wanted["attempt"] = effect.asked
    return all(getattr(report, name, wanted[name]) == wanted[name] for name in _NUMBERS)
