"""Hints: when a service must be looked at again, with nothing happening in between.

Nothing runs while a release waits. So a decision leaves a *hint*, the earliest time at which the service would decide
otherwise: a deadline, or the end of a freeze, a soak, a fence or an approval. The minute tick looks at every service whose
hint has come due, and that look leaves the next hint. One hint too many costs a look and changes nothing. One too few would
have a release wait for ever: so a hint is written before, or together with, what it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shared.domain.deciding.overdue import release_deadline
from shared.domain.deciding.waiting import ask_again
from shared.domain.drafts.draft import Draft
from shared.domain.gating.approval import lapses
from shared.domain.gating.gate_rules import soaks_since
from shared.domain.policies import windows
from shared.domain.state.phases import Phase
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release


def next_look(draft: Draft) -> tuple[tuple[datetime, str], ...]:
    """Return the earliest time for the service and what for; empty where nothing waits for time."""
    times = [(at, what) for at, what in _times(draft) if at > draft.now]
    return (min(times),) if times else ()


def _times(draft: Draft) -> Iterator[tuple[datetime, str]]:
    for release in draft.releases.values():
        deadline = release_deadline(release)
        if deadline is not None:
            yield deadline, "build" if release.build else "registry"
        for promotion in release.promotions:
            if promotion.writing_until is not None:
                yield promotion.writing_until, "fence"
    for validation in draft.validations.values():
        for run in validation.running:
            yield run.deadline, "build"
    for hold in draft.estate.holds:
        if hold.until is not None:
            yield hold.until, "hold"
    for release, promotion in draft.promotions():
        yield from _promotion_times(draft, release, promotion)


def _promotion_times(draft: Draft, release: Release, promotion: Promotion) -> Iterator[tuple[datetime, str]]:
    if promotion.deadline is not None and promotion.paused_since is None:
        yield promotion.deadline, "deadline"
    policy = draft.policy_of(promotion)
    if policy is None or promotion.phase not in (Phase.WAITING, Phase.RETAGGING, Phase.DEPLOYING):
        return
    change = windows.next_change(policy.freezes, draft.now)
    if change is not None:
        yield change, "freeze"
    soaks = soaks_since(release, policy)
    if soaks is not None:
        yield soaks + policy.gates.soak, "soak"
    lapse = lapses(policy.approval, promotion) if policy.approval else None
    if lapse is not None:
        yield lapse, "approval"
    if promotion.facts_asked is not None:
        yield ask_again(promotion, promotion.facts_asked), "facts"
