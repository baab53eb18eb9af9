"""Anchors in memory, gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from shared.ports.anchors import AnchorTaken
from shared.ports.errors import NotFound


class MemoryAnchors:
    """Contents by name."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, name: str, content: bytes) -> None:
        """See Anchors."""
        with self._lock:
            if name in self._kept:
                raise AnchorTaken(f"anchor {name} is there already")
            self._kept[name] = content

    def newest(self, *, most: int, up_to: str = "") -> Sequence[str]:
        """See Anchors."""
        return sorted((one for one in self._kept if not up_to or one <= up_to), reverse=True)[:most]

    def get(self, name: str) -> bytes:
        """See Anchors."""
        if name not in self._kept:
            raise NotFound(f"there is no anchor {name}")
        return self._kept[name]
