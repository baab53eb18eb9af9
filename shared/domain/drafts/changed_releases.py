"""The releases that a decision changed, each with its changed promotions; and which release an effect belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.domain.messages.effects import (
    Build,
    CancelBuild,
    LookAtBuild,
    ReadTags,
    Remove,
    ServiceEffect,
    SetStatus,
    Tag,
)
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release, ServiceState


class ChangedRelease(NamedTuple):
    """A release as it was, None where it began, and as it is; the promotions of it that changed, in order."""

    before: Release | None
    after: Release
    promotions: tuple[Promotion, ...]


def changed_releases(before: ServiceState, after: ServiceState) -> tuple[ChangedRelease, ...]:
    """Name the releases that a decision changed or began, in order of version. Records that stay are the same objects."""
    if before is after:
        return ()
    found = tuple(_changed_releases(before, after))
    return found if len(found) < 2 else tuple(sorted(found, key=lambda one: one.after.version.key()))


def _changed_releases(before: ServiceState, after: ServiceState) -> Iterator[ChangedRelease]:
    for releases in (after.releases, after.ended):
        for key, release in releases.items():
            old = before.releases.get(key) or before.ended.get(key)
            if release is not None and release is not old:
                known = {id(one) for one in old.promotions} if old else set()
                yield ChangedRelease(old, release, tuple(one for one in release.promotions if id(one) not in known))


def correlation_of(own: str, changed: tuple[ChangedRelease, ...]) -> str:
    """Say what a decision belongs to: the one release that it moved, else what the event came with."""
    found = {one.after.correlation for one in changed} - {""}
    return found.pop() if len(found) == 1 and own not in found else own


def effect_correlation(
    effect: ServiceEffect, own: str, changed: tuple[ChangedRelease, ...], after: ServiceState
) -> str:
    """Say what an effect belongs to: the release that it is for, so that one id leads from its push to production."""
    for one in changed:
        if _is_of(effect, one.after) or (one.before is not None and _is_of(effect, one.before)):
            return one.after.correlation or own
    found = (one.correlation for one in after.releases.values() if _is_of(effect, one))
    return next(found, own) or own


def _is_of(effect: ServiceEffect, release: Release) -> bool:
    match effect:
        case Build() | CancelBuild() | LookAtBuild():
            return release.build is not None and release.build.number == effect.number
        case ReadTags() | Tag() | Remove():
            return release.version.text == effect.version
        case SetStatus():
            return release.commit == effect.commit
        case _:
            return any(one.number == effect.number for one in release.promotions)
