"""A fair order: who has thousands of messages waiting does not delay who has one."""

from __future__ import annotations

_MOST_GROUPS = 4096


class FairOrder:
    """Gives out turns, numbers that only rise: a group's messages one turn after the other, a new group's the next turn."""

    def __init__(self) -> None:
        self._now = 0
        self._last: dict[str, int] = {}

    def give(self, group: str) -> int:
        """Return the turn of a group's next message."""
        turn = max(self._now, self._last.get(group, 0)) + 1
        if len(self._last) >= _MOST_GROUPS:
            # Messages that were dropped have left their turns behind.
            self._last = {known: last for known, last in self._last.items() if last > self._now}
        self._last[group] = turn
        return turn

    def reached(self, turn: int, group: str) -> None:
        """Note that this turn of a group has come. A group without another turn is as good as new."""
        self._now = max(self._now, turn)
        if self._last.get(group) == turn:
            del self._last[group]
