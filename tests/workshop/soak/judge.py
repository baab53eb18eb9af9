"""The judge: an independent, much simpler model of what must never happen.

It knows nothing of the product's rules. It sees what the outside sees (what was written where, what the registry
holds, who answered what), and the words of the ledger and of the API.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.workshop.soak.judge_of_acts import JudgeOfActs
from tests.workshop.soak.laws import ROLLBACK_WAITS_FOR
from tests.workshop.soak.seen import RUNNING, Open


class Judge(JudgeOfActs):
    """Sees everything from outside, in order, and raises Broken at the first thing that must not be."""

    def told(self, name: str, head: str, environments: Sequence[str], open_ones: Sequence[Open]) -> None:
        """How a service stands: the ledger's head, the environments that are configured, and what is open."""
        service = self.service(name)
        self.hold_to("chain", head == service.head, f"the head of {name} is not its last entry's hash")
        said = [one.name for one in service.rules.places] if service.rules else []
        self.hold_to("default branch", list(environments) == said, f"{name} has {environments}, the file says {said}")
        numbers = {one.number for one in open_ones}
        for one in open_ones:
            self.hold_to("who", one.blockers, f"{one} waits for nothing")
            for gate, reason, who in one.blockers:
                others = [int(each.split()[1]) for each in who if each.startswith("promotion ")]
                named = reason and who and all(who) and numbers.issuperset(others)
                self.hold_to("who", named, f"{one} is kept by {gate}, which says {reason!r}, {who}")
                free = one.kind != "rollback" or gate in ROLLBACK_WAITS_FOR
                self.hold_to("rollback", free, f"rollback #{one.number} waits for {gate}: {reason}")

    def at_rest(self, left: Sequence[str], open_ones: Sequence[Open]) -> None:
        """Nothing happens any more: `left` are messages and effects that are not done."""
        self.hold_to("rest", not left, f"{left} are left")
        for one in open_ones:
            held = one.phase == "Retagging" and any(gate == "hold" for gate, _, _ in one.blockers)
            works = (
                (one.phase in RUNNING and not held)
                or one.phase in ("Validating", "Packaging")
                or one.kind == "rollback"
            )
            self.hold_to("rest", not works, f"{one} and nobody works on it")
