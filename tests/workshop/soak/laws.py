"""The laws: each in one sentence. What is checked here holds at every step of every run."""

from __future__ import annotations

from collections.abc import Mapping

LAWS: Mapping[str, str] = {
    "one at a time": "In one slot (service, environment) never are two deployments under way, only who has it begins to write, and nobody has it before that has ended.",
    "approved": "Nothing goes forward where approval is asked for without enough yeses of entitled people, to exactly this"
    " artifact as it is deployed, under the rule in force.",
    "four eyes": "Where authors may not approve, enough of these yeses are of people who neither wrote nor pushed any of it, nor"
    " answered for it, and everybody who did is known, or somebody without a hand in it answered for them.",
    "used once": "An approval starts one promotion once and is written once; again only where a person retries it.",
    "same bytes": "What is written is, image and chart, what was packaged of one commit, and what ran well in each environment before it.",
    "settled": "Nothing is called live that was not seen healthy as it was written.",
    "way back": "Nothing goes forward over something live that cannot be had any more, unless somebody overrides that.",
    "rollback": "Where something good was live before, going back is granted at once, and no hold, freeze or queue stops it.",
    "comes back": "A rollout that fails over something live is answered by a rollback in the same decision.",
    "held": "Nothing starts or is written forward under a hold or in a freeze, unless somebody overrode that one by name.",
    "quarantine": "A version whose tag changed after packaging goes nowhere.",
    "moves": "A promotion moves only as the design's table says.",
    "chain": "The ledger is one unbroken chain, and what was read of it once never changes.",
    "who": "Everything that is open has a blocker with a reason, and it names who can act.",
    "default branch": "The rules in force are those of a commit of the default branch, word for word.",
    "secret": "No secret is in the ledger, in a message or in a question.",
    "rest": "When nothing happens any more, everything comes to rest: no message, no effect, no step that nobody works on.",
}
ROLLBACK_WAITS_FOR = frozenset({"facts", "fence", "slot", "fresh", "due", "deploying", "verifying"})
GOOD_KEPT = 5


class Broken(AssertionError):
    """A law is broken; `law` names it."""

    def __init__(self, law: str, why: str) -> None:
        self.law = law
        super().__init__(f"{law}: {LAWS[law]}\n  {why}")
