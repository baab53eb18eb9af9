"""A pod of the fake kubelet: what it is to do, and the status that it shows at each step of that.

A pod's annotations (those of its template) say it, or the end of an image's tag, as in `app:1.2.3-crash`:

    fakelet/mode        one of MODES; run is the default, and complete for a Job's pod and a hook
    fakelet/delay       seconds before it is ready (run), or before it ends (crash, oom, fail, complete)
    fakelet/exit        exit code of fail and crash, 1 by default
    fakelet/log         its log, line by line
    fakelet/stop-delay  seconds that it takes to go

A pod that no node can take needs no mode: it asks for a node or a processor that nobody has.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_kubelet.nodes import now

MODES = ("run", "crash", "oom", "pull-error", "never-ready", "create-error", "hang", "fail", "complete")
_LASTING = ("run", "never-ready", "hang")
_ENDED = ("Succeeded", "Failed")
_HOOK = "helm.sh/hook"


@dataclass(slots=True)
class Pod:
    """One pod: the object as it was last seen, and how far it is."""

    object: dict[str, Any]
    restarts: int = 0
    gone: bool = False
    started: str = field(default_factory=now)
    address: str = ""
    images: dict[str, str] = field(default_factory=dict)
    stepping: threading.Lock = field(default_factory=threading.Lock)

    @property
    def uid(self) -> str:
        """Tells it from a later pod of its name."""
        return str(self.object["metadata"]["uid"])

    @property
    def place(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.object["metadata"]["namespace"], self.object["metadata"]["name"]

    @property
    def path(self) -> str:
        """Where the API has it."""
        namespace, name = self.place
        return f"/api/v1/namespaces/{namespace}/pods/{name}"

    @property
    def annotations(self) -> Mapping[str, str]:
        """What its template says."""
        return self.object["metadata"].get("annotations") or {}

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Its containers, without those that only begin it."""
        return list(self.object["spec"]["containers"])

    @property
    def first(self) -> list[dict[str, Any]]:
        """The containers that begin it."""
        return list(self.object["spec"].get("initContainers") or ())

    @property
    def leaves(self) -> bool:
        """Whether somebody has asked for it to go."""
        return bool(self.object["metadata"].get("deletionTimestamp"))

    @property
    def mode(self) -> str:
        """What it is to do."""
        wanted = self.annotations.get("fakelet/mode", "")
        if not wanted:
            tags = [one["image"].partition("@")[0].rpartition(":")[2] for one in self.containers]
            wanted = next((mode for mode in MODES for tag in tags if tag.endswith(f"-{mode}")), "run")
        return "complete" if wanted == "run" and self._once else wanted

    @property
    def lasts(self) -> bool:
        """Whether it runs until somebody takes it away."""
        return self.mode in _LASTING

    @property
    def delay(self) -> float:
        """Seconds; see fakelet/delay."""
        return float(self.annotations.get("fakelet/delay", "0"))

    @property
    def restart_policy(self) -> str:
        """What follows an end."""
        return str(self.object["spec"].get("restartPolicy", "Always"))

    def lines(self, container: str) -> list[str]:
        """Its log."""
        return self.annotations.get("fakelet/log", f"started {container}\nmode {self.mode}\n").splitlines()

    def ended(self) -> dict[str, Any]:
        """The state of a container that has ended as its mode says."""
        good, killed = self.mode == "complete", self.mode == "oom"
        code = 0 if good else 137 if killed else int(self.annotations.get("fakelet/exit", "1"))
        reason = "Completed" if good else "OOMKilled" if killed else "Error"
        return {"terminated": {"exitCode": code, "reason": reason, "startedAt": self.started, "finishedAt": now()}}

    def status(
        self, phase: str, *, ready: bool, state: Mapping[str, Any], last: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Its status, with all its containers in one state."""
        return {
            "phase": phase,
            "startTime": self.started,
            "hostIP": "127.0.0.1",
            "hostIPs": [{"ip": "127.0.0.1"}],
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "conditions": _conditions(phase, ready=ready),
            "containerStatuses": [self._container(one, ready, state, last) for one in self.containers],
            "observedGeneration": self.object["metadata"].get("generation", 1),
            **({"initContainerStatuses": [self._begun(one) for one in self.first]} if self.first else {}),
        }

    @property
    def _once(self) -> bool:
        owners = self.object["metadata"].get("ownerReferences", [])
        return any(one["kind"] == "Job" for one in owners) or _HOOK in self.annotations

    def _container(
        self, one: Mapping[str, Any], ready: bool, state: Mapping[str, Any], last: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        image = self.images.get(one["image"], "")
        told = {"name": one["name"], "image": one["image"], "imageID": image, "ready": ready, "started": ready}
        told |= {"restartCount": self.restarts, "state": state}
        if image:
            run = f"{self.uid}/{one['name']}/{self.restarts}"
            told["containerID"] = f"fake://{hashlib.sha256(run.encode()).hexdigest()}"
        return {**told, "lastState": last} if last else told

    def _begun(self, one: Mapping[str, Any]) -> dict[str, Any]:
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": self.started, "finishedAt": self.started}
        image = self.images.get(one["image"], "")
        told = {"name": one["name"], "image": one["image"], "imageID": image, "ready": True, "restartCount": 0}
        return {**told, "state": {"terminated": ended}}


def _conditions(phase: str, *, ready: bool) -> list[dict[str, str]]:
    done = phase in _ENDED
    not_ready = "" if ready else "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"
    found = (
        ("PodReadyToStartContainers", not done, ""),
        ("Initialized", True, "PodCompleted" if phase == "Succeeded" else ""),
        ("ContainersReady", ready, not_ready),
        ("Ready", ready, not_ready),
    )
    return [
        {"type": kind, "status": str(is_so), "lastTransitionTime": now(), **({"reason": reason} if reason else {})}
        for kind, is_so, reason in found
    ]
