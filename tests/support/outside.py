"""The outside in memory: one world of data behind all ports, for tests of the application in milliseconds.

Each class does what the real one promises: ids make things happen once, tags are not overwritten, a later promotion
fences an earlier one. What goes wrong is said beforehand, in `troubles` or in the class that it concerns.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

from shared.domain.policies.policy import Drift, GitOpsTarget, RepositoryPolicy, Severity
from shared.domain.values.artifact import ArtifactPart, PartName, find_part
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.builder import (
    NO_HANDLE,
    BuildHandle,
    BuildOrder,
    BuildOutcome,
    BuildResult,
    BuildUnderWay,
    ScanResult,
    Step,
    TestCounts,
)
from shared.ports.people import Question
from shared.ports.policies import PolicyReader
from shared.ports.registry import TagTaken
from tests.support.clock import Clock
from tests.support.outside_environments import MemoryApplier, MemoryEnvironments, MemoryWatcher
from tests.support.outside_registry import MemoryCharts, MemoryRegistry
from tests.support.outside_source import MAIN, MemorySource, Troubles

__all__ = ["ADA", "MAIN", "RITA", "SAM", "SHIPPING", "SLIPWAY_YAML", "Clock", "Outside"]

SHIPPING = "shipping"
ADA = Person(id="ada", name="Ada Author", mails=("ada@example.com",))
RITA = Person(id="rita", name="Rita Manager", mails=("release-manager@example.com",))
SAM = Person(id="sam", name="Sam Second", mails=("sam@example.com",))

SLIPWAY_YAML = """\
version: 1
registry: localhost:5000
artifacts: {image: "{service}", chart: "charts/{service}"}
services:
  delivery:
    path: src/shipping/delivery
    chart: charts/delivery
    triggers: {branches: {include: [main, "feature/delivery/*"]}, paths: {include: [src/shipping/delivery]}, batch: true}
    build: {test: "python -m unittest", test_target: testrunner}
  package:
    path: src/shipping/package
    chart: charts/package
    triggers: {branches: {include: [main, "feature/package/*"]}, paths: {include: [src/shipping/package]}, batch: true}
    build: {test: "python -m unittest", test_target: testrunner}
environments:
  qa:
    namespace: backend-qa
    values: ["charts/{service}/values-qa.yaml"]
    set: {image.repository: "{image}", image.tag: "{tag}@{digest}", reason: "{reason}"}
    deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}
  production:
    after: [qa]
    namespace: backend
    registry_namespace: prod
    values: ["charts/{service}/values-production.yaml"]
    set: {image.repository: "{image}", image.tag: "{tag}@{digest}", reason: "{reason}"}
    approval: {approvers: ["release-manager@example.com", "group:release-managers"], minimum: 1, forbid: [author]}
    gates: {scan: high, older_than_live: block}
    deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}
queueing: latest_only
"""


_GITOPS = 'deploy: {gitops: {repository: environments.git, path: "{environment}/{service}"}}'


def on_clusters(drift: Drift = Drift.REPORT) -> str:
    """The sample's configuration, with clusters in the place of a repository."""
    qa, _, production = SLIPWAY_YAML.partition("  production:")
    deployed = "deploy: {helm: {cluster: %s, drift: %s}}"
    qa, production = (
        text.replace(_GITOPS, deployed % (name, drift)) for name, text in (("dev", qa), ("prod", production))
    )
    return f"{qa}  production:{production}"


class MemoryBuilder:
    """Builds an order once. `outcomes` says how the builds of a ref go, `slow` for how many looks they are under way.

    A build that goes well pushes each part by digest; their bytes follow from the commit and the version. For the refs
    in `tagging` it pushes under the version's tags, as builders do that are not ours, and names none but its image in `claims`.
    With `named` it gives each build a run of its own, as a host of pipelines does; `given` are the handles that it was given back.
    """

    def __init__(self, registry: MemoryRegistry, troubles: Troubles) -> None:
        self._registry, self._troubles = registry, troubles
        self.outcomes: dict[str, BuildResult] = {}
        self.slow: dict[str, int] = {}
        self.claims: dict[str, Digest] = {}
        self.results: dict[str, BuildResult] = {}
        self.cancelled: set[str] = set()
        self.tagging: set[str] = set()
        self.named, self.look_again = False, 1
        self.given: list[BuildHandle] = []
        self.orders: list[BuildOrder] = []
        self._known: set[BuildOrder] = set()

    def build(self, order: BuildOrder, handle: BuildHandle) -> BuildResult | BuildUnderWay:
        """See Builder."""
        self._troubles.hit("builder.build")
        self.given.append(handle)
        if order.id in self.results:
            return self.results[order.id]
        if order not in self._known:
            self._known.add(order)
            self.orders.append(order)
        if self.slow.get(order.ref, 0) > 0 and order.id not in self.cancelled:
            self.slow[order.ref] -= 1
            return BuildUnderWay(look_again=self.look_again, handle=self._handle(order))
        self.results[order.id] = self._run(order)
        return self.results[order.id]

    def cancel(self, order_id: str, handle: BuildHandle) -> None:
        """See Builder."""
        self._troubles.hit("builder.cancel")
        self.given.append(handle)
        self.cancelled.add(order_id)

    def _handle(self, order: BuildOrder) -> BuildHandle:
        if not self.named:
            return NO_HANDLE
        number = [one.id for one in self.orders].index(order.id) + 1
        return BuildHandle(id=f"run-{number}", link=f"https://ci.example.com/runs/{number}")

    def _run(self, order: BuildOrder) -> BuildResult:
        if order.id in self.cancelled:
            return BuildResult(outcome=BuildOutcome.CANCELLED, reason="nobody wants it any more")
        result = self.outcomes.get(order.ref, _good(order))
        if order.version is None or result.outcome is not BuildOutcome.SUCCEEDED:
            return result
        if order.ref in self.tagging:
            return self._tag(order, order.version, result)
        version = Version.parse(order.version)
        pushed = tuple(
            name.at(
                version, self._registry.push(name.repository, built(name, order.service, order.version, order.commit))
            )
            for name in order.parts
        )
        claimed = self._claimed(order, version)
        return replace(result, parts=claimed + tuple(part for part in pushed if not find_part(claimed, part.name)))

    def _claimed(self, order: BuildOrder, version: Version) -> tuple[ArtifactPart, ...]:
        return (order.parts[0].at(version, self.claims[order.ref]),) if order.ref in self.claims else ()

    def _tag(self, order: BuildOrder, version: str, result: BuildResult) -> BuildResult:
        try:
            for name in order.parts:
                tag = name.kind.tag_of(Version.parse(version))
                self._registry.put(name.repository, tag, built(name, order.service, version, order.commit))
        except TagTaken as taken:
            return BuildResult(outcome=BuildOutcome.FAILED, reason=str(taken))
        return replace(result, parts=self._claimed(order, Version.parse(version)) or result.parts)


def built(name: PartName, service: str, version: str, commit: str) -> bytes:
    """The manifest of an image or a chart that is built of a commit."""
    return f"{name} of {service} {version} from {commit}".encode()


def _good(order: BuildOrder) -> BuildResult:
    scanned = Step.SCAN in order.steps
    return BuildResult(
        outcome=BuildOutcome.SUCCEEDED,
        reason="",
        tests=TestCounts(passed=3, failed=0, skipped=0),
        scan=ScanResult(worst=Severity.LOW) if scanned else None,
    )


class MemoryPeople:
    """People who see the questions that are open; `listens` is called with each that is put."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self.listens: Callable[[Question], None] = lambda question: None
        self.asked: list[Question] = []
        self._known: set[str] = set()
        self.closed: dict[str, str] = {}

    @property
    def open(self) -> list[Question]:
        """Questions that were put and not closed."""
        return [one for one in self.asked if one.request not in self.closed]

    def ask(self, question: Question) -> None:
        """See People."""
        self._troubles.hit("people.ask")
        if question.request not in self._known:
            self._known.add(question.request)
            self.asked.append(question)
        self.listens(question)

    def close(self, service: ServiceKey, request: str, reason: str) -> None:
        """See People."""
        self._troubles.hit("people.close")
        self.closed.setdefault(request, reason)


class RememberedPolicies(SlipwayYaml):
    """Reads a file of a commit once, in whichever test: reading YAML takes most of the time in which an application starts."""

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """See PolicyReader."""
        return _compiled(content, repository, commit, tuple(files))


_POLICIES = RememberedPolicies(local_deploy=GitOpsTarget(repository="environments.git"))


@functools.lru_cache(maxsize=256)
def _compiled(content: bytes, repository: str, commit: str, files: tuple[str, ...]) -> RepositoryPolicy:
    return SlipwayYaml.compile(_POLICIES, content, repository=repository, commit=commit, files=files)


class Outside:
    """Everything that is not Slipway: it outlives a crash of the application."""

    def __init__(self, *, slipway_yaml: str = SLIPWAY_YAML, repository: str = SHIPPING) -> None:
        self.repository = repository
        self.clock = Clock()
        self.starts = 0
        self.troubles = Troubles()
        self.source = MemorySource(self.troubles)
        self.registry = MemoryRegistry(self.troubles)
        self.charts = MemoryCharts(self.registry, self.troubles)
        self.builder = MemoryBuilder(self.registry, self.troubles)
        self.environments = MemoryEnvironments()
        self.applier = MemoryApplier(self.environments, self.troubles)
        self.watcher = MemoryWatcher(self.environments, self.troubles)
        self.people = MemoryPeople(self.troubles)
        self.policies: PolicyReader = _POLICIES
        self.source.create(repository)
        self.commit(MAIN, {"slipway.yaml": slipway_yaml.encode(), **_folders("delivery"), **_folders("package")})

    def commit(
        self,
        ref: str,
        files: Mapping[str, bytes | None],
        *,
        by: Person = ADA,
        message: str = "Change",
        base: str | None = None,
        committer: Person | None = None,
    ) -> str:
        """Push a commit that nobody is told of; return its id."""
        return self.source.commit(self.repository, ref, files, by=by, message=message, base=base, committer=committer)

    def delete(self, ref: str) -> None:
        """Delete a branch without telling."""
        del self.source.refs(self.repository)[ref]


def _folders(service: str) -> dict[str, bytes]:
    return {
        f"src/shipping/{service}/Dockerfile": b"FROM scratch\n",
        f"charts/{service}/Chart.yaml": f"name: {service}\n".encode(),
        f"charts/{service}/values-qa.yaml": b"replicas: 1\n",
    }
