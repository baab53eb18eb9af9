"""What going back to an earlier version does not undo: hooks that have run, and kinds that a chart defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from shared.domain.charts.hooks import ARGOCD_HOOK, HOOK, only_tests
from shared.domain.charts.pods import TooMuch, Walk, at
from shared.domain.values.words import counted

MOST_NAMED = 10
_LONGEST = 200
_DEFINITION = "CustomResourceDefinition"


def not_undone(objects: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    """Name the first hooks and definitions of kinds among manifests, and count the others; empty where there are none."""
    found = _named(objects)
    first = tuple(islice(found, MOST_NAMED))
    more = sum(1 for _ in found)
    return (*first, f"{counted(more, 'other')}") if more else first


def _named(objects: Sequence[Mapping[str, object]]) -> Iterator[str]:
    try:
        for each in Walk().objects(objects):
            if isinstance(each, int):
                continue
            annotations = at(each.content, "metadata", "annotations")
            if (HOOK in annotations or ARGOCD_HOOK in annotations) and not only_tests(annotations):
                said = annotations.get(HOOK) or annotations.get(ARGOCD_HOOK)
                yield f"{each.name} (hook {said if isinstance(said, str) else '?'})"[:_LONGEST]
            elif each.kind == _DEFINITION:
                yield each.name
    except TooMuch:
        # What is too much to be looked at does not comply, and that is said.
        return


def not_undone_sentence(named: Sequence[str]) -> str:
    """Say it to people before they decide; empty where a rollback undoes all."""
    return f"a rollback does not undo {', '.join(named)}" if named else ""
