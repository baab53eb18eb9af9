"""A service's messages that went to poison: what waited for one ends at once, and not at its deadline."""

from __future__ import annotations

from shared.domain.deciding import running, tagging
from shared.domain.deciding.overdue import give_up_release, give_up_run
from shared.domain.drafts.answers import Answer, done
from shared.domain.drafts.draft import Draft
from shared.domain.messages.effects import Build, GatherFacts, ReadTags
from shared.domain.messages.events import MessagePoisoned
from shared.domain.state.phases import RUNNING, Phase, ReleasePhase
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release
from shared.domain.values.records import replace


def message_poisoned(draft: Draft, event: MessagePoisoned) -> Answer:
    """Note it, and end what waited for its effect as Errored: the fault is ours, and a retry asks for it anew."""
    draft.note(f"{event.message_type} of {event.queue} went to poison as {event.poison}")
    if event.effect:
        _lost(draft, event.effect, f"{event.message_type} failed as often as it may, see poison {event.poison}")
    return done()


def _lost(draft: Draft, effect: str, reason: str) -> None:
    for release in list(draft.releases.values()):
        if effect == _awaited(release, draft):
            give_up_release(draft, release, f"{reason}; retry the release")
    for validation in list(draft.validations.values()):
        for run in validation.running:
            if effect == Build(service=draft.service, number=run.number, attempt=run.attempt).id:
                give_up_run(draft, validation.ref, run, reason)
    for _, promotion in list(draft.promotions()):
        if promotion.phase in RUNNING:
            _step_lost(draft, promotion, effect, reason)
        elif promotion.phase is Phase.WAITING and promotion.facts_asked is not None:
            asked = GatherFacts(service=draft.service, number=promotion.number, asked=promotion.facts_round)
            if effect == asked.id:
                draft.keep(replace(promotion, trouble=reason, facts_asked=draft.now))


def _awaited(release: Release, draft: Draft) -> str:
    """Name the effect that a release cannot go on without before it is packaged."""
    if release.build is not None:
        return Build(service=draft.service, number=release.build.number, attempt=release.build.attempt).id
    if release.phase is ReleasePhase.VALIDATING:
        return ReadTags(service=draft.service, version=release.version.text, asked=release.tags_asked).id
    if release.phase is ReleasePhase.PACKAGING and release.tagging is not None:
        return tagging.effect_of(draft, release).id
    return ""


def _step_lost(draft: Draft, promotion: Promotion, effect: str, reason: str) -> None:
    copied = promotion.phase is Phase.RETAGGING and promotion.retagged
    if copied or running.effect_of(draft, promotion).id != effect:
        return
    # Who took it last may have lost its lease and write still: the fence stands as it does at a deadline.
    changed = promotion.phase is not Phase.RETAGGING
    running.fail(draft, promotion, Phase.ERRORED, f"{reason}; retry the release", changed=changed)
