"""The shape of slipway.yaml. Its keys are a contract; what may stand in each is in fields.py."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.charts.hooks import Hooks
from shared.domain.policies.policy import Drift, OnFirstFailure, Queueing, Severity, Verdict
from shared.domain.policies.setting import SettingKind, put
from shared.domain.values.errors import InvalidValue
from shared.inbound.slipway_yaml.fields import (
    Address,
    Approver,
    Argument,
    ArtifactTemplate,
    Choice,
    ClusterName,
    Context,
    Duration,
    ExtraKind,
    FileTemplate,
    FileVersion,
    Folder,
    HelmTimeout,
    Namespace,
    Registry,
    RegistryNamespace,
    SettingKey,
    SettingValue,
    Span,
    Text,
    Variable,
    Word,
    or_none,
)


class Part(BaseModel):
    """Unknown keys are faults, and a value is never turned into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Filters(Part):
    """`include` None: the default of the place."""

    include: list[Text] | None = None
    exclude: list[Text] = []


class Triggers(Part):
    """Which pushes are validated."""

    branches: Filters = Filters()
    paths: Filters = Filters()
    batch: bool = True


class BuildSection(Part):
    """How the service is built and tested."""

    test: Text | None = None
    test_target: Text | None = None
    args: dict[Argument, Word] = {}
    env: list[Variable] = []
    dockerfile: Folder | None = None
    context: Context | None = None
    deadline: Span = timedelta(hours=2)


class Service(Part):
    """A service; what is left out is found in the repository."""

    path: Folder | None = None
    chart: Folder | None = None
    triggers: Triggers = Triggers()
    build: BuildSection = BuildSection()


class Approval(Part):
    """No approvers: anybody whose role is to approve."""

    approvers: list[Approver] = []
    minimum: Annotated[int, Field(ge=1, le=20)] = 1
    forbid: list[Literal["author"]] = ["author"]
    expires: Span = timedelta(days=7)
    valid_for: Span = timedelta(hours=24)
    comment: bool = False

    @model_validator(mode="after")
    def _enough_people(self) -> Self:
        people = {each.casefold() for each in self.approvers}
        groups = any(each.startswith("group:") for each in people)
        if people and not groups and self.minimum > len(people):
            raise ValueError(f"asks for {self.minimum} approvals, but only {len(people)} may give one")
        return self


class Gates(Part):
    """`unknown_scan` None: the default of the environment."""

    scan: Annotated[Severity, Choice] = Severity.CRITICAL
    unknown_scan: Annotated[Verdict, Choice] | None = None
    own_scan: bool = False
    older_than_live: Annotated[Verdict, Choice] = Verdict.ALLOW
    comply: Annotated[Verdict, Choice] = Verdict.BLOCK
    soak: Duration = timedelta(0)


class DeadlinesSection(Part):
    """How long each phase may last."""

    retagging: Span = timedelta(minutes=30)
    deploying: Span = timedelta(minutes=30)
    verifying: Span = timedelta(minutes=15)


class PatienceSection(Part):
    """How long a rollout may show trouble that may pass by itself."""

    create: Span = timedelta(seconds=30)
    pull: Span = timedelta(seconds=60)
    restarts: Annotated[int, Field(ge=1, le=100)] = 3


class GitOps(Part):
    """A repository that an operator applies."""

    repository: Address
    path: FileTemplate = "{environment}/{service}"
    branch: Text = "main"
    hooks: Annotated[Hooks, Choice] = Hooks.ARGOCD


class Helm(Part):
    """A cluster, by the name that the settings know it by. Going back needs a revision beside the newest one."""

    cluster: ClusterName
    timeout: HelmTimeout = timedelta(minutes=5)
    max_history: Annotated[int, Field(ge=2, le=100)] = 10
    parallel: Annotated[int, Field(ge=1, le=16)] = 4
    drift: Annotated[Drift, Choice] = Drift.REPORT
    kinds: Annotated[list[ExtraKind], Field(max_length=50)] = []


class DeploySection(Part):
    """Exactly one of them."""

    gitops: GitOps | None = None
    helm: Helm | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.gitops is None) == (self.helm is None):
            raise ValueError("must hold one of gitops and helm")
        return self


class Environment(Part):
    """Where releases go. `approval: none` asks nobody, also in production."""

    after: list[Text] = []
    namespace: Namespace | None = None
    registry_namespace: RegistryNamespace | None = None
    values: list[FileTemplate] | None = None
    set: dict[SettingKey, SettingValue] | None = None
    approval: Annotated[Approval | None, or_none("none")] = None
    gates: Gates = Gates()
    deadlines: DeadlinesSection = DeadlinesSection()
    patience: PatienceSection = PatienceSection()
    deploy: DeploySection | None = None
    identity: Text | None = None
    on_first_failure: Annotated[OnFirstFailure, Choice] = OnFirstFailure.LEAVE

    @model_validator(mode="after")
    def _settings_fit_together(self) -> Self:
        values: dict[str, object] = {}
        for key, setting in (self.set or {}).items():
            try:
                put(values, key, json.loads(setting.text) if setting.kind is SettingKind.JSON else setting.text)
            except InvalidValue as error:
                raise ValueError(f"set: {error.problem}") from error
        return self


class Freeze(Part):
    """A repeated time in which nothing goes forward; `environments` None: in all of them."""

    environments: Annotated[list[Text], Field(min_length=1)] | None = None
    cron: Text
    duration: Span
    timezone: Text
    reason: Text


class Artifacts(Part):
    """OCI repositories of a service."""

    image: ArtifactTemplate = "{service}"
    chart: ArtifactTemplate = "charts/{service}"


class FileHead(Part):
    """The file without its sections `services`, `environments` and `freezes`, which are read part by part."""

    version: FileVersion
    registry: Registry | None = None
    artifacts: Artifacts = Artifacts()
    queueing: Annotated[Queueing, Choice] = Queueing.LATEST_ONLY
    shared_cluster: bool = False
