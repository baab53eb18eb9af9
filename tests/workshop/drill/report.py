"""What a drill says: one line for each thing that was tried, and what it comes to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_NAMED = 3
_PRINTING = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One trial: what it was about, what was done, what is claimed of it, which effects ran twice, what was not as it should be."""

    about: str
    what: str
    claim: str = "same end"
    twice: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def same(self) -> bool:
        """Whether what is claimed holds: it ended as if nothing had happened."""
        return not self.problems


def say(text: str = "") -> None:
    """Print a line at once."""
    with _PRINTING:
        print(text, flush=True)


def say_result(result: Result) -> None:
    """Print a trial's line, and below it what was not as it should be."""
    end = f"{result.claim}: {'yes' if result.same else 'NO'}"
    say(f"  {result.about:<16}  {result.what:<18}  {end}  {result.seconds:5.1f} s  {_twice(result.twice)}".rstrip())
    for problem in result.problems:
        say(f"      {problem[:2000]}")


def _twice(works: Sequence[tuple[str, str]]) -> str:
    named = ", ".join(_name(*work) for work in works[:_MOST_NAMED])
    more = f" and {len(works) - _MOST_NAMED} more" if len(works) > _MOST_NAMED else ""
    return f"ran twice: {named}{more}" if works else ""


def _name(kind: str, work: str) -> str:
    """Name an effect for people: its kind, and what tells it from others of its kind."""
    name = work.partition("#")[0].removeprefix("shipping~delivery:")
    return name if kind in name else f"{kind} {name.rpartition(':')[2]}"


def say_summary(part: str, results: Sequence[Result]) -> bool:
    """Print what a part comes to, and return whether all of it ended the same."""
    same = sum(result.same for result in results)
    say(f"{part}: {same} of {len(results)} as they should be")
    # Once more where everybody looks: of a long run's output only the end may be kept.
    for one in results:
        for problem in one.problems:
            say(f"{part}: {one.about}, {one.what}: {problem}")
    counted = Counter(kind for one in results for kind, _ in one.twice)
    if counted:
        listed = ", ".join(f"{kind} {count}" for kind, count in counted.most_common())
        harm = "without harm" if same == len(results) else "(see above for the harm)"
        say(f"{part}: {counted.total()} effects ran twice {harm}: {listed}")
    return same == len(results)
