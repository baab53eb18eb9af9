"""A good slipway.yaml becomes the policy that it means."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from shared.domain.policies.policy import (
    ApprovalRule,
    BuildPolicy,
    Deadlines,
    DenyWindow,
    Drift,
    EnvironmentPolicy,
    GateRules,
    GitOpsTarget,
    HelmTarget,
    OnFirstFailure,
    Patterns,
    Queueing,
    RepositoryPolicy,
    ServicePolicy,
    Severity,
    TriggerPolicy,
    Verdict,
)
from shared.domain.policies.setting import Setting, SettingKind
from shared.inbound.slipway_yaml import SlipwayYaml

LOCAL = GitOpsTarget(repository=".local/environments.git")
FILES = (
    "slipway.yaml",
    "src/shipping/delivery/Dockerfile",
    "charts/delivery/Chart.yaml",
    "src/shipping/package/Dockerfile",
    "src/shipping/package/chart/Chart.yaml",
)
SET = tuple(
    (key, Setting(text))
    for key, text in (("image.repository", "{image}"), ("image.tag", "{tag}@{digest}"), ("reason", "{reason}"))
)
SET_OF_QA = (
    ("image.tag", Setting("{tag}@{digest}")),
    ("replicas", Setting("2", SettingKind.PLAIN)),
    ("debug", Setting("false", SettingKind.PLAIN)),
)
WHOLE = """
version: 1
registry: fabrikam.azurecr.io
artifacts: {image: "apps/{service}", chart: "charts/{service}"}
services:
  delivery:
    path: src/shipping/delivery/
    chart: ./charts/delivery
    triggers: {branches: {include: [main, "feature/*"], exclude: [feature/old]}, paths: {include: [src], exclude: [docs]}, batch: false}
    build: {test: "python -m unittest", test_target: testrunner, args: {LEVEL: 2, FAST: true, NAME: x}, env: [NPM_TOKEN, NPM_TOKEN], deadline: 90s}
environments:
  qa:
    namespace: backend-qa
    values: ["charts/{service}/values-qa.yaml"]
    set: {image.tag: "{tag}@{digest}", replicas: 2, debug: false}
    deploy: {gitops: {repository: environments.git, path: "{environment}/{service}", branch: trunk}}
    on_first_failure: uninstall
  production:
    after: [qa, qa]
    registry_namespace: prod
    approval: {approvers: [manager@example.com, "group:release managers"], minimum: 2, forbid: [], expires: 2d, valid_for: 12h, comment: true}
    gates: {scan: high, unknown_scan: allow, own_scan: true, older_than_live: block, comply: allow, soak: 30m}
    deadlines: {retagging: 1m, deploying: 12m, verifying: 3m}
    identity: production-worker
    deploy: {helm: {cluster: prod-aks, timeout: 10m, max_history: 20, parallel: 2, drift: correct, kinds: [a.example.com/Thing]}}
queueing: in_order
freezes:
  - {environments: [production], cron: "0 16 * * 5", duration: 64h, timezone: Europe/Berlin, reason: weekend}
  - {cron: "0 0 24 12 *", duration: 3d, timezone: UTC, reason: on}
"""
BY_HELM = HelmTarget(
    cluster="prod-aks",
    timeout=timedelta(minutes=10),
    max_history=20,
    parallel=2,
    drift=Drift.CORRECT,
    kinds=("a.example.com/Thing",),
)
WEEKEND = DenyWindow(cron="0 16 * * 5", duration=timedelta(hours=64), timezone="Europe/Berlin", reason="weekend")
CHRISTMAS = DenyWindow(cron="0 0 24 12 *", duration=timedelta(days=3), timezone="UTC", reason="on")


def compiled(text: str, *, local: bool = False, files: tuple[str, ...] = FILES) -> RepositoryPolicy:
    reader = SlipwayYaml(local_deploy=LOCAL if local else None)
    return reader.compile(text.encode(), repository="monorepo", commit="c1", files=files)


def service(text: str, name: str = "delivery", *, local: bool = True) -> ServicePolicy:
    found = compiled(text, local=local).service(name)
    assert found is not None
    return found


def environment(text: str, name: str) -> EnvironmentPolicy:
    found = service(text).environment(name)
    assert found is not None
    return found


def test_every_key_reaches_the_policy_of_its_service() -> None:
    """Nothing that may be written is left out."""
    policy = service(WHOLE, local=False)

    assert (policy.path, policy.chart) == ("src/shipping/delivery", "charts/delivery")
    assert (policy.registry, policy.commit) == ("fabrikam.azurecr.io", "c1")
    assert [str(part) for part in policy.parts] == ["image apps/delivery", "chart charts/delivery"]
    assert policy.triggers == TriggerPolicy(
        branches=Patterns(include=("main", "feature/*"), exclude=("feature/old",)),
        paths=Patterns(include=("src",), exclude=("docs",)),
        batch=False,
    )
    args = (("LEVEL", "2"), ("FAST", "true"), ("NAME", "x"))
    assert policy.build == BuildPolicy(
        test="python -m unittest", test_target="testrunner", args=args, env=("NPM_TOKEN",)
    )
    assert policy.build_deadline == timedelta(seconds=90)
    assert policy.queueing is Queueing.IN_ORDER


def test_every_key_reaches_the_policy_of_its_environment() -> None:
    """Freezes of named environments go there, those without names everywhere."""
    qa, production = service(WHOLE, local=False).environments

    assert qa == EnvironmentPolicy(
        name="qa",
        namespace="backend-qa",
        deploy=GitOpsTarget(repository="environments.git", path="{environment}/{service}", branch="trunk"),
        values=("charts/{service}/values-qa.yaml",),
        set=SET_OF_QA,
        freezes=(CHRISTMAS,),
        on_first_failure=OnFirstFailure.UNINSTALL,
    )
    assert production == EnvironmentPolicy(
        name="production",
        namespace="production",
        deploy=BY_HELM,
        after=("qa",),
        values=("charts/delivery/values-{environment}.yaml",),
        set=SET,
        registry_namespace="prod",
        approval=ApprovalRule(
            approvers=("manager@example.com", "group:release managers"),
            minimum=2,
            forbid=(),
            expires=timedelta(days=2),
            valid_for=timedelta(hours=12),
            comment=True,
        ),
        gates=GateRules(
            scan=Severity.HIGH,
            unknown_scan=Verdict.ALLOW,
            own_scan=True,
            older_than_live=Verdict.BLOCK,
            comply=Verdict.ALLOW,
            soak=timedelta(minutes=30),
        ),
        deadlines=Deadlines(
            retagging=timedelta(minutes=1), deploying=timedelta(minutes=12), verifying=timedelta(minutes=3)
        ),
        freezes=(WEEKEND, CHRISTMAS),
        identity="production-worker",
    )


def test_a_file_of_two_lines_is_enough_on_the_local_host() -> None:
    """Services are found, environments are qa and production, and deployments go to the local repository."""
    policies = compiled("version: 1\nregistry: localhost:5000\n", local=True).services

    assert [(each.service.service, each.path, each.chart) for each in policies] == [
        ("delivery", "src/shipping/delivery", "charts/delivery"),
        ("package", "src/shipping/package", "src/shipping/package/chart"),
    ]
    qa, production = policies[0].environments
    assert (qa.name, qa.after, qa.approval, qa.registry_namespace) == ("qa", (), None, None)
    assert (production.name, production.after, production.registry_namespace) == ("production", ("qa",), "prod")
    assert production.approval == ApprovalRule(approvers=(), minimum=1, forbid=("author",))
    assert (qa.gates.unknown_scan, production.gates.unknown_scan) == (Verdict.ALLOW, Verdict.BLOCK)
    assert qa.deploy == production.deploy == LOCAL
    assert policies[0].triggers == TriggerPolicy(
        branches=Patterns(include=("*",)),
        paths=Patterns(include=("src/shipping/delivery", "charts/delivery")),
        follow_links=True,
    )


def test_the_host_may_bring_a_registry_of_its_own() -> None:
    """The file's registry counts where it names one."""
    reader = SlipwayYaml(local_deploy=LOCAL, default_registry="localhost:5001")
    found = [
        reader.compile(text, repository="monorepo", commit="c1", files=FILES).services[0].registry
        for text in (b"version: 1", b"version: 1\nregistry: localhost:5000")
    ]

    assert found == ["localhost:5001", "localhost:5000"]


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("", ApprovalRule()),
        ("approval: {}", ApprovalRule()),
        ("approval: {minimum: 2}", ApprovalRule(minimum=2)),
        ("approval: none", None),
    ],
)
def test_production_asks_one_who_is_not_the_author_unless_told_otherwise(key: str, rule: ApprovalRule | None) -> None:
    """Leaving it out is not the same as turning it off."""
    text = f"version: 1\nregistry: r.io\nenvironments:\n  production:\n    {key}\n"

    assert environment(text, "production").approval == rule


def test_a_service_that_is_named_needs_only_what_cannot_be_found() -> None:
    """Path and chart come from the folder of the service's name; others are no services then."""
    text = "version: 1\nregistry: r.io\nservices:\n  package:\n"
    policies = compiled(text, local=True).services

    assert [(each.service.service, each.path, each.chart) for each in policies] == [
        ("package", "src/shipping/package", "src/shipping/package/chart")
    ]


def test_excludes_alone_keep_the_services_own_paths() -> None:
    """A service never comes to be validated for the whole monorepo by excluding something."""
    text = (
        "version: 1\nregistry: r.io\nservices: {package: {triggers: {paths: {exclude: [src/shipping/package/docs]}}}}"
    )

    assert service(text, "package").triggers.paths == Patterns(
        include=("src/shipping/package", "src/shipping/package/chart"), exclude=("src/shipping/package/docs",)
    )


def test_without_a_known_tree_folders_are_believed() -> None:
    """Nothing can be looked for in no files."""
    text = "version: 1\nregistry: r.io\nservices: {one: {path: a, chart: b}}"

    assert compiled(text, local=True, files=()).services[0].path == "a"


def test_importing_the_reader_costs_neither_pydantic_nor_yaml() -> None:
    """A cold start that reads no file doesn't pay for reading one."""
    code = "import sys, shared.inbound.slipway_yaml; print({'pydantic', 'yaml', 'cronsim'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."}
    )

    assert done.stdout.strip() == "set()"
