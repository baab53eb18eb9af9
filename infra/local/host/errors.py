"""What the local host raises.

HostRefused   the functions, host.json or people.json are not fit to be run; nothing was started
"""

from __future__ import annotations

from collections.abc import Sequence


class HostRefused(Exception):
    """The host does not start. `problems` names each fault with its function and binding, and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("the local host does not start: " + "; ".join(self.problems))
