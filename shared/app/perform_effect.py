"""One effect: do it, report it, or put it off. Doing it twice is harmless; only the first report counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.app.handle_event import handle
from shared.app.parts import App
from shared.app.performing import building, facts, steps, telling
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed, report_id
from shared.codec.envelope import effect_id_of, encode_effect
from shared.domain import effects as ef
from shared.domain.build import BuildOutcome, BuildResult
from shared.domain.events import EffectFailed, ServiceEvent
from shared.ports.deployer import Fenced
from shared.ports.errors import Permanent, Transient
from shared.telemetry import log_event

_LONGEST_RETRY = timedelta(minutes=5)

_PERFORMERS: Mapping[type[ef.Effect], Any] = {
    ef.Build: building.build,
    ef.CancelBuild: building.cancel,
    ef.ReadTags: facts.read_tags,
    ef.GatherFacts: facts.gather,
    ef.AskApproval: telling.ask,
    ef.CloseApproval: telling.close,
    ef.SetStatus: telling.set_status,
    ef.Retag: steps.retag,
    ef.Deploy: steps.deploy,
    ef.Remove: steps.remove,
    ef.ObserveRollout: steps.observe,
}


def perform(app: App, effect: ef.ServiceEffect, *, tries: int, correlation: str) -> None:
    """Perform an effect and handle its report in the same go.

    Not finished, or out of reach: the effect is sent again with a delay. Raise what storage raises; then the message is delivered again.
    """
    try:
        outcome: Performed = _PERFORMERS[type(effect)](app, effect)
        tries = 0
    except Transient as error:
        tries += 1
        log_event("effect.put_off", effect=effect.id, tries=tries, reason=str(error))
        outcome = _given_up(effect, error, ours=True) if tries >= app.timing.most_tries else _later(app, tries, error)
    except Permanent as error:
        log_event("effect.failed", effect=effect.id, ours=error.ours, reason=str(error))
        outcome = _given_up(effect, error, ours=error.ours)
    if isinstance(outcome, LookAgain):
        body = encode_effect(effect, correlation=correlation, at=app.now(), tries=tries)
        app.queues.send(ef.queue_of(effect.kind), body, delay=outcome.after)
    elif isinstance(outcome, NothingToReport):
        _forget(app, effect)
    else:
        handle(app, outcome, correlation=correlation)


def _later(app: App, tries: int, error: Transient) -> LookAgain:
    """Back off twice as long each time, or as long as the outside said."""
    return LookAgain(min(error.retry_after or app.timing.first_retry * 2 ** (tries - 1), _LONGEST_RETRY))


def _given_up(effect: ef.ServiceEffect, error: Transient | Permanent, *, ours: bool) -> Performed:
    """Report a failure where a phase waits for one; what only informs people is left, facts are asked for again."""
    if isinstance(effect, ef.Build):
        outcome = BuildOutcome.ERRORED if ours else BuildOutcome.FAILED
        return building.reported(effect, BuildResult(outcome=outcome, reason=str(error)))
    if isinstance(effect, ef.Retag | ef.Deploy | ef.ObserveRollout):
        return _failed(effect, error, ours=ours)
    if isinstance(effect, ef.ReadTags | ef.GatherFacts | ef.Remove):
        return LookAgain(_LONGEST_RETRY)
    return NothingToReport()


def _failed(effect: ef.Retag | ef.Deploy | ef.ObserveRollout, error: Exception, *, ours: bool) -> ServiceEvent:
    # What refused to begin changed nothing; what may have been cut short has to be undone.
    refused = isinstance(error, Permanent)
    return EffectFailed(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        attempt=effect.attempt,
        reason=str(error),
        ours=ours and not isinstance(error, Fenced),
        changed=isinstance(effect, ef.ObserveRollout) or (isinstance(effect, ef.Deploy) and not refused),
    )


def _forget(app: App, effect: ef.ServiceEffect) -> None:
    service = str(effect.service)
    outbox = app.store.read(service).outbox
    keys = [key for key, message in outbox.items() if effect_id_of(message.body) == effect.id]
    if keys:
        app.store.forget(service, keys)
