"""Which images manifests name, whoever applies them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from shared.ports.chart import UnreadManifests
from shared.ports.errors import Permanent

_IMAGE_LINE = re.compile(rb"^[ \t]*(?:- )?image:[ \t]*[\"']?([^\s\"'#]{1,500})", re.MULTILINE)
Parse: TypeAlias = Callable[[bytes], Sequence[Mapping[str, object]]]


def images_of(manifests: bytes, parse: Parse) -> tuple[str, ...]:
    """Image references of all containers, each once in their order.

    What cannot be read as manifests, and was let past a gate all the same, is looked through by its lines.
    """
    documents: list[object] = []
    lines: list[bytes] = []
    try:
        documents += parse(manifests)
    except UnreadManifests as unread:
        documents += unread.objects
        lines = [] if unread.whole else _IMAGE_LINE.findall(manifests)
    except Permanent:
        lines = _IMAGE_LINE.findall(manifests)
    return tuple(dict.fromkeys([*_images(documents), *(one.decode("utf-8", "replace") for one in lines)]))


def _images(root: object) -> Iterator[str]:
    # By identity, because aliases may name one node exponentially often.
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            for key in ("initContainers", "containers", "ephemeralContainers"):
                yield from _images_of_list(node.get(key))
        if isinstance(node, dict | list):
            waiting += reversed(list(node.values() if isinstance(node, dict) else node))


def _images_of_list(containers: object) -> Iterator[str]:
    for container in containers if isinstance(containers, list) else ():
        if isinstance(container, dict) and isinstance(container.get("image"), str):
            yield container["image"]
