"""Typical records, as a release of the sample makes them: for golden files, sizes and damage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.domain.charts.manifests import Finding
from shared.domain.policies.policy import (
    ApprovalRule,
    BuildPolicy,
    DenyWindow,
    EnvironmentPolicy,
    GateRules,
    GitOpsTarget,
    HelmTarget,
    Patterns,
    ServicePolicy,
    Severity,
    TriggerPolicy,
    Verdict,
)
from shared.domain.policies.setting import Setting
from shared.domain.state.build import (
    BuildHandle,
    BuildOutcome,
    BuildResult,
    BuildRun,
    ReportedBuild,
    ScanResult,
    Step,
    StepResult,
    TestCounts,
    WouldBlock,
)
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import (
    ApprovalRequest,
    Author,
    Authors,
    Deployed,
    Facts,
    Presence,
    Promotion,
    Rendered,
    Vote,
)
from shared.domain.state.release import EnvironmentState, Override, Push, Release, Slot, Tagging, Validation
from shared.domain.values.artifact import Artifact
from shared.domain.values.names import Digest, ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.parts import PARTS, image_and_chart

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DELIVERY = ServiceKey("shop", "delivery")
ANNA = Person(id="anna", name="Anna Ünal", mails=("anna@example.com",))
BEN = Person(id="ben", name="Ben", mails=("ben@example.com",))
COMMIT = "4f1c" * 10
REF = "refs/heads/release/delivery/v1.1.0"


def hexadecimal(seed: int) -> str:
    """Return 64 hexadecimal digits."""
    return f"{seed:02x}" * 32


def artifact(version: str, seed: int) -> Artifact:
    """Return an artifact of delivery."""
    return Artifact(
        registry="fabrikam.azurecr.io",
        parts=image_and_chart(
            Digest(f"sha256:{hexadecimal(seed)}"), Digest(f"sha256:{hexadecimal(seed + 1)}"), Version.parse(version)
        ),
        commit=COMMIT,
        version=Version.parse(version),
    )


LIVE = Deployed(artifact=artifact("1.0.0", 1), manifests=hexadecimal(3), promotion=2, at=NOON)
NEW = artifact("1.1.0", 5)
QA = EnvironmentPolicy(
    name="qa",
    namespace="backend-qa",
    values=("charts/{service}/values-qa.yaml",),
    set=(
        ("image.repository", Setting("{image}")),
        ("image.tag", Setting("{tag}@{digest}")),
        ("reason", Setting("{reason}")),
    ),
    deploy=GitOpsTarget(repository=".local/environments.git"),
)
PRODUCTION = EnvironmentPolicy(
    name="production",
    namespace="backend",
    after=("qa",),
    registry_namespace="prod",
    set=QA.set,
    approval=ApprovalRule(approvers=("release-manager@example.com", "group:release-managers")),
    gates=GateRules(scan=Severity.HIGH, unknown_scan=Verdict.BLOCK, older_than_live=Verdict.BLOCK),
    freezes=(DenyWindow(cron="0 16 * * 5", duration=timedelta(hours=64), timezone="Europe/Berlin", reason="weekend"),),
    deploy=HelmTarget(cluster="prod-aks"),
)
POLICY = ServicePolicy(
    service=DELIVERY,
    path="src/shipping/delivery",
    chart="charts/delivery",
    registry="fabrikam.azurecr.io",
    parts=PARTS,
    environments=(QA, PRODUCTION),
    triggers=TriggerPolicy(branches=Patterns(include=("main", "feature/delivery/*"))),
    build=BuildPolicy(
        test="python -m unittest",
        test_target="testrunner",
        args=(("PY", "3.13"),),
        env=("NPM_TOKEN",),
        dockerfile="build/Dockerfile",
        context=".",
    ),
    digest=hexadecimal(9),
    commit=COMMIT,
)
HANDLE = BuildHandle(id="4711", link="https://dev.azure.com/fabrikam/shop/_build/results?buildId=4711")
RUN = BuildRun(number=7, attempt=1, commit=COMMIT, since=NOON, deadline=NOON + timedelta(hours=2), handle=HANDLE)
RESULT = BuildResult(
    outcome=BuildOutcome.SUCCEEDED,
    reason="",
    steps=tuple(
        StepResult(step=step, outcome=BuildOutcome.SUCCEEDED, output=hexadecimal(20 + n), milliseconds=812)
        for n, step in enumerate(Step)
    ),
    tests=TestCounts(passed=12, failed=0, skipped=1),
    scan=ScanResult(worst=None, reason="no scanner is configured"),
    parts=NEW.parts,
    would_block=(WouldBlock(environment="production", reason="Deployment/delivery: must run as somebody"),),
)
BUILD = ReportedBuild(
    number=7,
    attempt=1,
    ref=REF,
    commit=COMMIT,
    version="1.1.0",
    since=NOON,
    at=NOON + timedelta(minutes=3),
    result=RESULT,
    handle=HANDLE,
)
FACTS = Facts(
    at=NOON,
    authors=Authors(evidence=hexadecimal(14), count=1, first=(Author(name="Carl", mail="carl@example.com"),)),
    targets=((2, Presence.HERE),),
)
RENDERED = Rendered(inputs=hexadecimal(12), manifests=hexadecimal(11))
TO_QA = Promotion(
    number=3,
    environment="qa",
    kind=PromotionKind.FORWARD,
    phase=Phase.SUCCEEDED,
    since=NOON + timedelta(minutes=4),
    created=NOON,
    cause="packaged",
    reason="healthy",
    previous=LIVE,
    facts=FACTS,
    rendered=RENDERED,
    facts_round=1,
    pinned_policy=QA,
    revision=COMMIT,
)
TO_PRODUCTION = Promotion(
    number=4,
    environment="production",
    kind=PromotionKind.FORWARD,
    phase=Phase.DEPLOYING,
    since=NOON + timedelta(minutes=9),
    created=NOON,
    cause="succeeded in qa",
    previous=LIVE,
    deadline=NOON + timedelta(minutes=39),
    facts=FACTS,
    rendered=RENDERED,
    facts_round=2,
    approval=ApprovalRequest(
        id=hexadecimal(12),
        inputs=RENDERED.inputs,
        asked=NOON + timedelta(minutes=5),
        votes=(Vote(person=BEN, groups=("release-managers",), at=NOON + timedelta(minutes=8), comment="ok"),),
        granted=NOON + timedelta(minutes=8),
    ),
    pinned_policy=PRODUCTION,
    retagged=True,
)
RELEASE = Release(
    version=Version.parse("1.1.0"),
    ref=REF,
    commit=COMMIT,
    phase=ReleasePhase.PACKAGED,
    reason="",
    since=NOON,
    created=NOON - timedelta(minutes=3),
    pushed_by=ANNA,
    result=RESULT,
    built=7,
    handle=HANDLE,
    artifact=NEW,
    promotions=(TO_QA, TO_PRODUCTION),
)
UNUSUAL_RELEASE = Release(
    version=Version.parse("1.1.0-rc.1"),
    ref=REF,
    commit=COMMIT,
    phase=ReleasePhase.ROLLED_BACK,
    reason="rollout failed",
    since=NOON,
    created=NOON,
    pushers=(ANNA, BEN),
    build=RUN,
    next_push=Push(commit=COMMIT, number=2, pushed_by=ANNA),
    artifact=NEW,
    tagging=Tagging(since=NOON, deadline=NOON + timedelta(hours=1)),
    tags_put=2,
    lost=LIVE.artifact,
    early=(NEW.image,),
    tags_asked=1,
    quarantine="the tag names another digest",
    branch_deleted=True,
    overrides=(Override(environment="qa", gate="scan", person=BEN, reason="false alarm", at=NOON, used_by=5),),
    unnamed=(COMMIT,),
    promotions=(
        Promotion(
            number=5,
            environment="qa",
            kind=PromotionKind.ROLLBACK,
            phase=Phase.WAITING,
            since=NOON,
            created=NOON,
            cause="promotion 3 failed",
            reason="FactMissing",
            requested_by=BEN,
            target=LIVE,
            undoes=3,
            attempt=2,
            resume_at=Phase.DEPLOYING,
            paused_since=NOON,
            facts=Facts(at=NOON, foreign="helm"),
            rendered=Rendered(
                inputs=hexadecimal(12),
                findings=(Finding("Deployment/delivery", "spec", "must list the containers"),),
                changed="charts/delivery/values-qa.yaml changed",
            ),
            facts_asked=NOON,
            trouble="connection refused",
            writing_until=NOON,
        ),
    ),
)
ENVIRONMENT = EnvironmentState(
    name="qa", live=LIVE, good=(LIVE,), slot=Slot(version="1.1.0", promotion=3, since=NOON), unknown="asked"
)
PREFIXED = EnvironmentState(
    name="production", live=replace(LIVE, registry_namespace="prod"), good=(replace(LIVE, registry_namespace=""),)
)
VALIDATION = Validation(
    ref="refs/heads/feature/delivery/x",
    pull_request="12",
    running=(RUN,),
    waiting=Push(commit=COMMIT, number=3, pushed_by=None),
)
