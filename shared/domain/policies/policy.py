"""A service's compiled policy: frozen records, made from slipway.yaml of the default branch and nothing else."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from shared.domain.charts.hooks import Hooks
from shared.domain.policies.patience import Patience
from shared.domain.policies.setting import Setting
from shared.domain.values.artifact import PartName
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import Policy


class Severity(StrEnum):
    """How bad a vulnerability is, as scanners rank it."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position in the order, none first."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Verdict(StrEnum):
    """What a gate does about a finding that a team may live with."""

    ALLOW = "allow"
    BLOCK = "block"


class Queueing(StrEnum):
    """Which of several waiting versions of one line goes on."""

    LATEST_ONLY = "latest_only"
    IN_ORDER = "in_order"


class OnFirstFailure(StrEnum):
    """What becomes of a first deployment that failed: there is nothing to roll back to."""

    LEAVE = "leave"
    UNINSTALL = "uninstall"


class Patterns(Policy):
    """Include and exclude lists, with Azure Pipelines' rules (see triggers.py)."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class TriggerPolicy(Policy):
    """Which pushes of which branches are validated.

    `follow_links` says that the paths are folders and files that Slipway named, not somebody's patterns: what links in them
    lead to counts as well.
    """

    branches: Patterns = Patterns(include=("*",))
    paths: Patterns = Patterns()
    follow_links: bool = False
    batch: bool = True


class BuildPolicy(Policy):
    """How the service is built: a test command where there is no container engine, a target where there is.

    `env` names variables of the host that the test command sees. `dockerfile` and `context` are None where they are the service's
    own: ask ServicePolicy.
    """

    test: str | None = None
    test_target: str | None = None
    args: tuple[tuple[str, str], ...] = ()
    env: tuple[str, ...] = ()
    dockerfile: str | None = None
    context: str | None = None


class ApprovalRule(Policy):
    """Who answers for an environment, how many of them, and who may not.

    `pinned` says which object of the directory a written name meant when the file was put in force. Such a name counts
    by that id alone: a mail that somebody else is given later is not theirs to approve with.
    """

    approvers: tuple[str, ...] = ()
    pinned: tuple[tuple[str, str], ...] = ()
    minimum: int = 1
    forbid: tuple[str, ...] = ("author",)
    expires: timedelta = timedelta(days=7)
    valid_for: timedelta = timedelta(hours=24)
    comment: bool = False


class GateRules(Policy):
    """The conditions an environment sets beside approval. `own_scan` lets a report count that the change's own tests wrote."""

    scan: Severity = Severity.CRITICAL
    unknown_scan: Verdict = Verdict.ALLOW
    own_scan: bool = False
    older_than_live: Verdict = Verdict.ALLOW
    comply: Verdict = Verdict.BLOCK
    soak: timedelta = timedelta(0)


class DenyWindow(Policy):
    """A repeated time in which nothing goes forward: from each tick of the cron expression, for the duration."""

    cron: str
    duration: timedelta
    timezone: str
    reason: str


class GitOpsTarget(Policy, tag_field="kind", tag="gitops"):
    """Rendered manifests are committed to a repository that an operator applies; `hooks` says whether it runs Helm's."""

    repository: str
    path: str = "{environment}/{service}"
    branch: str = "main"
    hooks: Hooks = Hooks.ARGOCD


class Drift(StrEnum):
    """What becomes of fields that somebody else changed in the cluster since we applied them."""

    REPORT = "report"
    CORRECT = "correct"


class HelmTarget(Policy, tag_field="kind", tag="helm"):
    """The chart is installed with Helm in a cluster that the installation's settings know by this name.

    `timeout` is how long applying and hooks may take, `max_history` how many revisions Helm keeps, `parallel` how many
    deployments one process runs at a time. `kinds` are those that the deployer may write beside the usual ones, as `group/Kind`.
    """

    cluster: str
    timeout: timedelta = timedelta(minutes=5)
    max_history: int = 10
    parallel: int = 4
    drift: Drift = Drift.REPORT
    kinds: tuple[str, ...] = ()


DeployTarget: TypeAlias = GitOpsTarget | HelmTarget


class Deadlines(Policy):
    """How long each phase may last before it is somebody's fault; paused while held or frozen."""

    retagging: timedelta = timedelta(minutes=30)
    deploying: timedelta = timedelta(minutes=30)
    verifying: timedelta = timedelta(minutes=15)


class EnvironmentPolicy(Policy):
    """Where releases are deployed and under which rules. Templates still hold their placeholders."""

    name: str
    namespace: str
    deploy: DeployTarget
    after: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    set: tuple[tuple[str, Setting], ...] = ()
    registry_namespace: str | None = None
    approval: ApprovalRule | None = None
    gates: GateRules = GateRules()
    deadlines: Deadlines = Deadlines()
    patience: Patience = Patience()
    freezes: tuple[DenyWindow, ...] = ()
    identity: str | None = None
    on_first_failure: OnFirstFailure = OnFirstFailure.LEAVE


class ServicePolicy(Policy):
    """Everything that is decided for one service; replaced only when its digest changes.

    `parts` are what a version is made of, the service's own image first; nothing else of a build counts.
    `digest` is the SHA-256 of the canonical content, `commit` the default branch's commit it was read from.
    """

    service: ServiceKey
    path: str
    chart: str
    registry: str
    parts: tuple[PartName, ...]
    environments: tuple[EnvironmentPolicy, ...]
    triggers: TriggerPolicy = TriggerPolicy()
    build: BuildPolicy = BuildPolicy()
    queueing: Queueing = Queueing.LATEST_ONLY
    build_deadline: timedelta = timedelta(hours=2)
    digest: str = ""
    commit: str = ""

    @property
    def dockerfile(self) -> str:
        """The service's Dockerfile, from the root of the repository."""
        return self.build.dockerfile or f"{self.path}/Dockerfile"

    @property
    def context(self) -> str:
        """The folder that the image is built from; empty for the whole repository."""
        return "" if self.build.context == "." else self.build.context or self.path

    def environment(self, name: str) -> EnvironmentPolicy | None:
        """Return the environment of that name, if the policy in force has it."""
        for environment in self.environments:
            if environment.name == name:
                return environment
        return None

    def last_environments(self) -> tuple[str, ...]:
        """Name the environments that nothing comes after: where a release is going."""
        return tuple(one.name for one in self.environments if not self.environments_after(one.name))

    def environments_after(self, name: str) -> tuple[EnvironmentPolicy, ...]:
        """Environments that directly follow the named one in the graph."""
        return tuple(environment for environment in self.environments if name in environment.after)


class RepositoryPolicy(Policy):
    """A whole slipway.yaml, compiled: one policy for each service, and where it was read."""

    repository: str
    commit: str
    services: tuple[ServicePolicy, ...] = ()

    def service(self, name: str) -> ServicePolicy | None:
        """Return the policy of the named service, if there is one."""
        return next((policy for policy in self.services if policy.service.service == name), None)
