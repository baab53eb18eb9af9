"""slipway.yaml at a commit: as an installation would read it, and as one machine does, which asks for less."""

from __future__ import annotations

from collections.abc import Iterable

from infra.local.check.report import CheckReport
from shared.adapters.git_disk.source import GitSource
from shared.domain.policies.policy import EnvironmentPolicy, GitOpsTarget, RepositoryPolicy
from shared.domain.values.nearest import closest
from shared.domain.values.words import counted
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.policies import BrokenPolicy

FILE = "slipway.yaml"
# `slipway.yml`, `.slipway.yaml` and `slipway.json`, not `deploy.yaml`.
_ALIKE = 0.75
_MACHINE = SlipwayYaml(
    local_deploy=GitOpsTarget(repository="environments.git"), default_registry="registry.example.com"
)


def read_policy(source: GitSource, report: CheckReport, name: str, commit: str) -> RepositoryPolicy | None:
    """Compile the file and say what is wrong with it; None where nothing more can be looked at."""
    content = source.file(name, commit, FILE)
    files = source.files(name, commit)
    if content is None:
        report.change(name, f"there is no {FILE} at its root; {_called_otherwise(files)}")
        return None
    try:
        policy = _MACHINE.compile(content, repository=name, commit=commit, files=files)
    except BrokenPolicy as broken:
        for fault in broken.faults:
            report.change(name, str(fault))
        report.note(name, f"nothing else was looked at yet: mend {FILE}, then run this again")
        return None
    services = counted(len(policy.services), "service")
    report.fine(name, f"{FILE} can be read: {services} ({', '.join(one.service.service for one in policy.services)})")
    try:
        SlipwayYaml().compile(content, repository=name, commit=commit, files=files)
    except BrokenPolicy as broken:
        for fault in broken.faults:
            report.note(name, f"{fault} (on one machine it is not needed)")
    if policy.services:
        report.fine(name, f"environments: {'; '.join(map(_order, policy.services[0].environments))}")
    else:
        report.change(name, f"{FILE} names no service, and none was found by its folders")
    return policy


def _called_otherwise(files: Iterable[str]) -> str:
    found = closest(FILE, (one for one in files if "/" not in one), like=_ALIKE)
    return f"is {found} meant? name it {FILE}" if found else "see docs/configuration.md for what it needs"


def _order(policy: EnvironmentPolicy) -> str:
    return f"{policy.name} after {' and '.join(policy.after)}" if policy.after else policy.name
