"""What manifests come to for Helm: which objects it applies, and which of them are hooks that it waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.adapters.manifest_images import Parse
from shared.domain.charts.hooks import HOOK
from shared.domain.charts.pods import at
from shared.ports.chart import UnreadManifests

_DEFINITION = "CustomResourceDefinition"


def objects_of(manifests: bytes, parse: Parse) -> tuple[dict[str, Any], ...]:
    """Read manifests, lists taken apart; what cannot be judged, and was let past a gate all the same, is left out."""
    try:
        found = parse(manifests)
    except UnreadManifests as unread:
        found = unread.objects
    return tuple(each for one in found for each in _apart(one))


def applied_of(manifests: bytes, parse: Parse) -> tuple[dict[str, Any], ...]:
    """Return the objects of manifests that stay."""
    return stay(objects_of(manifests, parse))


def stay(objects: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Leave out hooks, and definitions, which Helm installs once and leaves."""
    return tuple(one for one in objects if not hook_of(one) and one.get("kind") != _DEFINITION)


def waits_for_hooks(objects: Sequence[Mapping[str, object]]) -> bool:
    """Whether something runs only once all is ready: then Helm has to wait for that itself."""
    return any(word.startswith(("post-install", "post-upgrade")) for one in objects for word in hook_of(one))


def hook_of(manifest: Mapping[str, object]) -> tuple[str, ...]:
    """Return when a hook runs, in Helm's words; empty for what is none."""
    found = at(manifest, "metadata", "annotations").get(HOOK)
    return tuple(word.strip().lower() for word in found.split(",") if word.strip()) if isinstance(found, str) else ()


def _apart(found: Mapping[str, object]) -> Iterator[dict[str, Any]]:
    items = found.get("items")
    if str(found.get("kind") or "").endswith("List") and isinstance(items, list):
        for one in items:
            if isinstance(one, dict):
                yield from _apart(one)
    else:
        yield dict(found)
