"""Policy as one machine follows it: its registry, and no cluster or far repository is ever touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from shared.domain.policies.policy import DeployTarget, GitOpsTarget, HelmTarget, RepositoryPolicy
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.records import replace
from shared.inbound.one_machine import OneMachinePolicies
from shared.ports.policies import Fault
from tests.support.pilot import PRODUCTION, QA, environment, policy

HERE = GitOpsTarget(repository="environments.git")
NEAR = GitOpsTarget(repository="elsewhere/environments.git", path="{service}", branch="live")


class Read:
    """A reader that has read this policy, whatever the file says."""

    def __init__(self, read: RepositoryPolicy) -> None:
        self.read = read

    def compile(self, content: bytes, *, repository: str, commit: str, files: Sequence[str]) -> RepositoryPolicy:
        """See PolicyReader."""
        return replace(self.read, repository=repository, commit=commit)

    def at_approvers(self, content: bytes, problems: Mapping[str, str]) -> Sequence[Fault]:
        """See PolicyReader."""
        return [Fault(file="slipway.yaml", line=1, key=name, problem=problem) for name, problem in problems.items()]


def compiled(read: RepositoryPolicy, registry: str | None = "localhost:5000") -> RepositoryPolicy:
    """What the machine makes of a policy."""
    machine = OneMachinePolicies(Read(read), registry=registry, deploy=HERE)
    return machine.compile(b"version: 1", repository="shipping", commit="c" * 40, files=[])


def one(*targets: DeployTarget, registry: str = "fabrikam.azurecr.io") -> RepositoryPolicy:
    """A policy of one service that deploys to these targets."""
    environments = (environment(f"e{n}", deploy=target) for n, target in enumerate(targets))
    return RepositoryPolicy(repository="x", commit="x", services=(policy(*environments, registry=registry),))


@pytest.mark.parametrize(
    "target",
    [
        HelmTarget(cluster="prod-aks"),
        GitOpsTarget(repository="https://dev.azure.com/fabrikam/environments"),
        GitOpsTarget(repository="ssh://git@example.com/environments.git"),
        GitOpsTarget(repository="file:///srv/environments.git"),
    ],
    ids=["cluster", "https", "ssh", "file"],
)
def test_trying_a_monorepo_touches_no_cluster_and_no_far_repository(target: DeployTarget) -> None:
    """What would go there goes to the repository on this disk."""
    assert compiled(one(target)).services[0].environments[0].deploy == HERE


def test_a_cluster_that_the_machine_was_told_of_is_deployed_to() -> None:
    """Whoever started the host gave its address; what another name in the file means stays out of reach."""
    read = one(HelmTarget(cluster="here"), HelmTarget(cluster="prod-aks"))
    machine = OneMachinePolicies(Read(read), registry=None, deploy=HERE, clusters=["here"])
    [service] = machine.compile(b"", repository="shipping", commit="c" * 40, files=[]).services

    assert [each.deploy for each in service.environments] == [HelmTarget(cluster="here"), HERE]


@pytest.mark.parametrize("address", ["git@github.com:fabrikam/environments.git", "host:environments.git"])
def test_an_address_in_the_manner_of_scp_is_a_far_repository_too(address: str) -> None:
    """git takes `user@host:path` for ssh although it has no scheme."""
    assert compiled(one(GitOpsTarget(repository=address))).services[0].environments[0].deploy == HERE


def test_whatever_repository_the_file_names_this_machines_own_is_written_at_the_path_it_names() -> None:
    """So that nobody's real environments are written, not even those beside the monorepo."""
    deploy = compiled(one(NEAR)).services[0].environments[0].deploy

    assert deploy == replace(HERE, path=NEAR.path)


def test_the_machines_registry_takes_the_place_of_the_files() -> None:
    """So that nothing is pushed to the registry that production uses."""
    assert compiled(one(NEAR)).services[0].registry == "localhost:5000"


def test_without_a_registry_of_its_own_the_files_is_used() -> None:
    """E.g. with a registry that somebody runs beside."""
    assert compiled(one(NEAR), registry=None).services[0].registry == "fabrikam.azurecr.io"


def test_the_digest_is_that_of_what_is_in_force() -> None:
    """Another registry or target is another policy; the same one has the same digest."""
    read = RepositoryPolicy(repository="x", commit="x", services=(policy(QA, PRODUCTION),))
    here, there = compiled(read), compiled(read, registry="localhost:5001")

    assert here.services[0].digest == policy_digest(here.services[0])
    assert here.services[0].digest != there.services[0].digest
    assert here == compiled(read)
    assert (here.repository, here.commit) == ("shipping", "c" * 40)


def test_no_identity_is_asked_for_on_one_machine() -> None:
    """It has none; what the file names is for the installation that it is written for."""
    read = RepositoryPolicy(repository="x", commit="x", services=(policy(replace(PRODUCTION, identity="production")),))

    assert compiled(read).services[0].environments[0].identity is None


def test_what_turns_out_about_approvers_stands_where_the_file_names_them() -> None:
    """The reader knows the lines."""
    read = Read(RepositoryPolicy(repository="x", commit="x", services=()))
    machine = OneMachinePolicies(read, registry=None, deploy=HERE)

    assert machine.at_approvers(b"", {"a@b": "is nobody"}) == read.at_approvers(b"", {"a@b": "is nobody"})
