"""Where a place's manifests lie: a folder on a branch of a GitOps repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from shared.adapters.gitops import folder as files
from shared.adapters.gitops.branch import RemoteBranch
from shared.adapters.gitops.credentials import GitCredentials
from shared.domain.policies.place import Place
from shared.domain.policies.policy import GitOpsTarget
from shared.ports.errors import Permanent


class Folders:
    """Finds the branch and the folder of a place.

    `resolve` gives the address of a repository that a policy names; `work` holds copies that may be lost at any time;
    `credentials` and `environment` are for repositories elsewhere.
    """

    def __init__(
        self,
        resolve: Callable[[str], str | Path],
        work: Path,
        *,
        timeout: float = 60,
        credentials: GitCredentials = GitCredentials(),  # noqa: B008 (it is never changed)
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._resolve, self._work, self._timeout = resolve, work, timeout
        self._credentials, self._environment = credentials, environment

    def of(self, place: Place) -> tuple[RemoteBranch, str]:
        """Return both; raise Permanent(ours) for a target that is no GitOps repository, or a folder that is none."""
        target = place.target
        if not isinstance(target, GitOpsTarget):
            raise Permanent(f"{target} is not a GitOps repository; only such are written and read here", ours=True)
        branch = RemoteBranch(
            self._resolve(target.repository),
            target.branch,
            self._work,
            credentials=self._credentials,
            environment=self._environment,
            timeout=self._timeout,
        )
        return branch, files.checked_folder(target.path)
