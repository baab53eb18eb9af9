"""Dependencies that lie in a registry of ours, which lets nobody in without a credential.

The host process fetches them, as the child that fetches the others is given no credential. Only a host that somebody listed is
signed in at: of `*`, whatever a branch writes would be one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.adapters.helm_charts.children import Children
from shared.adapters.helm_charts.hosts import Hosts
from shared.adapters.helm_charts.metadata import Dependency
from shared.adapters.helm_charts.registries import Registries, keep
from shared.domain.values.errors import InvalidVersion
from shared.domain.values.version import Version
from shared.ports.errors import NotFound

_OCI = "oci://"
# What is no name of a repository Helm refuses in its words.
_REPOSITORY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
_EXACT = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?")
_MOST_VERSIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """`registries` are asked with our credential, where `hosts` lists them by name."""

    workers: Children
    hosts: Hosts
    registries: Registries

    def holds(self, dependency: Dependency) -> bool:
        """Whether it lies where we have to say who we are."""
        host, repository = _place(dependency)
        known = dependency.repository.startswith(_OCI) and _REPOSITORY.fullmatch(repository) is not None
        return known and self.hosts.names(host) and self.registries.knows(host)

    def fetch(self, chart: str, dependency: Dependency, charts: Path) -> None:
        """Put it into the folder of a chart's dependencies; raise NotFound where it is not there."""
        host, repository = _place(dependency)
        try:
            version = self._version(dependency, host, repository)
            # A tag cannot hold a +: Helm writes _.
            content = self.registries.chart(host, repository, version.replace("+", "_"))
        except NotFound as error:
            place = f"{dependency.name} {dependency.version} is not in {dependency.repository}"
            raise NotFound(f"dependencies of chart {chart}: {place}") from error
        place = f"dependencies of chart {chart}: {host}/{repository}:{version}"
        keep(self.workers, content, charts / f"{dependency.name}-{version}.tgz", place, dependency.name, version)

    def _version(self, dependency: Dependency, host: str, repository: str) -> str:
        if _EXACT.fullmatch(dependency.version):
            return dependency.version
        versions = _newest_first(self.registries.tags(host, repository))
        asked = {"constraint": dependency.version, "versions": versions[:_MOST_VERSIONS]}
        newest = self.workers.ask(f"version of {dependency.name}", "newest", **asked)
        if not isinstance(newest, str):
            raise NotFound(f"no version fits {dependency.version}")
        return newest


def _place(dependency: Dependency) -> tuple[str, str]:
    address = urlsplit(dependency.repository)
    return address.netloc.lower(), f"{address.path.strip('/')}/{dependency.name}".lstrip("/")


def _newest_first(tags: Sequence[str]) -> list[str]:
    found: list[tuple[str, str]] = []
    for tag in tags:
        version = tag.replace("_", "+")
        with suppress(InvalidVersion):
            found.append((Version.parse(version.partition("+")[0]).key(), version))
    return [version for _, version in sorted(found, reverse=True)]
