"""What somebody may have meant: the nearest path, branch or word of those that there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.domain.values.nearest import closest

_WILD = frozenset("*?")


class Names:
    """Files by their folders, or branches by theirs: names with `/` that are asked for one part after the other."""

    def __init__(self, names: Iterable[str]) -> None:
        self._below: dict[str, dict[str, None]] = {"": {}}
        for name in names:
            self._add(name.strip("/"))

    def __contains__(self, path: str) -> bool:
        parent, _, last = path.rpartition("/")
        return path in self._below or last in self._below.get(parent, ())

    def nearest(self, path: str) -> str:
        """What is there and is called most like it, empty where nothing is like it."""
        begin, wild, rest = plain(path)
        found = self._misspelt(begin.split("/")) or self._elsewhere(begin)
        return f"{found}/{rest}" if found and wild else found

    def _add(self, name: str) -> None:
        while True:
            parent, _, last = name.rpartition("/")
            known = parent in self._below
            self._below.setdefault(parent, {})[last] = None
            if known:
                return
            name = parent

    def _misspelt(self, parts: Sequence[str]) -> str:
        """Walk down, taking the closest name where one is not there."""
        at = ""
        for part in parts:
            names = self._below.get(at, {})
            found = part if part in names else closest(part, names)
            if not found:
                return ""
            at = f"{at}/{found}" if at else found
        return at

    def _elsewhere(self, path: str) -> str:
        """The first that ends like it: somebody left out the folders above."""
        return min((folder for folder in self._below if folder.endswith(f"/{path}")), default="")


def plain(pattern: str) -> tuple[str, bool, str]:
    """Take a pattern apart: what comes before the first part with a sign that means any, whether there is one, and the rest."""
    parts = pattern.strip("/").split("/")
    first = next((number for number, part in enumerate(parts) if _WILD & set(part)), None)
    if first is None:
        return "/".join(parts), False, ""
    return "/".join(parts[:first]), True, "/".join(parts[first:])
