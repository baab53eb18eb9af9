"""Where everything stands when a story is over, without what may differ: times, and numbers given out in another order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from shared.app.operating.operate import ESTATE
from shared.codec.ledger import verify
from shared.domain.values.names import ServiceKey
from tests.support.app_parts import DELIVERY, PACKAGE, Harness
from tests.support.outside import SHIPPING

_BUILD = re.compile(r"build \d+")


def end_of(harness: Harness, versions: Sequence[tuple[ServiceKey, str]]) -> dict[str, Any]:
    """The end of a story about these versions, and only if the ledgers hold."""
    for service in (DELIVERY, PACKAGE, ESTATE):
        verify(harness.app.store.ledger(str(service), after=0, most=10_000), service=str(service))
    outside = harness.outside
    return {
        "releases": {f"{service} {version}": _release(harness, service, version) for service, version in versions},
        "environments": {str(service): _environments(harness, service) for service in (DELIVERY, PACKAGE)},
        "holds": [one.version for service in (DELIVERY, PACKAGE) for one in harness.state(service).holds],
        "stopped": sorted(key for key in harness.app.store.read(ESTATE).rows),
        "statuses": {commit: _statuses(harness, commit) for commit in outside.source.tips(SHIPPING).values()},
        "applied": {
            place: [one.version for one in written] for place, written in sorted(outside.environments.applied.items())
        },
        "copies": sorted(outside.registry.copies),
        "tags": dict(outside.registry.tagged),
        "built": sorted((one.service, one.ref, one.commit) for one in outside.builder.orders),
        "asked": sorted((str(one.service), one.version, one.environment) for one in outside.people.asked),
        "left": left(harness),
    }


def left(harness: Harness) -> list[str]:
    """What is not at rest: effects in an outbox, messages in a queue."""
    services = (DELIVERY, PACKAGE)
    outbox = [one.body for service in services for one in harness.app.store.read(str(service)).outbox.values()]
    return outbox + ([f"{harness.waiting()} messages"] if harness.waiting() else [])


def _release(harness: Harness, service: ServiceKey, version: str) -> dict[str, Any]:
    found = harness.release(version, service)
    return {
        "phase": found.phase.value,
        "reason": found.reason,
        "artifact": found.artifact,
        "promotions": [(one.environment, one.kind.value, one.phase.value, one.reason) for one in found.promotions],
    }


def _environments(harness: Harness, service: ServiceKey) -> dict[str, Any]:
    return {
        name: {
            "live": (one.live.artifact.version.text, one.live.artifact.id) if one.live else None,
            "good": [good.artifact.version.text for good in one.good],
            "slot": one.slot,
            "unknown": one.unknown,
        }
        for name, one in sorted(harness.state(service).environments.items())
    }


def _statuses(harness: Harness, commit: str) -> dict[str, tuple[str, str]]:
    said = harness.statuses(commit)
    return {context: (one.state.value, _BUILD.sub("build", one.description)) for context, one in said.items()}
