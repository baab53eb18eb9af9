"""`python -m infra.local rbac`: prints what an administrator applies, and does nothing itself."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from infra.local.rbac.azure import azure
from infra.local.rbac.objects import Subject, objects
from infra.local.repository import NoRepository, find_repository
from shared.adapters.git_disk.source import GitSource
from shared.domain.policies.policy import EnvironmentPolicy, GitOpsTarget, HelmTarget
from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import is_object_id, valid_name
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.errors import AdapterError
from shared.ports.policies import BrokenPolicy

_FILE = "slipway.yaml"


@dataclass(frozen=True, slots=True)
class RightsAsked:
    """For whom rights are asked for: an environment, of a monorepo where it is known, and who deploys to it."""

    environment: str
    repo: Path | None = None
    identity: str = ""
    account: str = ""


def run_rbac(asked: RightsAsked) -> int:
    """Print objects and commands; 2 where nothing could be printed."""
    try:
        namespace, kinds = _wanted(asked)
        subject = _subject(asked, namespace)
    except (AdapterError, BrokenPolicy, InvalidValue, NoRepository) as error:
        print(error, file=sys.stderr)
        return 2
    print(objects(asked.environment, namespace, subject, kinds) + azure(namespace, subject), end="")
    return 0


def _wanted(asked: RightsAsked) -> tuple[str, tuple[str, ...]]:
    """The namespace, and the kinds beside the usual ones."""
    if asked.repo is None:
        if not valid_name(asked.environment):
            raise InvalidValue("ENV", f"{asked.environment!r} is not an environment's name")
        return asked.environment, ()
    policy = _policy(asked.repo, asked.environment)
    if isinstance(policy.deploy, HelmTarget):
        return policy.namespace, policy.deploy.kinds
    print(f"Note: {policy.name} is deployed by git, for which Slipway needs no rights in a cluster", file=sys.stderr)
    return policy.namespace, ()


def _policy(repo: Path, name: str) -> EnvironmentPolicy:
    found = find_repository(repo)
    source, commit = GitSource({found.name: found.path}), found.commit()
    content = source.file(found.name, commit, _FILE)
    if content is None:
        raise NoRepository(f"{repo} has no {_FILE} at its root; commit one, or leave REPO out")
    files = source.files(found.name, commit)
    reader = SlipwayYaml(
        local_deploy=GitOpsTarget(repository="environments.git"), default_registry="registry.example.com"
    )
    services = reader.compile(content, repository=found.name, commit=commit, files=files).services
    known = services[0].environments if services else ()
    for one in known:
        if one.name == name:
            return one
    there_are = ", ".join(one.name for one in known) or "none"
    raise InvalidValue("ENV", f"{name} is not an environment of {_FILE}; there are: {there_are}")


def _subject(asked: RightsAsked, namespace: str) -> Subject:
    if bool(asked.identity) == bool(asked.account):
        raise InvalidValue(
            "IDENTITY", "give it, the object id of a managed identity, or SERVICE_ACCOUNT=[namespace/]name"
        )
    if asked.identity:
        if not is_object_id(asked.identity):
            problem = f"{asked.identity!r} is no object id; az identity show --query principalId prints it"
            raise InvalidValue("IDENTITY", problem)
        return Subject(object_id=asked.identity)
    where, _, account = asked.account.rpartition("/")
    if not valid_name(account) or (where and not valid_name(where)):
        raise InvalidValue("SERVICE_ACCOUNT", f"{asked.account!r} is not [namespace/]name")
    return Subject(account=account, account_namespace=where or namespace)
