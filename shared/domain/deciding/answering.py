"""An operator's answer for authors and pushers who are not known: who they are, or that they are none of the approvers."""

from __future__ import annotations

from shared.domain.drafts.answers import Answer, done, refused
from shared.domain.drafts.draft import Draft
from shared.domain.messages.events import OverrideGranted
from shared.domain.state import authorship
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Override, Release
from shared.domain.values.records import replace


def answer_for_unknown(draft: Draft, release: Release, event: OverrideGranted) -> Answer:
    """Keep who is meant by all that is unknown now, for one promotion; what turns up later is another question.

    Whoever answers is none of those who had a hand in it. Nobody has approved it by then: while somebody is unknown no yes
    counts.
    """
    tag, promotion = release.version.tag, release.latest(event.environment)
    if promotion is None or promotion.phase is not Phase.WAITING:
        return refused("not-waiting", f"{tag} does not wait for {event.environment}; there is nothing to answer for")
    if promotion.kind is not PromotionKind.FORWARD:
        return refused("not-asked", f"{tag} comes to {event.environment} once more; nobody is asked who wrote it")
    if authorship.changed_since(promotion, event.authors):
        return refused("authors-changed", authorship.CHANGED)
    asked = authorship.looked_up(promotion, event.person, wrote=event.wrote)
    missing = authorship.unanswered(release, asked)
    if not missing:
        return refused(
            "all-known", f"everybody who is known to have had a hand in {tag} has a name; nobody is asked for"
        )
    against = _against(release, asked, event)
    if against is not None:
        return against
    given = Override(
        environment=event.environment,
        gate=event.gate,
        person=event.person,
        reason=event.reason,
        at=draft.now,
        unknown=missing,
        authors=event.answer,
    )
    draft.put(replace(release, overrides=(*release.overrides, given)))
    draft.keep(asked)
    who = ", ".join(event.answer) or "none of the approvers"
    draft.note(
        f"{tag} {event.environment}: {event.person.name} answered for an unknown author"
        f" ({authorship.listed(missing)}): {who}: {event.reason}"
    )
    return done(str(promotion.number))


def _against(release: Release, promotion: Promotion, event: OverrideGranted) -> Answer | None:
    person = event.person
    hand = authorship.hand_of(release, promotion, person)
    another = "another operator has to answer for an unknown author"
    if hand is not None and hand.code == "author":
        return refused(hand.code, f"{person.name} {hand.reason}; {another}")
    if authorship.is_named(person, event.answer):
        return refused("author", f"{person.name} is who is answered for; {another}")
    return None
