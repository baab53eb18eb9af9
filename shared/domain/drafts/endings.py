"""A release's end, computed from the newest promotions in its last environments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.domain.drafts.draft import STATUS_ERROR, STATUS_FAILED, STATUS_SUCCEEDED, Draft
from shared.domain.policies.policy import ServicePolicy
from shared.domain.state.phases import Phase, ReleasePhase
from shared.domain.state.release import Release

# The word of the end that asks most of people comes first.
_WORDS: Mapping[Phase, ReleasePhase] = {
    Phase.ROLLBACK_FAILED: ReleasePhase.FAILED,
    Phase.FAILED: ReleasePhase.FAILED,
    Phase.ROLLED_BACK: ReleasePhase.ROLLED_BACK,
    Phase.ERRORED: ReleasePhase.ERRORED,
    Phase.REJECTED: ReleasePhase.REJECTED,
    Phase.ABORTED: ReleasePhase.ABORTED,
    Phase.EXPIRED: ReleasePhase.EXPIRED,
    Phase.SUPERSEDED: ReleasePhase.SUPERSEDED,
    # Only when nothing else explains it: what it came after left the configuration.
    Phase.SKIPPED: ReleasePhase.ABORTED,
}


# A newer version went instead, which is nobody's failure.
_STATUS: Mapping[ReleasePhase, str] = {
    ReleasePhase.RELEASED: STATUS_SUCCEEDED,
    ReleasePhase.SUPERSEDED: STATUS_SUCCEEDED,
    ReleasePhase.ERRORED: STATUS_ERROR,
}


def ending(release: Release, now: datetime, policy: ServicePolicy | None = None) -> tuple[ReleasePhase, str] | None:
    """Return the word and reason that a packaged release ends with; the policy says where it was going.

    None while a promotion is under way, or one that was given up may still write. What came before the last
    environments counts only where it is why they were never reached.
    """
    for one in release.promotions:
        if not one.phase.ended or (one.writing_until is not None and now < one.writing_until):
            return None
    last = policy.last_environments() if policy else ()
    newest = {one.environment: one for one in release.promotions}
    decisive = [one for name, one in newest.items() if name in last] or list(newest.values())
    if any(one.phase is Phase.SKIPPED for one in decisive):
        decisive = list(newest.values())
    for phase, word in _WORDS.items():
        found = next((one for one in decisive if one.phase is phase), None)
        if found is not None:
            return word, f"{found.environment}: {found.reason or found.cause}"
    return ReleasePhase.RELEASED, ""


def settle_release(draft: Draft, release: Release) -> None:
    """End a packaged release that has nothing under way."""
    if release.phase is not ReleasePhase.PACKAGED:
        return
    end = ending(release, draft.now, draft.policy)
    if end is None:
        return
    word, reason = end
    ended = draft.move_release(release, word, reason)
    state = _STATUS.get(word, STATUS_FAILED)
    said = f"{release.version.tag} is {word}" + (f": {reason}" if reason else "")
    draft.status(ended.commit, state, said, version=release.version.tag)
