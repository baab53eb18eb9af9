"""Aborting: what waits ends, what runs stops or goes back."""

from __future__ import annotations

from shared.domain.deciding import building, running, waiting
from shared.domain.drafts.answers import Answer, done, refused
from shared.domain.drafts.draft import Draft
from shared.domain.drafts.lookup import known_release
from shared.domain.messages.events import AbortRequested
from shared.domain.state.phases import QUEUED, Phase, PromotionKind, ReleasePhase
from shared.domain.state.release import Release


def abort_queued(draft: Draft, release: Release, reason: str) -> int:
    """Abort every promotion that has not started, withdraw its question, and say how many there were."""
    queued = [one for one in release.promotions if one.phase in QUEUED and one.kind is not PromotionKind.ROLLBACK]
    for promotion in queued:
        waiting.close(draft, promotion, Phase.ABORTED, reason)
    return len(queued)


def abort(draft: Draft, event: AbortRequested) -> Answer:
    """Stop a release: during Retagging the tag stays, during Deploying or Verifying it is rolled back."""
    release = known_release(draft, event.version)
    if isinstance(release, Answer):
        return release
    if release.phase.ended:
        return refused("ended", f"v{event.version} has ended: {release.phase}; nothing is under way")
    reason = f"aborted by {event.person.name}" + (f": {event.reason}" if event.reason else "")
    if release.phase is not ReleasePhase.PACKAGED:
        building.stop(draft, release, reason)
        return done()
    stopped = abort_queued(draft, release, reason)
    for promotion in release.promotions:
        forward = promotion.kind is not PromotionKind.ROLLBACK
        if forward and not promotion.phase.ended and promotion.phase not in QUEUED:
            _, current = draft.promotion(promotion.number)
            changed = promotion.phase is not Phase.RETAGGING
            running.fail(draft, current, Phase.ABORTED, reason, changed=changed)
            stopped += 1
    if not stopped:
        return refused("rolling-back", f"v{event.version} is being rolled back; a rollback is not aborted")
    return done()
