"""A repository that holds nothing but names, and its configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.domain.names import Person
from shared.ports.source import Commit, Contributor, Contributors, UsedPaths

MAIN = "refs/heads/main"
AUTHOR = Person(id="ada", name="Ada Author", mails=("ada@example.com",))
_ENVIRONMENTS = """\
environments:
  qa: {namespace: backend-qa, deploy: {gitops: {repository: environments.git}}}
  production:
    after: [qa]
    registry_namespace: prod
    approval: {approvers: ["release-manager@example.com", "group:release-managers"], minimum: 1, forbid: [author]}
    gates: {scan: high, older_than_live: block}
    deploy: {gitops: {repository: environments.git}}
queueing: latest_only
freezes: [{environments: [production], cron: "0 16 29 2 *", duration: 1h, timezone: Europe/Berlin, reason: leap day}]
"""


def names_of(services: int) -> list[str]:
    """Names of that many services."""
    return [f"s{number:05d}" for number in range(services)]


def slipway_yaml(services: Sequence[str]) -> bytes:
    """A configuration with these services, two environments, an approval and a freeze."""
    listed = "".join(f"  {name}: {{path: src/{name}, chart: charts/{name}, build: {{test: t}}}}\n" for name in services)
    return f"version: 1\nregistry: registry.example.com\nservices:\n{listed}{_ENVIRONMENTS}".encode()


class QuietSource:
    """A repository whose branches are names and numbers; everything was written by one author."""

    def __init__(self, repository: str, services: Sequence[str]) -> None:
        self._repository, self._config = repository, slipway_yaml(services)
        self._files = tuple(
            path for name in services for path in (f"src/{name}/Dockerfile", f"charts/{name}/Chart.yaml")
        )
        self.refs: dict[str, str] = {MAIN: hashlib.sha1(self._config).hexdigest()}

    def repositories(self) -> Sequence[str]:
        """See Source."""
        return (self._repository,)

    def default_ref(self, repository: str) -> str:
        """See Source."""
        return MAIN

    def tip(self, repository: str, ref: str) -> str | None:
        """See Source."""
        return self.refs.get(ref)

    def tips(self, repository: str) -> Mapping[str, str]:
        """See Source."""
        return dict(self.refs)

    def merge_base(self, repository: str, one: str, other: str) -> str | None:
        """See Source."""
        return one

    def contains(self, repository: str, ancestor: str, commit: str) -> bool:
        """See Source."""
        return True

    def changed_paths(self, repository: str, base: str | None, commit: str) -> Sequence[str]:
        """See Source."""
        return ("slipway.yaml",)

    def commits(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = (), most: int = 2000
    ) -> Sequence[Commit]:
        """See Source."""
        name, mail = AUTHOR.name, AUTHOR.mails[0]
        return [
            Commit(id=commit, author_name=name, author_mail=mail, committer_name=name, committer_mail=mail, message="m")
        ]

    def contributors(
        self, repository: str, base: str | None, commit: str, *, paths: Sequence[str] = ()
    ) -> Contributors:
        """See Source."""
        return Contributors(people=(Contributor(AUTHOR.name, AUTHOR.mails[0]),))

    def used_paths(self, repository: str, commit: str, paths: Sequence[str]) -> UsedPaths:
        """See Source."""
        return UsedPaths(paths=tuple(sorted(paths)))

    def file(self, repository: str, commit: str, path: str) -> bytes | None:
        """See Source."""
        return self._config if path == "slipway.yaml" else None

    def files(self, repository: str, commit: str, under: str = "") -> Sequence[str]:
        """See Source."""
        return ("slipway.yaml", *self._files)

    def export(self, repository: str, commit: str, paths: Sequence[str], into: Path) -> None:
        """See Source."""
