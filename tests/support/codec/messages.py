"""One typical message of each type, by its name on the wire. `python -m tests.support.codec.messages` writes them."""

from __future__ import annotations

from typing import Any

from shared.codec import envelope
from shared.domain.messages import effects, events
from shared.domain.messages.delivery import Delivery
from shared.domain.values.names import Digest
from tests.support.codec import examples as ex
from tests.support.codec import odd
from tests.support.codec.stored import GOLDEN
from tests.support.parts import CHART, image_and_chart

FILE = GOLDEN / "messages.txt"

_TO: dict[str, Any] = {"id": "e-1", "service": ex.DELIVERY}
_DONE: dict[str, Any] = {**_TO, "effect": "shop~delivery:4:deploy:1", "number": 4, "attempt": 1}
_ASKED: dict[str, Any] = {**_TO, "person": ex.BEN}
_AT: dict[str, Any] = {**_ASKED, "environment": "qa", "version": "1.1.0", "reason": "because"}
_STEP: dict[str, Any] = {"service": ex.DELIVERY, "number": 4, "attempt": 1}
_ASK: dict[str, Any] = {"service": ex.DELIVERY, "number": 4, "request": ex.hexadecimal(12), "round": 1}
_DIGEST = Digest(f"sha256:{ex.hexadecimal(5)}")

MESSAGES: tuple[Any, ...] = (
    events.PolicyChanged(**_TO, policy=ex.POLICY),
    events.ServiceRemoved(**_TO),
    events.ChangeFound(
        **_TO, ref=ex.REF, commit=ex.COMMIT, number=2, pushed_by=ex.ANNA, skip="[skip ci]", pull_request="1"
    ),
    events.PusherFound(**_TO, ref=ex.REF, commit=ex.COMMIT, pushed_by=ex.ANNA),
    events.BranchDeleted(**_TO, ref=ex.REF, number=3),
    events.BuildStarted(**_TO, number=7, attempt=1, handle=ex.HANDLE),
    events.BuildEnded(**_TO, number=7, attempt=1),
    events.BuildReported(**_DONE, result=ex.RESULT),
    events.TagsRead(
        **_TO, effect="shop~delivery:v1.1.0:read-tags:1", version="1.1.0", parts=image_and_chart(_DIGEST, None)
    ),
    events.ArtifactTagged(**_TO, effect="shop~delivery:v1.1.0:tag:1", version="1.1.0", attempt=1),
    events.TaggingFailed(
        **_TO, effect="shop~delivery:v1.1.0:tag:1", version="1.1.0", attempt=1, reason="gone", ours=True, lost=True
    ),
    events.ArtifactAnnounced(**_TO, version="1.1.0", part=CHART, digest=_DIGEST),
    events.ArtifactWithdrawn(**_TO, kind=CHART.kind, repository="charts/delivery", digest=_DIGEST),
    events.FactsGathered(
        **_TO, effect="shop~delivery:4:gather-facts:1", number=4, facts=ex.FACTS, rendered=ex.RENDERED
    ),
    events.ApprovalAnswered(**_ASKED, request=ex.hexadecimal(12), groups=("all",), approve=True, comment="ok"),
    events.ArtifactRetagged(**_DONE),
    events.ArtifactDeployed(**_DONE, revision=ex.COMMIT),
    events.RolloutObserved(**_DONE, healthy=False, reason="2 of 3 pods crash"),
    events.MessagePoisoned(
        **_TO, poison=7, queue="slipway-deploy", message_type="deploy", effect="shop~delivery:4:deploy:1"
    ),
    events.EffectFailed(**_DONE, reason="timed out", ours=True, changed=False),
    events.EffectDone(**_TO, effect="shop~delivery:4:remove:1"),
    events.EffectRefused(**_TO, refused="shop~delivery:3:deploy:1", reason="qa is served by the nonprod worker"),
    events.PromoteRequested(**_ASKED, version="1.1.0", environment="qa"),
    events.AbortRequested(**_ASKED, version="1.1.0", reason="because"),
    events.RetryRequested(**_ASKED, version="1.1.0"),
    events.RedeployRequested(**_ASKED, version="1.1.0", environment="qa"),
    events.RollbackRequested(**_ASKED, environment="qa", reason="because", to="1.0.0"),
    events.OverrideGranted(**_AT, gate="scan"),
    events.LiveAdopted(**_AT),
    events.ArtifactHoldLifted(**_ASKED, hold="a-1", reason="because"),
    events.TimePassed(**_TO),
    events.PushReceived(id="e-1", repository="shop", ref=ex.REF, before=ex.COMMIT, pushed_by=ex.ANNA),
    events.BuildFinished(id="e-1", repository="shop", handle="4711"),
    events.TagPushed(id="e-1", registry="localhost:5000", repository="delivery", tag="v1.1.0", digest=_DIGEST),
    events.ManifestDeleted(id="e-1", registry="localhost:5000", repository="delivery", digest=_DIGEST),
    effects.Build(**_STEP),
    effects.CancelBuild(**_STEP, handle=ex.HANDLE),
    effects.LookAtBuild(**_STEP),
    effects.ReadTags(service=ex.DELIVERY, version="1.1.0", asked=1),
    effects.Tag(service=ex.DELIVERY, version="1.1.0", attempt=1),
    effects.GatherFacts(service=ex.DELIVERY, number=4, asked=1),
    effects.AskApproval(**_ASK),
    effects.CloseApproval(**_ASK, reason="superseded"),
    effects.Retag(**_STEP),
    effects.Deploy(**_STEP),
    effects.Remove(**_STEP, version="1.1.0"),
    effects.ObserveRollout(**_STEP),
    effects.SetStatus(service=ex.DELIVERY, commit=ex.COMMIT, context="delivery", about=7),
)


def encode(message: Any) -> str:
    """Return a message's text, sent at noon."""
    if isinstance(message, effects.Effect):
        return envelope.encode_effect(message, Delivery(correlation="c-1"), at=ex.NOON)  # type: ignore[arg-type]
    return envelope.encode_event(message, correlation="c-1", at=ex.NOON)


def lines() -> str:
    """Return all messages, one in a line."""
    return "".join(f"{encode(message)}\n" for message in MESSAGES + odd.MESSAGES)


if __name__ == "__main__":
    FILE.write_text(lines(), encoding="utf-8")
