"""What a large store holds: which services, how many releases each, and what lies outside of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from shared.codec.policy import encode_policy
from shared.codec.repository import CONFIG, encode_config, encode_services, encode_tip, tip_row
from shared.domain.names import ServiceKey
from shared.domain.policy import DeployTarget, GitOpsTarget, RepositoryPolicy, ServicePolicy
from shared.domain.repository import ConfigInForce, Tip
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.deployer import Running
from tests.workshop.bench.source import MAIN, QuietSource, slipway_yaml
from tests.workshop.bench.wiring import REPOSITORY
from tests.workshop.bench.world import QuietDeployer, digest_of

PER_REPOSITORY = 500  # a configuration of many more does not fit into a row
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shape:
    """So many services with so many ended releases, `largest` of them in the first service; the rest evenly.

    They lie in as many repositories as they need, and `at_least` so many; those beyond name a service that never ran.
    """

    services: int
    releases: int
    largest: int
    at_least: int = 1

    def key(self, index: int) -> ServiceKey:
        """Name a service; the first ones lie in the repository that is measured."""
        return ServiceKey(repository_of(index), f"s{index:05d}")

    def releases_of(self, index: int) -> int:
        """How many releases of a service have ended."""
        if index == 0:
            return self.largest if self.services > 1 else self.releases
        each, more = divmod(self.releases - self.largest, self.services - 1)
        return each + (index <= more)

    def repositories(self) -> list[str]:
        """Name the repositories."""
        number = max(self.at_least, -(-self.services // PER_REPOSITORY))
        return [repository_of(index * PER_REPOSITORY) for index in range(number)]

    def names(self, repository: str) -> list[str]:
        """Name a repository's services."""
        first = self.repositories().index(repository) * PER_REPOSITORY
        return [f"s{index:05d}" for index in range(first, min(first + PER_REPOSITORY, max(self.services, first + 1)))]

    def policies(self, repository: str) -> RepositoryPolicy:
        """Compile a repository's configuration, as the product does."""
        return _compiled(repository, tuple(self.names(repository)))

    def configuration(self, repository: str) -> Iterator[tuple[str, bytes]]:
        """The rows of a repository."""
        policy = self.policies(repository)
        yield from encode_services(policy).items()
        yield CONFIG, encode_config(_in_force(policy.commit, policy))
        yield tip_row(MAIN), encode_tip(Tip(commit=policy.commit, number=1, previous=None, sent=True))

    def shown(self, repository: str) -> bytes:
        """What pages show of its configuration."""
        return encode_config(_in_force(_commit_of(self.names(repository)), None))

    def policy(self, index: int) -> tuple[bytes, str, str]:
        """Return a service's policy as its row, its digest, and the commit that it was read from."""
        key = self.key(index)
        one = _by_name(key.repository, tuple(self.names(key.repository)))[key.service]
        return encode_policy(one), one.digest, one.commit

    def version(self, number: int) -> str:
        """Name a service's n-th release; what is measured begins with 1.0.1."""
        return f"0.9.{number}"

    def source(self) -> QuietSource:
        """The repositories as a source; the one that is measured is configured alike."""
        return _Repositories(self)

    def deployer(self) -> QuietDeployer:
        """A deployer that knows what is live."""
        return _Deployed(self)


class _Repositories(QuietSource):
    """Only of the repository that is measured the branches change."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(REPOSITORY, shape.names(REPOSITORY))
        self._tips = {name: {MAIN: _commit_of(shape.names(name))} for name in shape.repositories()}

    def repositories(self) -> list[str]:
        return list(self._tips)

    def tip(self, repository: str, ref: str) -> str | None:
        return self.tips(repository).get(ref)

    def tips(self, repository: str) -> Mapping[str, str]:
        return self._tips[repository] if repository != REPOSITORY else super().tips(repository)


class _Deployed(QuietDeployer):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self._shape = shape

    def running(self, target: DeployTarget) -> Running | None:
        found = super().running(target)
        if found is not None or not isinstance(target, GitOpsTarget):
            return found
        environment, _, name = target.path.partition("/")
        number = self._shape.releases_of(int(name[1:]))
        if not number:
            return None
        version = self._shape.version(number)
        place = f"prod/{name}" if environment == "production" else name
        image = f"registry.example.com/{place}:v{version}@{digest_of(f'image {name} {version}')}"
        return Running(revision="", turn=None, foreign=False, images=(image,))


def repository_of(index: int) -> str:
    """Name the repository of a service."""
    number = index // PER_REPOSITORY
    return f"shop{number:02d}" if number else REPOSITORY


def _commit_of(names: Sequence[str]) -> str:
    return hashlib.sha1(slipway_yaml(names)).hexdigest()


def _in_force(commit: str, policy: RepositoryPolicy | None) -> ConfigInForce:
    return ConfigInForce(commit=commit, policy=policy, faults=(), faulty_commit="", checked_at=BEGAN, number=1)


@cache
def _compiled(repository: str, names: tuple[str, ...]) -> RepositoryPolicy:
    content = slipway_yaml(names)
    files = QuietSource(repository, names).files(repository, "")
    return SlipwayYaml().compile(content, repository=repository, commit=_commit_of(names), files=files)


@cache
def _by_name(repository: str, names: tuple[str, ...]) -> Mapping[str, ServicePolicy]:
    return {one.service.service: one for one in _compiled(repository, names).services}
