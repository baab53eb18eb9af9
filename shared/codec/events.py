"""Events of repositories, builds and effects ↔ bodies of messages. Registries: registry_events.py; people: requests.py."""

from __future__ import annotations

from shared.codec.build import decode_result, encode_result
from shared.codec.facts import decode_facts, decode_rendered, encode_facts, encode_rendered
from shared.codec.failures import FAILURES
from shared.codec.fields import Fields
from shared.codec.kinds import AnyKind, Kind, no_body
from shared.codec.policy import decode_policy_values, encode_policy_values
from shared.codec.primitives import Json, decode_person, encode_person, whole
from shared.codec.registry_events import REGISTRY_EVENTS
from shared.domain.events import (
    ArtifactDeployed,
    ArtifactRetagged,
    BranchDeleted,
    BuildReported,
    ChangeFound,
    FactsGathered,
    PolicyChanged,
    PusherFound,
    RolloutObserved,
    ServiceRemoved,
    TimePassed,
)
from shared.domain.names import ServiceKey


def _policy_changed(event: PolicyChanged) -> Json:
    return {"policy": encode_policy_values(event.policy)}


def _to_policy_changed(id_: str, service: ServiceKey, body: Fields) -> PolicyChanged:
    return PolicyChanged(id=id_, service=service, policy=body.one("policy", decode_policy_values))


def _change_found(event: ChangeFound) -> Json:
    values: Json = {"ref": event.ref, "commit": event.commit, "number": whole(event.number)}
    if event.pushed_by is not None:
        values["pushed_by"] = encode_person(event.pushed_by)
    if event.skip:
        values["skip"] = event.skip
    if event.pull_request:
        values["pull_request"] = event.pull_request
    return values


def _to_change_found(id_: str, service: ServiceKey, body: Fields) -> ChangeFound:
    return ChangeFound(
        id=id_,
        service=service,
        ref=body.text("ref"),
        commit=body.text("commit"),
        number=body.number("number"),
        pushed_by=body.maybe("pushed_by", decode_person),
        skip=body.text("skip", ""),
        pull_request=body.text("pull_request", ""),
    )


def _pusher_found(event: PusherFound) -> Json:
    values: Json = {"ref": event.ref, "commit": event.commit}
    if event.pushed_by is not None:
        values["pushed_by"] = encode_person(event.pushed_by)
    if event.again:
        values["again"] = True
    return values


def _to_pusher_found(id_: str, service: ServiceKey, body: Fields) -> PusherFound:
    return PusherFound(
        id=id_,
        service=service,
        ref=body.text("ref"),
        commit=body.text("commit"),
        pushed_by=body.maybe("pushed_by", decode_person),
        again=body.flag("again", False),
    )


def _branch_deleted(event: BranchDeleted) -> Json:
    return {"ref": event.ref, "number": whole(event.number)}


def _to_branch_deleted(id_: str, service: ServiceKey, body: Fields) -> BranchDeleted:
    return BranchDeleted(id=id_, service=service, ref=body.text("ref"), number=body.number("number"))


def _build_reported(event: BuildReported) -> Json:
    return {**_attempt(event), "result": encode_result(event.result)}


def _to_build_reported(id_: str, service: ServiceKey, body: Fields) -> BuildReported:
    return BuildReported(
        id=id_,
        service=service,
        effect=body.text("effect"),
        number=body.number("number"),
        attempt=body.number("attempt"),
        result=body.one("result", decode_result),
    )


def _facts_gathered(event: FactsGathered) -> Json:
    values: Json = {"effect": event.effect, "number": whole(event.number), "facts": encode_facts(event.facts)}
    if event.rendered is not None:
        values["rendered"] = encode_rendered(event.rendered)
    return values


def _to_facts_gathered(id_: str, service: ServiceKey, body: Fields) -> FactsGathered:
    return FactsGathered(
        id=id_,
        service=service,
        effect=body.text("effect"),
        number=body.number("number"),
        facts=body.one("facts", decode_facts),
        rendered=body.maybe("rendered", decode_rendered),
    )


def _attempt(
    event: BuildReported | ArtifactRetagged | ArtifactDeployed | RolloutObserved,
) -> Json:
    return {"effect": event.effect, "number": whole(event.number), "attempt": whole(event.attempt)}


def _retagged(event: ArtifactRetagged) -> Json:
    how = {"how": event.how} if event.how else {}
    return {**_attempt(event), **how}


def _to_retagged(id_: str, service: ServiceKey, body: Fields) -> ArtifactRetagged:
    return ArtifactRetagged(
        id=id_,
        service=service,
        effect=body.text("effect"),
        number=body.number("number"),
        attempt=body.number("attempt"),
        how=body.text("how", ""),
    )


def _deployed(event: ArtifactDeployed) -> Json:
    return {**_attempt(event), "revision": event.revision}


def _to_deployed(id_: str, service: ServiceKey, body: Fields) -> ArtifactDeployed:
    return ArtifactDeployed(
        id=id_,
        service=service,
        effect=body.text("effect"),
        number=body.number("number"),
        attempt=body.number("attempt"),
        revision=body.text("revision"),
    )


def _rollout(event: RolloutObserved) -> Json:
    return {**_attempt(event), "healthy": event.healthy, "reason": event.reason}


def _to_rollout(id_: str, service: ServiceKey, body: Fields) -> RolloutObserved:
    return RolloutObserved(
        id=id_,
        service=service,
        effect=body.text("effect"),
        number=body.number("number"),
        attempt=body.number("attempt"),
        healthy=body.flag("healthy"),
        reason=body.text("reason"),
    )


def _to_removed(id_: str, service: ServiceKey, _: Fields) -> ServiceRemoved:
    return ServiceRemoved(id=id_, service=service)


def _to_time_passed(id_: str, service: ServiceKey, _: Fields) -> TimePassed:
    return TimePassed(id=id_, service=service)


EVENTS: tuple[AnyKind, ...] = (
    Kind("policy-changed", PolicyChanged, _policy_changed, _to_policy_changed),
    Kind("service-removed", ServiceRemoved, no_body, _to_removed),
    Kind("change-found", ChangeFound, _change_found, _to_change_found),
    Kind("pusher-found", PusherFound, _pusher_found, _to_pusher_found),
    Kind("branch-deleted", BranchDeleted, _branch_deleted, _to_branch_deleted),
    Kind("build-reported", BuildReported, _build_reported, _to_build_reported),
    *REGISTRY_EVENTS,
    Kind("facts-gathered", FactsGathered, _facts_gathered, _to_facts_gathered),
    Kind("artifact-retagged", ArtifactRetagged, _retagged, _to_retagged),
    Kind("artifact-deployed", ArtifactDeployed, _deployed, _to_deployed),
    Kind("rollout-observed", RolloutObserved, _rollout, _to_rollout),
    *FAILURES,
    Kind("time-passed", TimePassed, no_body, _to_time_passed),
)
