"""Whether a person is among the authors of a change: looked up in the list that was kept, before anything is decided.

The list has no bound, so it is no part of the records that decisions read. What is found is told with the event, and
counts only while the promotion's authors are that very list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.app.handling.loaded_service import read_service
from shared.app.parts import App
from shared.app.people.authorize import Viewer
from shared.codec.authors import AUTHORS
from shared.codec.errors import UnreadableRecord
from shared.codec.memo import Memo
from shared.domain.messages.events import ApprovalAnswered, OverrideGranted, ServiceEvent
from shared.domain.policies.policy import ApprovalRule
from shared.domain.state.authorship import GATE, who_answered
from shared.domain.state.promotion import Authors, Promotion
from shared.domain.state.release import ServiceState
from shared.domain.values.errors import InvalidValue
from shared.domain.values.mails import are_known_by, is_plain_mail
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.ports.errors import AdapterError, NotFound, Transient
from shared.ports.evidence import Evidence
from shared.telemetry import log_event

# Of a list only the mails are looked at; the largest take a few megabytes, and those of what waits are asked for again.
_MOST_LISTS = 16
# Most have a few names. These are remembered for many services at once.
_MOST_SHORT, _SHORT = 1024, 20


class ListOfAuthors(NamedTuple):
    """A list that was kept, as far as looking needs it."""

    question: str
    paths: tuple[str, ...]
    mails: frozenset[str]


def _list_in(data: bytes) -> ListOfAuthors:
    try:
        found = AUTHORS.decode(data)
    except UnreadableRecord as error:
        # Whoever may add evidence may have kept anything under its hash.
        raise NotFound(f"what is kept as a list of authors is none: {error}") from error
    return ListOfAuthors(found.question, found.paths, frozenset(one.mail.casefold() for one in found.authors))


def _lists(most: int) -> Memo[str, ListOfAuthors]:
    return Memo(lambda _: ListOfAuthors("", (), frozenset()), most)


_LONG_LISTS, _SHORT_LISTS = _lists(_MOST_LISTS), _lists(_MOST_SHORT)


def keep_list(kept: Evidence, content: bytes) -> str:
    """Keep a list as evidence and return its hash."""
    evidence = kept.put(content)
    _remember(evidence, _list_in(content))
    return evidence


def list_of(kept: Evidence, evidence: str) -> ListOfAuthors:
    """Return a list that was kept; raise NotFound."""
    known = _SHORT_LISTS.known(evidence) or _LONG_LISTS.known(evidence)
    return known if known is not None else _remember(evidence, _list_in(kept.get(evidence)))


def _remember(evidence: str, found: ListOfAuthors) -> ListOfAuthors:
    short = len(found.mails) + len(found.paths) <= _SHORT
    return (_SHORT_LISTS if short else _LONG_LISTS).keep(evidence, found)


def wrote(kept: Evidence, evidence: str, person: Person) -> bool:
    """Whether a person is in a list, by any of their mails; nobody is in none. Raise NotFound."""
    return bool(evidence) and not list_of(kept, evidence).mails.isdisjoint(person.folded_mails())


def seems_to_have_written(viewer: Viewer, evidence: str) -> bool:
    """Say the same of a person who looks. A page is shown also while nothing can be read; the answer is looked up anew."""
    try:
        return viewer.evidence is not None and wrote(viewer.evidence, evidence, viewer.person)
    except AdapterError as error:
        log_event("authors.unknown", person=viewer.person.id, reason=str(error))
        return False


def with_authorship(app: App, event: ServiceEvent) -> ServiceEvent:
    """Add to an answer whether whoever gives it is an author of what they answer for; other events stay as they are.

    Raise Transient where the list cannot be read: not to know is no answer. Raise InvalidValue where an answer for an unknown
    author names nobody who is known, and no mail as mails are written: it would bar nobody.
    """
    if isinstance(event, ApprovalAnswered) and event.approve:
        authors = _asked_about(app, event)
    elif isinstance(event, OverrideGranted) and event.gate == GATE:
        state = read_service(app, event.service, exact=False).state
        authors = _answered_about(state, event)
        event = replace(event, answer=tuple(dict.fromkeys(_meant(state, authors, event.answer))))
    else:
        return event
    evidence = authors.evidence if authors else ""
    try:
        return replace(event, authors=evidence, wrote=wrote(app.evidence, evidence, event.person))
    except NotFound as error:
        raise Transient(f"the authors of the change cannot be read: {error}") from error


def _asked_about(app: App, event: ApprovalAnswered) -> Authors | None:
    state = read_service(app, event.service, exact=False).state
    every = (one for release in state.releases.values() for one in release.promotions)
    return _authors(next((one for one in every if one.approval and one.approval.id == event.request), None))


def _answered_about(state: ServiceState, event: OverrideGranted) -> Authors | None:
    release = next((one for one in state.releases.values() if one.version.text == event.version), None)
    return _authors(release.latest(event.environment) if release else None)


def _authors(promotion: Promotion | None) -> Authors | None:
    return promotion.facts.authors if promotion and promotion.facts else None


def _meant(state: ServiceState, authors: Authors | None, answer: tuple[str, ...]) -> Iterator[str]:
    """Return what was answered, with the mails of those whose name or id it is: commits may give another name than an identity."""
    known = list(_known(state, authors))
    for text in answer:
        named = [one for one in known if text.casefold() in (one.id.casefold(), one.name.casefold())]
        if not named and not is_plain_mail(text):
            problem = (
                f"{text!r} is nobody who is known here; say a mail, a full name or an id, or `none` of the approvers"
            )
            raise InvalidValue("author", problem)
        yield text
        for one in named:
            yield from one.mails


def _known(state: ServiceState, authors: Authors | None) -> Iterator[Person]:
    wrote = authors.first if authors else ()
    yield from (Person(id=one.mail, name=one.name, mails=(one.mail,)) for one in wrote if is_plain_mail(one.mail))
    for release in state.releases.values():
        yield from (one for one in release.pushers if are_known_by(one.mails))
        for promotion in release.promotions:
            yield from who_answered(release, promotion)
    for policy in state.policy.environments if state.policy else ():
        approval = policy.approval or ApprovalRule()
        for one in (*approval.approvers, *(id_ for _, id_ in approval.pinned)):
            yield Person(id=one, name=one)
