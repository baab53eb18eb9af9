"""Production has a cluster of its own, unless the file says otherwise."""

from __future__ import annotations

import pytest

from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.policies import BrokenPolicy

HEAD = "version: 1\nregistry: r.io\nservices: {one: {path: a, chart: b}}\n"
IN_X = "deploy: {helm: {cluster: x}}"


def said(environments: str, head: str = HEAD) -> list[str]:
    """What is wrong with them, where `prod-eu` is an identity of production; nothing where they are fine."""
    reader, text = SlipwayYaml(production={"prod-eu"}), f"{head}environments: {{{environments}}}\n"
    try:
        reader.compile(text.encode(), repository="monorepo", commit="c1", files=())
    except BrokenPolicy as broken:
        return [f"{fault.key}: {fault.problem}" for fault in broken.faults]
    return []


@pytest.mark.parametrize(
    ("name", "by"), [("production", ""), ("live", "registry_namespace: prod, "), ("live", "identity: prod-eu, ")]
)
def test_attack_deploy_to_productions_cluster_by_another_environment(name: str, by: str) -> None:
    """What the services of one do to the machines under them, those of the other feel; production's is known by three things."""
    both = f"qa: {{{IN_X}}}, {name}: {{{by}{IN_X}}}"

    assert said(both) == [
        f"environments.{name}.deploy.helm.cluster: x is the cluster of qa too; give {name} one of its own, "
        "or write shared_cluster: true at the top"
    ]
    assert said(both, f"{HEAD}shared_cluster: true\n") == []


@pytest.mark.parametrize(
    "both",
    [
        "production: {registry_namespace: prod, DEPLOY}, live: {registry_namespace: prod, DEPLOY}",
        "qa: {DEPLOY}, dev: {DEPLOY}",
        "qa: {deploy: {helm: {cluster: y}}}, production: {DEPLOY}",
        "qa: {deploy: {gitops: {repository: x}}}, production: {DEPLOY}",
    ],
)
def test_others_may_share_what_is_not_productions(both: str) -> None:
    """Environments of production among themselves, and all others."""
    assert said(both.replace("DEPLOY", IN_X)) == []


def test_a_fault_of_an_environment_hides_nothing_and_invents_nothing() -> None:
    """What cannot be read is compared with nothing."""
    assert said(f"qa: {{{IN_X}, after: 1}}, production: {{{IN_X}}}") == ["environments.qa.after: must be a list"]
    [head] = said(f"qa: {{{IN_X}}}, production: {{{IN_X}}}", f"{HEAD}queueing: none\n")

    assert head.startswith("queueing: ")
