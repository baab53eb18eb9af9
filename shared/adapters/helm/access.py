"""One release in its cluster: Helm's records of it, its objects, and a child for each thing that only Helm does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shared.adapters.helm.faults import fault_of
from shared.adapters.helm.looking import SKEW
from shared.adapters.helm.manifests import applied_of
from shared.adapters.helm.marks import seconds
from shared.adapters.helm.process import GRACE, ChildEnded, Processes, of_answer
from shared.adapters.kubernetes import releases
from shared.adapters.kubernetes.api import Api
from shared.adapters.kubernetes.connection import ClusterConnection
from shared.adapters.kubernetes.objects import ReleaseObjects
from shared.adapters.kubernetes.releases import ReleaseRecord, Revision
from shared.domain.policies.place import Place
from shared.domain.policies.policy import HelmTarget
from shared.ports.chart import Charts
from shared.ports.errors import NotFound, Permanent, Transient


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What carrying out an order takes, beside the cluster."""

    charts: Charts
    processes: Processes
    scratch: Path
    new_id: Callable[[], str]
    now: Callable[[], datetime]


class ReleaseAccess:
    """What can be read and asked of a place's release. `doing` starts the message of what is raised, `last` ends a child.

    `last` is when the attempt that asks may write no more, None where it has no end of its own.
    """

    def __init__(self, api: Api, tools: Tools, place: Place, doing: str, last: datetime | None = None) -> None:
        if not isinstance(place.target, HelmTarget):
            raise Permanent(f"{place.environment} is not deployed to with Helm", ours=True)
        self.target, self._tools = place.target, tools
        self._place, self._doing, self._last = place, doing, last
        self.api = api
        self.objects = ReleaseObjects(api, place.namespace, place.release_name)

    def history(self) -> tuple[Revision, ...]:
        """Read the revisions, the newest last."""
        return releases.history(self.api, self._place.namespace, self._place.release_name)

    def read(self, number: int) -> ReleaseRecord | None:
        """Read a revision's record; None where it is not there."""
        return releases.read(self.api, self._place.namespace, self._place.release_name, number)

    def mark(self, record: ReleaseRecord, **changes: Any) -> None:
        """Write into a record that is still as it was read; see releases.mark."""
        releases.mark(self.api, self._place.namespace, record, **changes)

    def applied(self, record: ReleaseRecord | None) -> tuple[dict[str, Any], ...]:
        """Return the objects of a record."""
        return applied_of(record.manifest.encode(), self._tools.charts.parse) if record is not None else ()

    def go_back(self, number: int) -> None:
        """Have Helm go back to a revision of its history; raise NotFound where that is not there."""
        self.run("go_back", revision=number, wait="hookOnly")

    def uninstall(self, description: str) -> None:
        """Have Helm take the release out; harmless where there is none."""
        try:
            self.run("remove", description=description)
        except NotFound:
            return

    def until(self) -> int:
        """When a child that begins now has ended, whatever becomes of us, in seconds since the epoch."""
        end = self._tools.now() + self.target.timeout + timedelta(seconds=GRACE)
        return seconds(min(end, self._last) if self._last is not None else end)

    def run(self, job: str, **values: Any) -> Any:
        """Have a child do a job; raise what its failing means."""
        timeout, until = self.target.timeout.total_seconds(), self.until()
        asked = {
            "cluster": _shown(self.api.connection),
            "namespace": self._place.namespace,
            "name": self._place.release_name,
            "timeout": int(timeout),
            "until": until,
            **values,
        }
        try:
            answer = self._tools.processes.run(job, asked, timeout=timeout, doing=self._doing)
        except ChildEnded as error:
            # Its record tells how far it came, once nobody can be at it any more.
            left = max(0, until + SKEW - seconds(self._tools.now()))
            raise Transient(f"{self._doing}: {error}", retry_after=timedelta(seconds=left)) from error
        done, failed, why = of_answer(answer)
        if not failed:
            return done
        if failed == "HelmNotFoundError":
            raise NotFound(f"{self._doing}: {why}")
        raise fault_of(failed, why, self._doing)


def _shown(connection: ClusterConnection) -> dict[str, str]:
    return {
        "server": connection.server,
        "token": connection.token(),
        "authority": connection.authority,
        "server_name": connection.server_name,
        "kubeconfig": connection.kubeconfig() if connection.certificate else "",
    }
