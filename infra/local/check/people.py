"""Approvers as slipway.yaml names them: what can be told of them without a directory, and what a people file adds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from infra.local.check.report import CheckReport
from infra.local.host import LocalPerson
from shared.domain.gating.approval import APPROVE_ROLE, is_approver, is_group
from shared.domain.policies.policy import ApprovalRule, RepositoryPolicy
from shared.domain.values.mails import is_exact, is_plain_mail
from shared.domain.values.names import is_object_id
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.words import counted

_ROLE = APPROVE_ROLE.partition(":")[0]


def look_at_approvers(report: CheckReport, policy: RepositoryPolicy, people: Sequence[LocalPerson] | None) -> None:
    """Say who of the approvers cannot be anybody; `people` are those of a local host, None where nobody gave them."""
    environment_policy = policy.services[0].environments if policy.services else ()
    asking = [(one.name, one.approval) for one in environment_policy if one.approval is not None]
    for name, rule in asking:
        written = list(_as_written(rule))
        for problem in (*written, *(_against(rule, people) if people is not None else ())):
            report.change(policy.repository, f"{name}: {problem}")
        for doubt in (*_twice(rule), *(_same_person(rule, people) if people is not None else ())):
            report.note(policy.repository, f"{name}: {doubt}")
    if asking:
        report.note(policy.repository, _unknown(people))


def _as_written(rule: ApprovalRule) -> Iterator[str]:
    for one in dict.fromkeys(rule.approvers):
        if is_group(one):
            name = one.partition(":")[2]
            if not is_exact(name):
                yield f"the group {name!r} holds letters that could be read as others ({_read_as(name)!r}); write plain ones"
        elif not is_object_id(one) and not is_plain_mail(one):
            yield f"the approver {one!r} is no mail address and no id; write ada@example.com, an object id or group:<name>"


def _read_as(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _twice(rule: ApprovalRule) -> Iterator[str]:
    seen: dict[str, str] = {}
    for one in rule.approvers:
        before = seen.setdefault(one.casefold(), one)
        if before is not one:
            yield f"{one} is named twice, and counts once"


def _against(rule: ApprovalRule, people: Sequence[LocalPerson]) -> Iterator[str]:
    """What is nobody's among these people."""
    for one in dict.fromkeys(rule.approvers):
        if not _who(replace(rule, approvers=(one,)), people):
            yield f"the group {one.partition(':')[2]} has no member" if is_group(one) else f"{one} is nobody"
    may = _who(rule, people)
    if len(may) < rule.minimum:
        yield f"asks for {counted(rule.minimum, 'approval')}, and {counted(len(may), 'person')} may give one"


def _same_person(rule: ApprovalRule, people: Sequence[LocalPerson]) -> Iterator[str]:
    named = [one for one in dict.fromkeys(rule.approvers) if not is_group(one)]
    for person in people:
        by = [one for one in named if _who(replace(rule, approvers=(one,)), [person])]
        if len({one.casefold() for one in by}) > 1:
            yield f"{' and '.join(by)} are one person, {person.name}, and count once"


def _who(rule: ApprovalRule, people: Iterable[LocalPerson]) -> list[str]:
    """Name those whom the rule lists, as the doors would find it."""
    held = ((one, (*one.groups, *(f"{_ROLE}:{role}" for role in one.roles))) for one in people)
    return [one.name for one, groups in held if is_approver(rule, Person(one.id, one.name, one.mails), groups)]


def _unknown(people: Sequence[LocalPerson] | None) -> str:
    if people is None:
        return (
            "whether approvers and groups exist, and who is in a group, cannot be known here; "
            "PEOPLE=.local/up/people.json compares them with a local host's people"
        )
    return "approvers are compared with a local host's people; in production the directory says who they are"
