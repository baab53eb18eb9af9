"""Policy where environments have identities: production is never acted on as anybody else by an omission."""

from __future__ import annotations

import pytest

from shared.domain.policies.policy import EnvironmentPolicy, GitOpsTarget
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.records import replace
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.inbound.with_identities import PoliciesWithIdentities
from shared.ports.policies import BrokenPolicy

FILE = """\
version: 1
registry: fabrikam.azurecr.io
services: {delivery: {path: delivery, chart: charts/delivery}}
environments:
  qa: {%s}
  production: {after: [qa], %s}
"""
READER = SlipwayYaml(local_deploy=GitOpsTarget(repository="environments.git"))


def identities(
    qa: str = "", production: str = "", *, held: frozenset[str] = frozenset({"prod-identity"})
) -> dict[str, str | None]:
    """The identity of each environment of a file, as it is in force."""
    return {one.name: one.identity for one in environments(qa, production, held)}


def environments(qa: str, production: str, held: frozenset[str]) -> tuple[EnvironmentPolicy, ...]:
    """Compile a file with these keys of its two environments."""
    policies = PoliciesWithIdentities(READER, registry=None, production=held)
    compiled = policies.compile((FILE % (qa, production)).encode(), repository="shipping", commit="c" * 40, files=[])
    return compiled.services[0].environments


def test_production_has_productions_identity_where_the_file_names_none() -> None:
    """Leaving a line out does not hand it to the other worker; qa is acted on as Slipway itself."""
    assert identities() == {"qa": None, "production": "prod-identity"}


def test_what_the_file_names_is_what_is_used() -> None:
    """For either."""
    assert identities("identity: a", "identity: b") == {"qa": "a", "production": "b"}


def test_with_several_identities_for_production_the_file_has_to_choose() -> None:
    """Each may belong to another cluster."""
    held = frozenset({"prod-us", "prod-eu"})
    with pytest.raises(BrokenPolicy, match=r"environments\.production\.identity: is missing: .*prod-eu, prod-us"):
        identities(held=held)

    assert identities(production="identity: prod-us", held=held)["production"] == "prod-us"


def test_an_installation_without_an_identity_for_production_adds_none() -> None:
    """It has one worker."""
    assert identities(held=frozenset()) == {"qa": None, "production": None}


@pytest.mark.parametrize(("own", "used"), [(None, "fabrikam.azurecr.io"), ("contoso.azurecr.io", "contoso.azurecr.io")])
def test_the_installations_registry_takes_the_place_of_the_files(own: str | None, used: str) -> None:
    """Where it names one; and the digest is that of what is in force."""
    policies = PoliciesWithIdentities(READER, registry=own, production=frozenset({"prod-identity"}))
    [policy] = policies.compile((FILE % ("", "")).encode(), repository="shipping", commit="c" * 40, files=[]).services

    assert policy.registry == used
    assert policy.digest == policy_digest(policy) != policy_digest(replace(policy, registry="x"))


def test_what_turns_out_about_approvers_stands_where_the_file_names_them() -> None:
    """The reader knows the lines."""
    file = (FILE % ("approval: {approvers: [a@b]}", "")).encode()
    policies = PoliciesWithIdentities(READER, registry=None, production=frozenset({"prod-identity"}))

    assert [str(one) for one in policies.at_approvers(file, {"a@b": "is nobody"})] == [
        "slipway.yaml:5: environments.qa.approval.approvers[0]: is nobody"
    ]
