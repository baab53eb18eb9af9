"""Folders of the commit that a chart is made of: its own, and those that it depends on."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from shared.adapters.local_build.work import BuildWork
from shared.domain.charts.chart_words import DESCRIPTIONS
from shared.ports.chart import UnreadManifests
from shared.ports.errors import Permanent

_BESIDE = "file://"
_MOST = 200


def folders(work: BuildWork) -> tuple[str, ...]:
    """Name them, the chart's own first. Where a description cannot be read, whoever packages the chart says so."""
    found = [work.order.chart]
    for folder in found:
        found += [each for each in dict.fromkeys(_beside(work, folder)) if each not in found]
        if len(found) > _MOST:
            break
    return tuple(found)


def _beside(work: BuildWork, folder: str) -> Iterator[str]:
    for name in DESCRIPTIONS:
        for place in _repositories(work, f"{folder}/{name}"):
            beside = posixpath.normpath(f"{folder}/{place.removeprefix(_BESIDE)}")
            if place.startswith(_BESIDE) and not beside.startswith(("/", ".")):
                yield beside


def _repositories(work: BuildWork, path: str) -> Iterator[str]:
    try:
        content = work.source.file(work.order.repository, work.order.commit, path)
        described = work.charts.parse(content) if content is not None else ()
    except UnreadManifests as unread:
        # Of a key that comes twice, say, Helm takes the last one.
        described = unread.objects
    except Permanent as error:
        if error.ours:
            raise
        return
    for each in described:
        listed = each.get("dependencies")
        for one in listed if isinstance(listed, list) else ():
            place = one.get("repository") if isinstance(one, dict) else None
            if isinstance(place, str):
                yield place
