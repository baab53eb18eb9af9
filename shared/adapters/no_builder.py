"""The Builder port where a change's own commands must not run."""

from __future__ import annotations

from shared.ports.builder import BuildHandle, BuildOrder, BuildResult, BuildUnderWay
from shared.ports.errors import Permanent


class NoBuilder:
    """Builds nothing, and says why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def build(self, order: BuildOrder, handle: BuildHandle) -> BuildResult | BuildUnderWay:  # noqa: ARG002 - nothing runs
        """Raise Permanent(ours)."""
        raise Permanent(
            f"{order.service} is not built here: {self._reason}; have it built elsewhere",
            ours=True,
        )

    def cancel(self, order_id: str, handle: BuildHandle) -> None:
        """See Builder; nothing of it runs."""
