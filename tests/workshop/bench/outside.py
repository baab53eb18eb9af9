"""An outside that does nothing but report, and what the store behind it holds: which services, how many releases each."""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from shared.bootstrap import utc_now
from shared.domain.messages.events import ChangeFound
from shared.domain.values.names import ServiceKey
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.statuses import CommitStatus
from tests.support.mortal import Watched
from tests.support.outside import ADA, SLIPWAY_YAML, MemoryBuilder, MemoryPeople
from tests.support.outside_environments import MemoryApplier, MemoryEnvironments, MemoryWatcher
from tests.support.outside_registry import MemoryCharts, MemoryRegistry
from tests.support.outside_source import MAIN, MemorySource, Troubles

REPOSITORY = "bench"
VERSION, ENDED_SERIES = "1.0.1", "0.9"  # the first release that is measured, and those that ended before
_PER_REPOSITORY = 500  # a configuration of many more does not fit into a row
_FREEZES = "[{environments: [production], cron: 0 16 29 2 *, duration: 1h, timezone: Europe/Berlin, reason: leap day}]"


def release_begins(key: ServiceKey, version: str = VERSION) -> ChangeFound:
    """The event by which a service's release begins."""
    commit = hashlib.sha1(f"{key.service} {version}".encode()).hexdigest()
    ref = f"refs/heads/release/{key.service}/v{version}"
    id_ = f"{key.repository}:{ref}:1:{key.service}"
    return ChangeFound(id=id_, service=key, ref=ref, commit=commit, number=1, pushed_by=ADA)


@dataclass(frozen=True, slots=True)
class Shape:
    """So many services with `each` so many releases that ended, but for the first one with `largest`.

    They lie in as many repositories as they need, and `at_least` so many; those beyond name a service that never ran.
    """

    services: int
    each: int = 0
    largest: int = 0
    at_least: int = 1

    @property
    def releases(self) -> int:
        """How many releases have ended."""
        return self.largest + self.each * (self.services - 1)

    def key(self, index: int) -> ServiceKey:
        """Name a service; the first ones lie in the repository that is measured."""
        number = index // _PER_REPOSITORY
        return ServiceKey(f"shop{number:02d}" if number else REPOSITORY, f"s{index:05d}")

    def every(self) -> Sequence[ServiceKey]:
        """Name all services."""
        return [self.key(index) for index in range(self.services)]

    def configured(self) -> Mapping[str, Sequence[str]]:
        """The services by repository."""
        found = {}
        for number in range(max(self.at_least, -(-self.services // _PER_REPOSITORY))):
            first = number * _PER_REPOSITORY
            keys = [self.key(index) for index in range(first, min(first + _PER_REPOSITORY, self.services))]
            found[self.key(first).repository] = [key.service for key in keys or [self.key(first)]]
        return found


class Quiet:
    """The outside of a store of that shape. What is only named is there, and what is deployed is healthy. `released` is told of services and versions."""

    clock, starts = staticmethod(utc_now), 0

    def __init__(self, shape: Shape) -> None:
        troubles = Troubles()
        self.source = MemorySource(troubles, made_up=ADA)
        for name, services in shape.configured().items():
            self.source.create(name)
            self.source.commit(name, MAIN, _files(services), by=ADA)
        self.registry: Any = MemoryRegistry(troubles, made_up=True)
        self.charts = MemoryCharts(self.registry, troubles, alike=True)
        self.builder, self.people = MemoryBuilder(self.registry, troubles), MemoryPeople(troubles)
        environments = MemoryEnvironments()
        self.applier: Any = MemoryApplier(environments, troubles)
        self.watcher = MemoryWatcher(environments, troubles)
        self.released: Callable[[str, str], None] = lambda service, version: None
        self.statuses, self.policies = SimpleNamespace(set_status=self._set_status), SlipwayYaml()

    def _set_status(self, repository: str, commit: str, status: CommitStatus, *, about: int) -> None:
        if status.description.endswith(" is Released"):
            _, service, version = status.context.split("/")
            self.released(service, version.removeprefix("v"))

    def outlive(self, file: Path, moment: float) -> None:
        """Have deployments outlive a kill of the process, in a file; they and copies take a moment."""
        with suppress(EOFError, pickle.UnpicklingError), file.open("ab+") as before:  # the last may have been cut short
            before.seek(0)
            while True:
                self.applier.apply(pickle.load(before))
        writing = file.open("ab", buffering=0)

        def slowly(call: str, arguments: Sequence[Any]) -> tuple[nullcontext[None], Sequence[Any]]:
            time.sleep(moment)
            if call == "apply":
                writing.write(pickle.dumps(*arguments))
            return nullcontext(), arguments

        self.registry = Watched(self.registry, {"copy": "copy"}, slowly)
        self.applier = Watched(self.applier, {"apply": "apply"}, slowly)


def _files(services: Sequence[str]) -> Mapping[str, bytes]:
    """What a repository holds: these services, and the environments of other tests with an approval and a freeze."""
    listed = "".join(f"  {name}: {{path: src/{name}, chart: charts/{name}, build: {{test: t}}}}\n" for name in services)
    environments = SLIPWAY_YAML[SLIPWAY_YAML.index("environments:") :]
    yaml = f"version: 1\nregistry: registry.example.com\nservices:\n{listed}{environments}freezes: {_FREEZES}\n"
    own = ("src/{}/Dockerfile", "charts/{}/Chart.yaml", "charts/{}/values-qa.yaml", "charts/{}/values-production.yaml")
    return {"slipway.yaml": yaml.encode(), **{path.format(name): b"" for name in services for path in own}}
