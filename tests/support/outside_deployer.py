"""Environments in memory: what was applied, by which promotion, and how it is doing."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

from shared.domain.policy import DeployTarget, GitOpsTarget
from shared.ports.deployer import DeployOrder, DeployReport, Fenced, Rollout, RolloutState, Running
from tests.support.outside_source import Troubles


@dataclass(frozen=True)
class Applied:
    """One thing that was written to an environment; `number` is None where it was not Slipway, manifests where removed."""

    revision: str
    number: int | None
    turn: int
    effect: str
    version: str
    images: tuple[str, ...]
    manifests: bytes | None

    @property
    def image(self) -> str:
        """The service's own image."""
        return self.images[0]


class MemoryDeployer:
    """Applies an order once, never over a later promotion's. `health` says how a version does, `slow` for how many looks.

    Keys of both are (service, environment, version); a version that is not named is healthy at once.
    """

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self.applied: dict[str, list[Applied]] = defaultdict(list)
        self.health: dict[tuple[str, str, str], RolloutState] = {}
        self.slow: dict[tuple[str, str, str], int] = {}

    def by_hand(self, environment: str, service: str, image: str) -> None:
        """Have somebody else change what runs."""
        written = self.applied[f"{environment}/{service}"]
        manifests = json.dumps({"image": image}).encode()
        written.append(Applied(f"hand{len(written)}", None, 0, "", "", (image,), manifests))

    def live(self, environment: str, service: str) -> Applied | None:
        """What is applied now."""
        written = self.applied[f"{environment}/{service}"]
        return written[-1] if written and written[-1].manifests is not None else None

    def deploy(self, order: DeployOrder) -> DeployReport:
        """See Deployer."""
        return self._apply(order, order.manifests)

    def remove(self, order: DeployOrder) -> DeployReport:
        """See Deployer."""
        return self._apply(order, None)

    def observe(self, target: DeployTarget, revision: str) -> Rollout:
        """See Deployer."""
        self._troubles.hit("deployer.observe")
        place = _place(target)
        newest = self.applied[place][-1]
        if newest.revision != revision:
            return Rollout(state=RolloutState.REPLACED, reason=f"{newest.revision} was written after it")
        environment, service = place.split("/")
        key = (service, environment, newest.version)
        if self.slow.get(key, 0) > 0:
            self.slow[key] -= 1
            return Rollout(state=RolloutState.PROGRESSING, reason="0 of 1 replicas are ready")
        state = self.health.get(key, RolloutState.HEALTHY)
        return Rollout(state=state, reason="" if state is RolloutState.HEALTHY else "0 of 1 replicas are ready")

    def running(self, target: DeployTarget) -> Running | None:
        """See Deployer."""
        self._troubles.hit("deployer.read")
        written = self.applied[_place(target)]
        if not written or written[-1].manifests is None:
            return None
        last = written[-1]
        return Running(
            revision=last.revision,
            turn=last.turn if last.number is not None else None,
            foreign=last.number is None,
            images=last.images,
        )

    def _apply(self, order: DeployOrder, manifests: bytes | None) -> DeployReport:
        self._troubles.hit("deployer.write")
        written = self.applied[_place(order.target)]
        for one in written:
            if one.effect == order.id:
                return DeployReport(revision=one.revision, already=True)
        highest = max((one.turn for one in written), default=0)
        if highest > order.turn:
            raise Fenced(f"a later deployment has written {order.environment} already")
        revision = f"r{order.promotion}.{order.id.rpartition(':')[2]}"
        written.append(Applied(revision, order.promotion, order.turn, order.id, order.version, order.images, manifests))
        return DeployReport(revision=revision)


def _place(target: DeployTarget) -> str:
    assert isinstance(target, GitOpsTarget)
    return target.path
