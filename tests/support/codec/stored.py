"""Every kind of stored record with a typical example. `python -m tests.support.codec.stored` writes the golden files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.codec import (
    anchor,
    build,
    clock,
    comparing,
    estate,
    ledger,
    poison,
    policy,
    release,
    repository,
    service,
    state,
)
from shared.domain.anchor import Mismatch
from shared.domain.decision import Outcome
from shared.domain.estate import Hold
from shared.domain.poison import PoisonMessage, Settled, Settling
from shared.domain.policy import RepositoryPolicy
from shared.domain.records import replace
from shared.domain.release import ArtifactHold, Numbers, ServiceState
from shared.domain.repository import ConfigInForce, NotCompared, Pushed, Tip
from tests.support.codec import examples as ex
from tests.support.codec import odd

GOLDEN = Path(__file__).parents[2] / "codec" / "golden"


@dataclass(frozen=True, slots=True)
class Stored:
    """A record, its bytes and what reads them."""

    record: Any
    data: bytes
    decode: Callable[[bytes], Any]


_ENTRY = ledger.LedgerEntry(
    sequence=12,
    at=ex.NOON,
    service=str(ex.DELIVERY),
    event_type="approval-answered",
    event_id="POST approvals ben 1",
    person=ex.BEN,
    outcome=Outcome.MOVED,
    reason="approved",
    notes=("promotion 4 is Retagging",),
    effects=("shop~delivery:4:retag:1",),
    correlation="c-1",
    estate=3,
    detail={"environment": "production", "version": "1.1.0"},
)
_HOLD = Hold(id="h-1", scope="environment:production", reason="audit", person=ex.BEN, since=ex.NOON, until=ex.NOON)
_POISON = PoisonMessage(
    number=17,
    queue="slipway-deploy",
    at=ex.NOON,
    sha256=ex.hexadecimal(13),
    size=312,
    reason="it can be read, but whoever took it failed each time; the log says why",
    type="deploy",
    message="shop~delivery:4:deploy:1",
    service="shop~delivery",
    correlation="c-1",
)
_SETTLED = PoisonMessage(
    number=18,
    queue="slipway-events",
    at=ex.NOON,
    sha256=ex.hexadecimal(14),
    size=3,
    reason="it is not text",
    settled=Settled(how=Settling.DISMISSED, person=ex.BEN, at=ex.NOON, reason="noise"),
)
_TIP = Tip(commit=ex.COMMIT, number=4, previous="0" * 40, sent=True)
_TIP_PUSHED = Tip(commit=ex.COMMIT, number=4, sent=True, pushed=(Pushed(ex.COMMIT, ex.BEN),), known=(ex.COMMIT,))
_CONFIG = ConfigInForce(
    commit=ex.COMMIT,
    policy=RepositoryPolicy(repository="shop", commit=ex.COMMIT, services=(ex.POLICY,)),
    faults=("slipway.yaml:3: registy: is not known",),
    faulty_commit="1" * 40,
    checked_at=ex.NOON,
)
_ARTIFACT_HOLDS = (ArtifactHold(id="a-1", artifact=ex.NEW.id, version="1.1.0", reason="rolled back", since=ex.NOON),)
_ANCHORS = anchor.AnchorState(
    "2026-11-23.json.gz", ex.NOON, (Mismatch("shop~delivery", "2026-11-23", "ends at entry 1"),)
)
_ENDED = state.Ended(version="1.1.0-rc.1", phase=ex.UNUSUAL_RELEASE.phase, at=ex.NOON)


def _ended_bytes() -> bytes:
    key = ex.UNUSUAL_RELEASE.version.key()
    old, new = (
        ServiceState(service=ex.DELIVERY),
        ServiceState(service=ex.DELIVERY, ended={key: ex.UNUSUAL_RELEASE}),
    )
    return state.encode_changes(old, new, 1)[0][state.ended_row(1)]


def _decode_config(data: bytes) -> ConfigInForce:
    assert _CONFIG.policy is not None
    return repository.decode_config(data, repository.encode_services(_CONFIG.policy))


def _stored(record: Any, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]) -> Stored:
    return Stored(record, encode(record), decode)


_POLICY = (policy.encode_policy, policy.decode_policy)
_RELEASE = (release.encode_release, release.decode_release)
_BUILD = (build.encode_build, build.decode_build)
_ENVIRONMENT = (service.encode_environment, service.decode_environment)
_VALIDATION = (service.encode_validation, service.decode_validation)
_TIPS = (repository.encode_tip, repository.decode_tip)

RECORDS: Mapping[str, Stored] = {
    "policy": _stored(ex.POLICY, *_POLICY),
    "policy-strict": _stored(odd.POLICY, *_POLICY),
    "policy-pinned": _stored(odd.PINNED, *_POLICY),
    "policy-bare": _stored(odd.NO_ENVIRONMENTS, *_POLICY),
    "release": _stored(ex.RELEASE, *_RELEASE),
    "release-unusual": _stored(ex.UNUSUAL_RELEASE, *_RELEASE),
    "release-failed": _stored(odd.RELEASE, *_RELEASE),
    "release-new": _stored(odd.NEW_RELEASE, *_RELEASE),
    "release-followed": _stored(replace(odd.NEW_RELEASE, correlation="push-1"), *_RELEASE),
    "build": _stored(ex.BUILD, *_BUILD),
    "build-of-branch": _stored(odd.VALIDATED, *_BUILD),
    "ended": Stored(_ENDED, _ended_bytes(), state.decode_ended),
    "environment": _stored(ex.ENVIRONMENT, *_ENVIRONMENT),
    "environment-prefixed": _stored(ex.PREFIXED, *_ENVIRONMENT),
    "environment-empty": _stored(odd.ENVIRONMENT, *_ENVIRONMENT),
    "environment-broken": _stored(replace(odd.ENVIRONMENT, broken_since=ex.NOON), *_ENVIRONMENT),
    "validation": _stored(ex.VALIDATION, *_VALIDATION),
    "validation-idle": _stored(odd.VALIDATION, *_VALIDATION),
    "validation-waiting": _stored(odd.WAITING, *_VALIDATION),
    "holds": _stored(_ARTIFACT_HOLDS, service.encode_holds, service.decode_holds),
    "numbers": _stored(Numbers(promotion=4, build=7, turn=5), service.encode_numbers, service.decode_numbers),
    "ledger": _stored(_ENTRY, ledger.encode_entry, ledger.decode_entry),
    "hold": _stored(_HOLD, estate.encode_hold, estate.decode_hold),
    "poison": _stored(_POISON, poison.encode_poison, poison.decode_poison),
    "poison-settled": _stored(_SETTLED, poison.encode_poison, poison.decode_poison),
    "tip": _stored(_TIP, *_TIPS),
    "tip-gone": _stored(odd.TIP, *_TIPS),
    "tip-pushed": _stored(_TIP_PUSHED, *_TIPS),
    "config": _stored(_CONFIG, repository.encode_config, _decode_config),
    "config-none": _stored(odd.CONFIG, repository.encode_config, _decode_config),
    "anchors": _stored(_ANCHORS, anchor.encode_state, anchor.decode_state),
    "comparing": _stored(
        NotCompared(reason="git: broken", since=ex.NOON), comparing.encode_trouble, comparing.decode_trouble
    ),
    "clock": _stored(ex.NOON, clock.encode_shown, clock.decode_shown),
}

if __name__ == "__main__":
    for name, stored in RECORDS.items():
        (GOLDEN / f"{name}.json").write_bytes(stored.data + b"\n")
