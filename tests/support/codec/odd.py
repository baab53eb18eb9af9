"""Records with as little as there can be, and those that say what others leave out."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.messages import events
from shared.domain.policies.policy import (
    ApprovalRule,
    BuildPolicy,
    Deadlines,
    EnvironmentPolicy,
    HelmTarget,
    OnFirstFailure,
    Patterns,
    ServicePolicy,
    Severity,
    TriggerPolicy,
)
from shared.domain.state.build import BuildOutcome, BuildResult, ScanResult, Step, StepResult
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import ApprovalRequest, Facts, Promotion, Vote
from shared.domain.state.release import EnvironmentState, Override, Push, Release, Validation
from shared.domain.state.repository import ConfigInForce, Tip
from shared.domain.values.person import SLIPWAY
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.codec import examples as ex
from tests.support.parts import IMAGE, chart_of

STRICT = EnvironmentPolicy(
    name="production",
    namespace="backend",
    deploy=HelmTarget(cluster="prod"),
    approval=ApprovalRule(
        approvers=("ben",),
        minimum=2,
        forbid=("author", "pusher"),
        expires=timedelta(days=1),
        valid_for=timedelta(hours=1),
        comment=True,
    ),
    deadlines=Deadlines(verifying=timedelta(hours=1)),
    identity="prod-identity",
    on_first_failure=OnFirstFailure.UNINSTALL,
)
POLICY = replace(
    ex.POLICY,
    environments=(STRICT,),
    build=BuildPolicy(),
    triggers=TriggerPolicy(branches=Patterns(), paths=Patterns(exclude=("docs",)), follow_links=True, batch=False),
)
PINNED = replace(
    ex.POLICY,
    environments=(
        replace(
            STRICT,
            approval=ApprovalRule(
                approvers=("ben@example.com", "group:managers"),
                pinned=(("ben@example.com", "1f0c"), ("group:managers", "2f0c")),
            ),
        ),
    ),
)
NO_ENVIRONMENTS: ServicePolicy = replace(POLICY, environments=())
FAILED = BuildResult(
    outcome=BuildOutcome.FAILED,
    reason="2 tests failed",
    steps=(StepResult(step=Step.UNIT_TESTS, outcome=BuildOutcome.FAILED, output="", milliseconds=1, reason="exit 1"),),
    scan=ScanResult(worst=Severity.HIGH, by_change=True),
    parts=(chart_of(ex.NEW),),
    tagged=True,
)
VALIDATED = replace(ex.BUILD, ref="refs/heads/x", version="", result=FAILED)
RELEASE = Release(
    version=Version.parse("2.0.0"),
    ref=ex.REF,
    commit=ex.COMMIT,
    phase=ReleasePhase.FAILED,
    reason="2 tests failed",
    since=ex.NOON,
    created=ex.NOON,
    result=FAILED,
    promotions=(
        Promotion(
            number=1,
            environment="qa",
            kind=PromotionKind.FORWARD,
            phase=Phase.WAITING,
            since=ex.NOON,
            created=ex.NOON,
            cause="packaged",
            facts=Facts(at=ex.NOON),
            approval=ApprovalRequest(
                id="r",
                asked=ex.NOON,
                votes=(Vote(person=SLIPWAY, groups=(), at=ex.NOON, comment=""),),
                round=2,
                replaced=("q",),
            ),
        ),
        Promotion(
            number=2,
            environment="dev",
            kind=PromotionKind.REDEPLOY,
            phase=Phase.PENDING,
            since=ex.NOON,
            created=ex.NOON,
            cause="asked",
            approval=ApprovalRequest(id="s", asked=ex.NOON),
            asked=3,
        ),
    ),
    overrides=(
        Override(environment="qa", gate="scan", person=ex.BEN, reason="tried", at=ex.NOON),
        Override(environment="qa", gate="hold", person=ex.BEN, reason="mended", at=ex.NOON, holds=()),
        Override(environment="qa", gate="hold", person=ex.BEN, reason="mended", at=ex.NOON, holds=(ex.NOON,)),
    ),
)
NEW_RELEASE = replace(RELEASE, phase=ReleasePhase.VALIDATING, reason="", result=None, promotions=())
ENVIRONMENT = EnvironmentState(name="qa")
VALIDATION = Validation(ref="refs/heads/x")
WAITING = replace(VALIDATION, waiting=Push(commit=ex.COMMIT, number=1, pushed_by=None))
TIP = Tip(commit=None, number=1)
CONFIG = ConfigInForce(checked_at=ex.NOON)

MESSAGES: tuple[events.ServiceEvent | events.HookEvent, ...] = (
    events.ChangeFound(id="e-2", service=ex.DELIVERY, ref=ex.REF, commit=ex.COMMIT, number=1),
    events.BuildReported(
        id="e-2",
        service=ex.DELIVERY,
        effect="x",
        number=1,
        attempt=1,
        result=BuildResult(outcome=BuildOutcome.ERRORED, reason=""),
    ),
    events.TagsRead(
        id="e-2",
        service=ex.DELIVERY,
        effect="x",
        version="1.0.0",
        parts=(chart_of(ex.NEW),),
    ),
    events.ArtifactAnnounced(id="e-2", service=ex.DELIVERY, version="1.0.0", part=IMAGE, digest=ex.NEW.image.digest),
    events.ArtifactAnnounced(id="e-2", service=ex.DELIVERY, version="1.0.0", part=IMAGE, digest=None),
    events.ArtifactWithdrawn(id="e-2", service=ex.DELIVERY, kind=IMAGE.kind, repository="delivery", version="1.0.0"),
    events.ApprovalAnswered(id="e-2", service=ex.DELIVERY, request="r", person=ex.BEN, groups=(), approve=False),
    events.AbortRequested(id="e-2", service=ex.DELIVERY, version="1.0.0", person=ex.BEN),
    events.MessagePoisoned(
        id="e-2", service=ex.DELIVERY, poison=7, queue="slipway-events", message_type="push-received"
    ),
    events.PushReceived(id="e-2", repository="shop", ref=ex.REF),
    events.PusherFound(id="e-3", service=ex.DELIVERY, ref=ex.REF, commit=ex.COMMIT, pushed_by=ex.ANNA, again=True),
    events.TagPushed(id="e-2", registry="docker.io", repository="shop/delivery", tag="v1.0.0"),
    events.ManifestDeleted(id="e-2", registry="localhost:5000", repository="delivery", tag="v1.0.0"),
)
