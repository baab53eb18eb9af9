"""The reader that the rest sees."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shared.domain.policies.policy import GitOpsTarget, RepositoryPolicy
from shared.ports.policies import Fault


class SlipwayYaml:
    """Compiles slipway.yaml into policy (port: PolicyReader).

    `local_deploy` is where environments without `deploy:` go on the local host; elsewhere it is None and they are
    refused. `default_registry` is used where the file names no registry. `production` are the identities that only
    production's worker holds.
    """

    def __init__(
        self,
        *,
        local_deploy: GitOpsTarget | None = None,
        default_registry: str | None = None,
        production: Collection[str] = (),
    ) -> None:
        self._local_deploy, self._default_registry = local_deploy, default_registry
        self._production = frozenset(production)

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """Validate and compile; where `files` is empty the tree is unknown and no folder is looked for in it.

        Raise BrokenPolicy with every fault that was found, in the file's order.
        """
        from shared.inbound.slipway_yaml.compiler import Compiler

        compiler = Compiler(
            local_deploy=self._local_deploy, default_registry=self._default_registry, production=self._production
        )
        return compiler.compile(content, repository=repository, commit=commit, files=files)

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """See PolicyReader."""
        from shared.inbound.slipway_yaml.approvers import at_approvers

        return at_approvers(content, problems)
