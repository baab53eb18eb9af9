"""Which worker performs an effect: the one that holds the identity of the environment that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Set

from shared.domain.messages.effects import EnvironmentEffect, ServiceEffect
from shared.domain.messages.queues import NONPROD, PRODUCTION, taker_of
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import ServiceState


def worker_of(effect: ServiceEffect, state: ServiceState, production: Set[str]) -> str:
    """Say who performs an effect of a decision; `production` are the identities that only production's worker holds."""
    if not isinstance(effect, EnvironmentEffect):
        return taker_of(effect.kind)
    policy = _policy_of(effect.number, state)
    return worker_for(policy, production) if policy is not None else NONPROD


def is_known(effect: EnvironmentEffect, state: ServiceState) -> bool:
    """Whether a state has the promotion that an effect is about; that of an ended release is not read."""
    return _find(effect.number, state) is not None


def worker_for(policy: EnvironmentPolicy, production: Set[str]) -> str:
    """Say who acts on an environment."""
    return PRODUCTION if policy.identity in production else NONPROD


def _policy_of(number: int, state: ServiceState) -> EnvironmentPolicy | None:
    """As Draft.policy_of, also for what the decision has ended."""
    found = _find(number, state)
    if found is None:
        return None
    policy = found.policy_by(state.policy)
    undone = _find(found.undoes, state) if policy is None and found.undoes is not None else None
    return undone.pinned_policy if undone else policy


def _find(number: int, state: ServiceState) -> Promotion | None:
    return next((one for one in _promotions(state) if one.number == number), None)


def _promotions(state: ServiceState) -> Iterator[Promotion]:
    for release in (*state.releases.values(), *state.ended.values()):
        if release is not None:
            yield from release.promotions
