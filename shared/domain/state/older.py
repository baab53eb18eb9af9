"""Going forward to a version that is older than what runs: people are told before it happens.

Whether it is let through is the gate's business. A rollback, and what is live once more, are asked for as such: nobody is told
what they said themselves.
"""

from __future__ import annotations

from shared.domain.state.phases import PromotionKind
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import EnvironmentState, Release
from shared.domain.values.version import Version


def brings_older(environment: EnvironmentState, release: Release, promotion: Promotion) -> str:
    """Say it for people: `production runs 1.2.0; this deploys the older 1.1.0`. Empty where it is not so, or has ended."""
    live = environment.live
    if promotion.kind is not PromotionKind.FORWARD or promotion.phase.ended or live is None or environment.unknown:
        return ""
    return older(environment.name, live.artifact.version, release.version)


def older(environment: str, live: Version, version: Version) -> str:
    """Say what it means to deploy a version where another one is live; empty where that is not newer."""
    return f"{environment} runs {live}; this deploys the older {version}" if version.key() < live.key() else ""
