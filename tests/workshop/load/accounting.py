"""Every push accounted for: it is in the ledger of each service that it concerns, once, or in a newer one's push."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.local.client import Client
from tests.workshop.load.monorepo import Push


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How often each thing became of a push, by service; what is missing or there twice is a fault."""

    decided: int = 0
    batched: int = 0
    skipped: int = 0
    overtaken: int = 0
    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    entries: int = 0

    @property
    def whole(self) -> bool:
        """Whether every push was found, none twice, in ledgers that hold."""
        return not (self.missing or self.twice or self.broken)


def account(pushes: Sequence[Push], ledgers: Mapping[str, Sequence[Mapping[str, Any]]]) -> Account:
    """Find each push in the ledgers (service to its entries).

    One that its branch had moved on from before it was looked at is in the next push of that branch that is found,
    whose commit contains it.
    """
    found = {
        service: Counter((one["ref"], one["commit"]) for one in entries if one["commit"])
        for service, entries in ledgers.items()
    }
    said = {
        (service, one["ref"], one["commit"]): _became(one)
        for service, entries in ledgers.items()
        for one in entries
        if one["commit"]
    }
    counts: Counter[str] = Counter()
    missing, twice = [], []
    newer: set[tuple[str, str]] = set()
    for push in reversed(pushes):
        for service in push.services:
            times = found.get(service, Counter())[push.ref, push.commit]
            if times == 1:
                counts[said[service, push.ref, push.commit]] += 1
            elif times:
                twice.append(f"{push.commit} of {push.ref} is {times} times in the ledger of {service}")
            elif (service, push.ref) in newer:
                counts["overtaken"] += 1
            else:
                missing.append(f"{push.commit} of {push.ref} is not in the ledger of {service}")
        newer |= {(service, push.ref) for service in found if found[service][push.ref, push.commit]}
    entries = sum(map(len, ledgers.values()))
    return Account(
        decided=counts["decided"],
        batched=counts["batched"],
        skipped=counts["skipped"],
        overtaken=counts["overtaken"],
        missing=tuple(missing),
        twice=tuple(twice),
        entries=entries,
    )


def _became(entry: Mapping[str, Any]) -> str:
    if entry["outcome"] == "ignored":
        return "skipped"
    waits = any("waits for the running build" in note or "is being packaged" in note for note in entry["notes"])
    return "batched" if waits else "decided"


def read_ledgers(client: Client, services: Iterable[str]) -> tuple[dict[str, list[Mapping[str, Any]]], list[str]]:
    """Read every ledger by the API, and have each checked; return the entries, and what does not hold."""
    ledgers: dict[str, list[Mapping[str, Any]]] = {}
    broken = []
    for service in services:
        entries: list[Mapping[str, Any]] = []
        after: int | None = 0
        while after is not None:
            page = client.get(f"/api/services/{service}/ledger?most=500&after={after}").body
            entries += page["entries"]
            after = page["next"]
        checked = client.get(f"/api/services/{service}/ledger/verify").body
        if not checked["intact"] or checked["entries"] != len(entries):
            broken.append(f"the ledger of {service}: {checked['fault'] or 'has another length'}")
        ledgers[service] = entries
    return ledgers, broken
