"""What the operator's status.yaml says of one revision."""

from __future__ import annotations

from collections.abc import Mapping

from shared.adapters.gitops.folder import EFFECT, PROMOTED, read_mapping, trailers_of
from shared.ports.rollout_watcher import Rollout, RolloutState
from shared.ports.source import Commit

_HEALTH = {
    "Healthy": RolloutState.HEALTHY,
    "Degraded": RolloutState.DEGRADED,
    "Progressing": RolloutState.PROGRESSING,
}
_SHOWN = 1000


def read_rollout(revision: str, newest: Commit | None, status: bytes | None) -> Rollout:
    """Judge a revision by the newest commit of its folder and by the operator's answer, which counts for that commit only."""
    if newest is None or newest.id != revision:
        return Rollout(state=RolloutState.REPLACED, reason=_replaced(revision, newest))
    said = read_mapping(status)
    if not said:
        return _progressing(
            "the operator has not answered yet" if status is None else "the operator's status.yaml cannot be read"
        )
    shown, health, message = (_text(said, key) for key in ("revision", "health", "message"))
    if shown != revision:
        return _progressing(f"the operator still shows {shown[:12] or 'no revision'}")
    state = _HEALTH.get(health)
    if state is None:
        return _progressing(f"the operator shows {health[:80]!r}, which is none of {', '.join(_HEALTH)}")
    return Rollout(state=state, reason=message[:_SHOWN] or f"the operator shows {health}")


def _text(said: Mapping[str, object], key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""


def _progressing(reason: str) -> Rollout:
    return Rollout(state=RolloutState.PROGRESSING, reason=reason)


def _replaced(revision: str, newest: Commit | None) -> str:
    if newest is None:
        return f"commit {revision[:12]} is not in the branch any more"
    trailers = trailers_of(newest.message)
    if EFFECT not in trailers:
        return f"{newest.author_name} changed the folder by hand in commit {newest.id[:12]}"
    return (
        f"promotion {trailers.get(PROMOTED)} ({trailers.get('Slipway-Version')}) wrote commit {newest.id[:12]} after it"
    )
