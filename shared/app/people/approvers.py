"""Approvers by name become ids of the directory, when a configuration is put in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.app.parts import App
from shared.domain.gating.approval import is_group
from shared.domain.policies.policy import ApprovalRule, EnvironmentPolicy, RepositoryPolicy, ServicePolicy
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.errors import Refused
from shared.domain.values.names import is_object_id
from shared.domain.values.records import replace
from shared.ports.directory import Directory
from shared.ports.errors import Permanent
from shared.ports.policies import BrokenPolicy

_GROUP = "group:"


class NotLookedUp(Refused):
    """The configuration was put in force while there was no directory to say who its names mean."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            "not-looked-up",
            f"whom these approvers mean was not looked up yet: {', '.join(names)}; push to the default branch, "
            "so that slipway.yaml is read again",
        )


def pin_approvers(
    app: App, content: bytes, policy: RepositoryPolicy, before: RepositoryPolicy | None
) -> RepositoryPolicy:
    """Pin every name to an id; raise BrokenPolicy for one that does not say who is meant, and Transient.

    A name that is pinned stays so as long as it stands in the file: whoever gets it later has to be named anew, by id
    or by taking the name out first.
    """
    if app.directory is None:
        return policy
    pins = {name: id_ for one in _rules(before) for name, id_ in one.pinned}
    problems: dict[str, str] = {}
    for name in dict.fromkeys(name for rule in _rules(policy) for name in rule.approvers):
        if name not in pins and _is_name(name):
            found, problem = _look_up(app.directory, name)
            if problem:
                problems[name] = problem
            else:
                pins[name] = found
    if problems:
        raise BrokenPolicy(app.policies.at_approvers(content, problems))
    return replace(policy, services=tuple(_service(one, pins) for one in policy.services))


def check_looked_up(rule: ApprovalRule) -> None:
    """Raise NotLookedUp where a rule has names that are not pinned: they are nobody's, whoever has them now."""
    pinned = dict(rule.pinned)
    if loose := [name for name in rule.approvers if name not in pinned and _is_name(name)]:
        raise NotLookedUp(loose)


def _is_name(approver: str) -> bool:
    return not is_object_id(approver.removeprefix(_GROUP))


def _look_up(directory: Directory, name: str) -> tuple[str, str]:
    """The id, or what is wrong."""
    what = "group" if is_group(name) else "person"
    try:
        found = directory.groups(name.removeprefix(_GROUP)) if is_group(name) else directory.people(name)
    except Permanent as error:
        return "", f"{name} cannot be looked up: {error}"
    if not found:
        return "", f"the directory knows no {what} of the name {name.removeprefix(_GROUP)}"
    if len(found) > 1:
        ids = f"group:<id> of one of {', '.join(found)}" if is_group(name) else f"the id of one: {', '.join(found)}"
        return "", f"{name.removeprefix(_GROUP)} is the name of more than one {what}; write {ids}"
    return found[0], ""


def _rules(policy: RepositoryPolicy | None) -> Iterator[ApprovalRule]:
    for service in policy.services if policy else ():
        for environment in service.environments:
            if environment.approval is not None:
                yield environment.approval


def _service(policy: ServicePolicy, pins: Mapping[str, str]) -> ServicePolicy:
    changed = replace(policy, environments=tuple(_environment(one, pins) for one in policy.environments))
    return replace(changed, digest=policy_digest(changed))


def _environment(environment: EnvironmentPolicy, pins: Mapping[str, str]) -> EnvironmentPolicy:
    rule = environment.approval
    if rule is None:
        return environment
    pinned = tuple((name, pins[name]) for name in rule.approvers if name in pins)
    return replace(environment, approval=replace(rule, pinned=pinned))
