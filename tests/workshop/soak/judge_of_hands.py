"""The judge of who had a hand in a change: who wrote it, who pushed it, who is not known, and who answered for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from tests.workshop.soak.configurations import HUMAN, NAMELESS
from tests.workshop.soak.seen import Answer, AnswerFor, Repository, Service, Word

What: TypeAlias = tuple[str, str]


def votes(answers: Iterable[Answer], counts: Callable[[Answer], bool]) -> dict[What, set[str]]:
    """Who said yes to what, of those whose yes counts."""
    found: dict[What, set[str]] = {}
    for one in answers:
        if one.approve and counts(one):
            found.setdefault((one.image, one.manifests), set()).add(one.person)
    return found


class JudgeOfHands:
    """Knows every commit and every push, and what was said of those whom nobody knows."""

    def __init__(self) -> None:
        self.repository = Repository()
        self.services: dict[str, Service] = {}

    def service(self, name: str) -> Service:
        """What was seen of a service."""
        return self.services.setdefault(name, Service(name))

    def answered_for(self, name: str, version: str, environment: str, by: str, names: Iterable[str]) -> None:
        """Slipway took an operator's answer for everybody who was unknown then."""
        service = self.service(name)
        named = frozenset(HUMAN.get(one, one) for one in names)
        covers = self._unknown(service, version, None)
        service.answers_for.append(AnswerFor(version, environment, HUMAN.get(by, by), named, covers))

    def uses_answers(self, service: Service, word: Word) -> None:
        """A promotion starts, and what was answered for it is used up by it."""
        for one in service.answers_for:
            if (one.version, one.environment, one.used) == (word.version, word.environment, None):
                one.used = word.number

    def hands(self, service: Service, word: Word) -> frozenset[str]:
        """Everybody whose yes does not count: who wrote or pushed any of it, is said to have, or said so."""
        answers = self._answers(service, word)
        return self._authors(service, word).union(*(one.names | {one.by} for one in answers))

    def unknown(self, service: Service, word: Word) -> frozenset[str]:
        """Everybody who is not known, and whom nobody without a hand in it answered for."""
        answers = self._answers(service, word)
        hands = self._authors(service, word).union(*(one.names for one in answers))
        covered = (one.covers for one in answers if one.by not in hands)
        return self._unknown(service, word.version, self._live(service, word)).difference(*covered)

    def _answers(self, service: Service, word: Word) -> list[AnswerFor]:
        mine = (word.version, word.environment, word.number)
        return [one for one in service.answers_for if (one.version, one.environment, one.used) == mine]

    def _authors(self, service: Service, word: Word) -> frozenset[str]:
        return self.repository.authors(service.name, service.bundles[word.version].commit, self._live(service, word))

    def _live(self, service: Service, word: Word) -> str | None:
        live = service.slots[word.environment].live
        return next((one.commit for one in service.bundles.values() if one.image == live), None)

    def _unknown(self, service: Service, version: str, live: str | None) -> frozenset[str]:
        wrote = self.repository.authors(service.name, service.bundles[version].commit, live)
        return self.repository.unnamed(service.moves[version]) | (wrote & NAMELESS)
