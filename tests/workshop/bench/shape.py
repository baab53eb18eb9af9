"""What a large store holds: which services, how many releases each, and what runs outside of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.values.artifact import PartKind, PartName
from shared.domain.values.names import ServiceKey
from tests.support.outside import built
from tests.support.outside_environments import Applied
from tests.support.outside_registry import digest_of
from tests.workshop.bench.story import release_begins
from tests.workshop.bench.world import REPOSITORY, Quiet

SAMPLE_SERVICE = "the-sample-service"
SAMPLES = 12  # an environment remembers ten questions: later releases leave what the last one of these leaves
PER_REPOSITORY = 500  # a configuration of many more does not fit into a row


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
        return ServiceKey(_repository_of(index), f"s{index:05d}")

    def releases_of(self, index: int) -> int:
        """How many releases of a service have ended."""
        if index == 0:
            return self.largest if self.services > 1 else self.releases
        each, more = divmod(self.releases - self.largest, self.services - 1)
        return each + (index <= more)

    def repositories(self) -> list[str]:
        """Name the repositories."""
        number = max(self.at_least, -(-self.services // PER_REPOSITORY))
        return [_repository_of(index * PER_REPOSITORY) for index in range(number)]

    def names(self, repository: str) -> tuple[str, ...]:
        """Name a repository's services."""
        first = self.repositories().index(repository) * PER_REPOSITORY
        last = min(first + PER_REPOSITORY, max(self.services, first + 1))
        return tuple(f"s{index:05d}" for index in range(first, last))

    def version(self, number: int) -> str:
        """Name a service's n-th release; what is measured begins with 1.0.1."""
        return f"0.9.{number}"

    def configured(self) -> Mapping[str, tuple[str, ...]]:
        """The services by repository."""
        return {repository: self.names(repository) for repository in self.repositories()}

    def outside(self) -> Quiet:
        """The outside of such a store: what is live there runs."""
        return Quiet(self.configured(), _Live(self))


class _Live(dict[str, list[Applied]]):
    """What is applied, by environment and service; what nobody deployed since is the last of the store's releases."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __missing__(self, place: str) -> list[Applied]:
        environment, _, name = place.partition("/")
        number = self._shape.releases_of(int(name[1:]))
        sample, version = f"1.0.{min(number, SAMPLES)}", self._shape.version(number)
        commit = release_begins(ServiceKey(REPOSITORY, SAMPLE_SERVICE), sample).commit
        digest = digest_of(
            built(PartName(kind=PartKind.IMAGE, repository=SAMPLE_SERVICE), SAMPLE_SERVICE, sample, commit)
        )
        image = f"registry.example.com/{'prod/' if environment == 'production' else ''}{name}:v{version}@{digest}"
        self[place] = [Applied("", 0, 0, "", version, (image,), b"")] if number else []
        return self[place]


def _repository_of(index: int) -> str:
    number = index // PER_REPOSITORY
    return f"shop{number:02d}" if number else REPOSITORY
