"""Groups and mails of a person that their sign-in left out: the directory is asked, as far as an approval rule needs it."""

from __future__ import annotations

from shared.app.handling.loaded_service import read_service
from shared.app.operating.operate import Caller
from shared.app.parts import App
from shared.app.people.approvers import check_looked_up
from shared.app.people.authorize import Viewer
from shared.domain.gating.approval import AUTHOR, group_ids
from shared.domain.messages.events import ApprovalAnswered
from shared.domain.policies.policy import ApprovalRule
from shared.domain.state.release import ServiceState
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.ports.directory import Directory
from shared.ports.errors import AdapterError
from shared.telemetry import log_event


def as_known(app: App, event: ApprovalAnswered, caller: Caller) -> ApprovalAnswered:
    """Add to an answer what the rule in force asks for; it is recorded with the vote. Raise Transient, or NotLookedUp.

    A token names one mail, and its owner may have written commits under another one: authors are told by all of them.
    """
    rule = _rule_of(read_service(app, event.service).state, event.request) if app.directory else None
    if app.directory is None or rule is None:
        return event
    check_looked_up(rule)
    found = _looked_up(app.directory, caller.person, rule) if caller.groups_left_out else ()
    mails = app.directory.mails_of(caller.person.id) if AUTHOR in rule.forbid and event.approve else ()
    person = replace(event.person, mails=tuple(dict.fromkeys((*event.person.mails, *mails))))
    return replace(event, person=person, groups=(*event.groups, *found))


def memberships_for(viewer: Viewer, rule: ApprovalRule) -> tuple[str, ...]:
    """Return what a person who looks holds of what a rule asks for. A page is shown also while nobody can be asked."""
    if viewer.directory is None:
        return viewer.memberships
    try:
        return (*viewer.memberships, *_looked_up(viewer.directory, viewer.person, rule))
    except AdapterError as error:
        log_event("memberships.unknown", person=viewer.person.id, reason=str(error))
        return viewer.memberships


def _looked_up(directory: Directory, person: Person, rule: ApprovalRule) -> tuple[str, ...]:
    wanted = group_ids(rule)
    return tuple(sorted(directory.groups_of(person.id, wanted))) if wanted else ()


def _rule_of(state: ServiceState, request: str) -> ApprovalRule | None:
    for release in state.releases.values():
        for one in release.promotions:
            if one.approval is not None and one.approval.id == request:
                policy = one.policy_by(state.policy)
                return policy.approval if policy else None
    return None
