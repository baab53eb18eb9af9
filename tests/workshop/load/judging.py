"""Whether the load was held: memory flat, no queue growing, every push answered and accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.workshop.load.accounting import Account

MARGIN = 0.10  # of what the host took after it had warmed up
_WARM = 0.3  # of the time
_SHORTEST = 36  # samples, three minutes of them; less says nothing of what grows


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One thing that was to hold: whether it did (None: the run was too short to tell), and by what figures."""

    name: str
    held: bool | None
    figures: str


def memory_flat(rss: Sequence[float]) -> Held:
    """Compare the last fifth of the samples with the fifth after the warm-up."""
    if len(rss) < _SHORTEST:
        return Held(name="memory flat", held=None, figures=f"{len(rss)} samples are too few")
    before, after = _early_and_late(rss)
    figures = f"{before:.1f} MB after the warm-up, {after:.1f} MB at the end, {MARGIN:.0%} allowed"
    return Held(name="memory flat", held=after <= before * (1 + MARGIN), figures=figures)


def no_queue_growing(queued: Sequence[int], rate: int) -> Held:
    """The same for messages; what comes within ten seconds is no queue."""
    if len(queued) < _SHORTEST:
        return Held(name="no queue growing", held=None, figures=f"{len(queued)} samples are too few")
    before, after = _early_and_late(queued)
    figures = f"{before:.0f} messages after the warm-up, {after:.0f} at the end"
    return Held(name="no queue growing", held=after <= max(before * 1.5, rate / 6), figures=figures)


def _early_and_late(samples: Sequence[float]) -> tuple[float, float]:
    part = max(1, len(samples) // 5)
    warm = int(len(samples) * _WARM)
    return median(samples[warm : warm + part]), median(samples[-part:])


def drained(left: int, poisoned: int, seconds: float) -> Held:
    """Nothing is left in a queue, and nothing failed for good."""
    figures = f"{left} messages left after {seconds:.1f} s, {poisoned} failed for good"
    return Held(name="queues empty", held=not left and not poisoned, figures=figures)


def answered(sent: int, wanted: int, accepted: int, other: int) -> Held:
    """Every push was sent, and answered with 202."""
    figures = f"{sent} of {wanted} sent, {accepted} answered 202, {other} otherwise"
    return Held(name="every push answered", held=(sent, accepted, other) == (wanted, wanted, 0), figures=figures)


def accounted(account: Account) -> Held:
    """Every push is in a ledger, once."""
    found = f"{account.decided} decided, {account.batched} batched, {account.skipped} skipped by a marker"
    more = f"{account.overtaken} in a newer push of their branch"
    faults = (*account.missing, *account.twice, *account.broken)
    bad = f"; {len(faults)} faults, the first: {faults[0]}" if faults else ""
    figures = f"{found}, {more}; {account.entries} entries{bad}"
    return Held(name="every push accounted for", held=account.whole, figures=figures)
