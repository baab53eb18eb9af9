"""What a chart renders for `helm test` alone: nobody calls it here, so it is neither judged nor deployed."""

from __future__ import annotations

from itertools import pairwise

import helm_python as helm

from shared.adapters.helm_child.documents import HARMLESS, SEPARATOR, fields, unmarked
from shared.adapters.helm_child.oddities import oddities
from shared.domain.charts.hooks import HOOK, only_tests


def without_tests(text: str) -> str:
    """Leave out the documents that are test hooks; every other byte stays, with the dashes before it."""
    if HOOK not in text:
        return text
    separators = list(SEPARATOR.finditer(text))
    if not all(HARMLESS.fullmatch(one[1]) for one in separators):
        # Not everybody would split it alike; what stays is told of where it is read.
        return text
    starts = [0, *(one.start() for one in separators), len(text)]
    pieces = [text[start:end] for start, end in pairwise(starts)]
    return "".join([each for each in pieces if not _is_test(each)])


def _is_test(piece: str) -> bool:
    if HOOK not in piece:
        return False
    document = unmarked(piece)
    try:
        metadata = fields(document).get("metadata")
    except (helm.HelmError, ValueError, RecursionError):
        return False
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not isinstance(annotations, dict) or not only_tests(annotations):
        return False
    # What others read otherwise stays, and is told of where it is read.
    return next(oddities(document), None) is None
