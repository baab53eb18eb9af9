"""How long a rollout may show trouble that may pass by itself."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.values.records import Policy


class Patience(Policy):
    """`create`: pods or containers that cannot be made; `pull`: images that cannot be pulled; `restarts` of a new pod's container."""

    create: timedelta = timedelta(seconds=30)
    pull: timedelta = timedelta(seconds=60)
    restarts: int = 3
