"""Effects that came to nothing ↔ bodies of messages."""

from __future__ import annotations

from shared.codec.fields import Fields
from shared.codec.kinds import AnyKind, Kind
from shared.codec.primitives import Json, whole
from shared.domain.events import EffectFailed, EffectRefused
from shared.domain.names import ServiceKey


def _failed(event: EffectFailed) -> Json:
    return {
        "effect": event.effect,
        "number": whole(event.number),
        "attempt": whole(event.attempt),
        "reason": event.reason,
        "ours": event.ours,
        "changed": event.changed,
    }


def _to_failed(id_: str, service: ServiceKey, body: Fields) -> EffectFailed:
    return EffectFailed(
        id=id_,
        service=service,
        effect=body.text("effect"),
        number=body.number("number"),
        attempt=body.number("attempt"),
        reason=body.text("reason"),
        ours=body.flag("ours"),
        changed=body.flag("changed"),
    )


def _refused(event: EffectRefused) -> Json:
    return {"refused": event.refused, "reason": event.reason}


def _to_refused(id_: str, service: ServiceKey, body: Fields) -> EffectRefused:
    return EffectRefused(id=id_, service=service, refused=body.text("refused"), reason=body.text("reason"))


FAILURES: tuple[AnyKind, ...] = (
    Kind("effect-failed", EffectFailed, _failed, _to_failed),
    Kind("effect-refused", EffectRefused, _refused, _to_refused, schema=2),
)
