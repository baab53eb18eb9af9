"""Turns: who has thousands of messages waiting does not keep those waiting who have one."""

from __future__ import annotations

_MOST_GROUPS = 4096


class Turns:
    """Gives each group's messages turns one after the other, a new group's the next one; numbers that only rise."""

    def __init__(self) -> None:
        self._now = 0
        self._last: dict[str, int] = {}

    def give(self, group: str) -> int:
        """Return the turn of a group's next message."""
        turn = max(self._now, self._last.get(group, 0)) + 1
        if len(self._last) >= _MOST_GROUPS:
            # Messages that were let go of have left their turns behind.
            self._last = {known: last for known, last in self._last.items() if last > self._now}
        self._last[group] = turn
        return turn

    def reached(self, turn: int, group: str) -> None:
        """This turn of a group has come; a group that has no other is as good as new."""
        self._now = max(self._now, turn)
        if self._last.get(group) == turn:
            del self._last[group]
