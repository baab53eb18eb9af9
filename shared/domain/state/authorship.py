"""Who had a hand in what is approved: authors and pushers, known or not, and what operators answered for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from shared.domain.state.phases import PromotionKind
from shared.domain.state.promotion import Authors, Looked, Promotion
from shared.domain.state.release import MORE_PUSHES, Override, Release
from shared.domain.state.repository import GONE
from shared.domain.values.mails import are_known_by, is_plain_mail
from shared.domain.values.person import Person
from shared.domain.values.records import replace

GATE = "authors"
_LONGEST = 100
_PUSHES = {
    MORE_PUSHES: "who pushed more often",
    GONE: "who deleted the branch before it was pushed anew, and what was pushed until then",
}
CHANGED = "who wrote the change was read anew meanwhile; answer again"


class Hand(NamedTuple):
    """Why somebody may not approve; `code` is for programs, `reason` goes on after the person's name."""

    code: str
    reason: str


def unknown(release: Release, promotion: Promotion) -> tuple[str, ...]:
    """Name everybody who had a hand in it and is not known; each text is one thing that an operator answers for."""
    read = promotion.facts.authors.unknown if promotion.facts else ()
    pushes = (_PUSHES.get(one, f"who pushed {one[:12]}") for one in release.unnamed)
    without = (nobody_known("pusher", one.name, one.mails) for one in release.pushers if not are_known_by(one.mails))
    return tuple(dict.fromkeys((*read, *pushes, *without)))


def unanswered(release: Release, promotion: Promotion) -> tuple[str, ...]:
    """Name those among them whom no operator answered for, as far as their answers count."""
    answers = [one for one in answers_for(release, promotion) if not _had_a_hand(release, promotion, one.person)]
    answered = {text for one in answers for text in one.unknown}
    return tuple(text for text in unknown(release, promotion) if text not in answered)


def answers_for(release: Release, promotion: Promotion) -> tuple[Override, ...]:
    """Return what operators answered for unknown authors of this promotion."""
    return tuple(one for one in release.overrides if one.counts(promotion.environment, GATE, promotion.number))


def who_answered(release: Release, promotion: Promotion) -> tuple[Person, ...]:
    """Name everybody of whom it has to be known whether they are among the authors: who said yes, and who answered.

    Nobody of what is deployed again or goes back: nobody is asked about it, and its authors are not read.
    """
    if promotion.kind is not PromotionKind.FORWARD:
        return ()
    votes = promotion.approval.votes if promotion.approval else ()
    return (*(one.person for one in votes), *(one.person for one in answers_for(release, promotion)))


def changed_since(promotion: Promotion, authors: str) -> bool:
    """Whether other authors (evidence) were read than those among whom somebody looked."""
    return promotion.facts is not None and promotion.facts.authors.evidence != authors


def looked_up(promotion: Promotion, person: Person, *, wrote: bool) -> Promotion:
    """Return the promotion with what was looked up of a person, for as long as its authors are the same."""
    if promotion.facts is None or promotion.facts.authors.wrote(person) is not None:
        return promotion
    authors = promotion.facts.authors
    looked = (*authors.looked, Looked(person=person, wrote=wrote))
    return replace(promotion, facts=replace(promotion.facts, authors=replace(authors, looked=looked)))


def with_known(authors: Authors, promotion: Promotion) -> Authors:
    """Add to authors that were read anew what was looked up before, where they are the same."""
    before = promotion.facts.authors if promotion.facts else None
    if before is None or before.evidence != authors.evidence:
        return authors
    more = (one for one in before.looked if authors.wrote(one.person) is None)
    return replace(authors, looked=(*authors.looked, *more))


def hand_of(release: Release, promotion: Promotion, person: Person) -> Hand | None:
    """Return what a person had to do with the change, None where nothing is known of it."""
    if any(person.is_same(one) for one in release.pushers):
        return Hand("author", f"pushed {release.version.tag}")
    if _wrote(promotion, person):
        return Hand("author", f"wrote part of what would be deployed to {promotion.environment}")
    for answer in answers_for(release, promotion):
        if is_named(person, answer.authors):
            return Hand("author", f"is an author of the change, as {answer.person.name} said")
        if person.is_same(answer.person):
            return Hand("answered", "answered for an unknown author of the change")
    return None


def is_named(person: Person, names: Iterable[str]) -> bool:
    """Whether one of the names is a mail, the name or the id of the person."""
    known = {person.id.casefold(), person.name.casefold(), *person.folded_mails()}
    return any(name.casefold() in known for name in names)


def nobody_known(role: str, name: str, mails: Collection[str]) -> str:
    """Say who cannot be told apart from anybody, and by what; see `mails`."""
    has = f"whose mail {odd_mail(mails)}" if any("@" in one for one in mails) else "who has no mail"
    return f"{role} {short(name) or 'without a name'}, {has}"


def odd_mail(mails: Iterable[str]) -> str:
    """Say which mail is at fault. It is shown in ASCII: what cannot be seen, or looks like another letter, is what is wrong."""
    odd = next((one for one in mails if not is_plain_mail(one)), "")
    return f"{short(ascii(odd))} is not written as mails are"


def short(text: str) -> str:
    """Return a text of which there is no bound as it is shown beside others."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def listed(texts: Iterable[str]) -> str:
    """Say a few things that are not known."""
    found = list(texts)
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return "; ".join(found[:3]) + more


def _wrote(promotion: Promotion, person: Person) -> bool:
    return promotion.facts is not None and promotion.facts.authors.wrote(person) is True


def _had_a_hand(release: Release, promotion: Promotion, person: Person) -> bool:
    named = (name for one in answers_for(release, promotion) for name in one.authors)
    pushed = any(person.is_same(one) for one in release.pushers)
    return pushed or _wrote(promotion, person) or is_named(person, named)
