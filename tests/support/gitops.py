"""Both sides of a GitOps repository: what applies, and what watches."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.adapters.gitops.applier import GitOpsApplier
from shared.adapters.gitops.folders import Folders
from shared.adapters.gitops.watcher import GitOpsWatcher
from shared.adapters.helm_charts import HelmCharts
from shared.domain.policies.place import Place
from shared.domain.policies.policy import DeployTarget
from shared.domain.values.names import ServiceKey


class GitOps:
    """An applier and a watcher that share copies, as one process has them."""

    def __init__(
        self,
        resolve: Callable[[str], str | Path],
        work: Path,
        *,
        now: Callable[[], datetime],
        tries: int = 20,
        pause: Callable[[float], None] = time.sleep,
        **more: Any,
    ) -> None:
        folders = Folders(resolve, work, **more)
        self.applier = GitOpsApplier(folders, now=now, parse=HelmCharts().parse, tries=tries, pause=pause)
        self.watcher = GitOpsWatcher(folders)
        self.apply, self.remove, self.running = self.applier.apply, self.applier.remove, self.applier.running
        self.observe = self.watcher.observe


def place_at(target: DeployTarget, service: str = "delivery") -> Place:
    """A service in qa that is deployed to a target."""
    return Place(
        service=ServiceKey("shop", service),
        environment="qa",
        namespace="backend-qa",
        release_name=service,
        target=target,
    )
