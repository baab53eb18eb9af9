"""How much time has really passed, whatever the clock was set to; and how long something lost may still be counted on."""

from __future__ import annotations

from datetime import timedelta

# What was read may be acted on for an hour, by a clock that may be behind by some minutes.
_FRESH = timedelta(hours=1, minutes=10)
_NONE = timedelta(0)


class RunningTime:
    """Follows the clock. Set back and on again with no look in between: of that time nobody can know."""

    def __init__(self) -> None:
        self.elapsed, self._back, self._unnoticed = _NONE, _NONE, _NONE

    def passes(self, by: timedelta) -> None:
        """The clock goes on, or is set back."""
        self.elapsed += max(by, _NONE)
        self._back += max(-by, _NONE)
        if by > _NONE:
            self._unnoticed, self._back = self._unnoticed + self._back, _NONE

    def noticed(self) -> None:
        """Somebody looks at the clock."""
        self._back = _NONE

    def is_known(self, since: timedelta) -> bool:
        """Whether by now everybody must know of what happened then."""
        return self.elapsed - since > _FRESH + self._unnoticed
