"""Reads how a deployment is doing from the repository that it was committed to, where an operator answers."""

from __future__ import annotations

from shared.adapters.gitops.folder import MANIFESTS, PROMOTION, STATUS
from shared.adapters.gitops.folders import Folders
from shared.adapters.gitops.rollout import read_rollout
from shared.domain.policies.place import Place
from shared.ports.rollout_watcher import Rollout, RolloutState


class GitOpsWatcher:
    """Reads the operator's answer to a commit."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def observe(self, place: Place, revision: str) -> Rollout:
        """Read the operator's answer to a revision. Raise Transient."""
        branch, folder = self._folders.of(place)
        with branch.locked():
            tip = branch.fetch()
            if tip is None:
                return Rollout(state=RolloutState.REPLACED, reason=f"{branch.name} does not exist any more")
            newest = branch.newest(tip, f"{folder}/{MANIFESTS}", f"{folder}/{PROMOTION}")
            (status,) = branch.read(tip, f"{folder}/{STATUS}")
        return read_rollout(revision, newest, status)
