"""What `make rbac` prints: a Role for one namespace, never more than deploying takes, and who has it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.__main__ import main

IDENTITY = "11111111-1111-4111-8111-11111111111a"
SLIPWAY = """
version: 1
registry: r.io
services: {delivery: {path: src, chart: charts/delivery}}
environments: {qa: {namespace: backend-qa, deploy: {helm: {cluster: blue}}}, dev: {deploy: {gitops: {repository: x}}}}
"""


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    """A repository with a configuration."""
    (tmp_path / "slipway.yaml").write_text(SLIPWAY)
    for folder in ("src", "charts/delivery"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "Chart.yaml").touch()
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *command], check=True)
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What the command prints for qa."""
    assert main(["rbac", "--environment", "qa", *words]) == 0
    return capsys.readouterr().out


def read(text: str) -> dict[str, Any]:
    """Its objects by kind."""
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def test_a_managed_identity_is_bound_in_the_namespace_that_the_policy_names(
    monorepo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the object id of its service principal, which is a user's name for AKS."""
    found = read(printed(capsys, "--repo", str(monorepo), "--identity", IDENTITY))

    assert list(found) == ["Namespace", "Role", "RoleBinding"]
    assert found["Namespace"]["metadata"]["name"] == "backend-qa"
    assert {one["metadata"]["namespace"] for one in (found["Role"], found["RoleBinding"])} == {"backend-qa"}
    assert found["RoleBinding"]["roleRef"]["name"] == found["Role"]["metadata"]["name"]
    assert [(one["kind"], one["name"]) for one in found["RoleBinding"]["subjects"]] == [("User", IDENTITY)]


def test_pods_of_the_namespace_are_kept_from_the_host(capsys: pytest.CaptureFixture[str]) -> None:
    """By the strictest level of pod security, which warns too: a Deployment that breaks it is made, and its pods are not."""
    labels = read(printed(capsys, "--identity", IDENTITY))["Namespace"]["metadata"]["labels"]

    assert labels == {f"pod-security.kubernetes.io/{one}": "restricted" for one in ("enforce", "warn")}


@pytest.mark.parametrize(("account", "namespace"), [("deployer", "qa"), ("slipway/deployer", "slipway")])
def test_a_service_account_is_made_and_bound(capsys: pytest.CaptureFixture[str], account: str, namespace: str) -> None:
    """Without a policy the namespace is the environment's name."""
    text = printed(capsys, "--account", account)
    found = read(text)

    made = {"name": "deployer", "namespace": namespace}
    assert found["ServiceAccount"]["metadata"] == made
    assert found["RoleBinding"]["subjects"] == [{"kind": "ServiceAccount", **made}]
    assert f"kubectl create token deployer -n {namespace}" in text


def test_attack_take_more_rights_than_deploying_needs(capsys: pytest.CaptureFixture[str]) -> None:
    """No RBAC objects, nothing of the cluster, no commands in containers, no tokens, no wildcard, nobody else's rights."""
    found = read(printed(capsys, "--identity", IDENTITY))
    rules = found["Role"]["rules"]
    groups, resources, verbs = (
        {word for rule in rules for word in rule[key]} for key in ("apiGroups", "resources", "verbs")
    )

    assert "ClusterRole" not in found
    assert groups == {"", "apps", "batch", "autoscaling", "policy", "networking.k8s.io"}
    assert not resources & {"namespaces", "nodes", "roles", "rolebindings", "customresourcedefinitions", "*"}
    assert {one for one in resources if "/" in one} == {"pods/log"}
    assert verbs == {"get", "list", "watch", "create", "update", "patch", "delete"}


def test_what_the_policy_names_beside_the_usual_kinds_is_in_the_role(
    monorepo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An administrator who applies it has agreed."""
    kinds = "cluster: blue, kinds: [monitoring.coreos.com/ServiceMonitor]"
    (monorepo / "slipway.yaml").write_text(SLIPWAY.replace("cluster: blue", kinds))
    commit = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-qam", "two"]
    subprocess.run(["git", "-C", str(monorepo), *commit], check=True)
    rules = read(printed(capsys, "--repo", str(monorepo), "--identity", IDENTITY))["Role"]["rules"]

    assert [one["resources"] for one in rules if one["apiGroups"] == ["monitoring.coreos.com"]] == [["servicemonitors"]]


def test_azures_role_is_named_with_what_it_adds(capsys: pytest.CaptureFixture[str]) -> None:
    """As comments, which kubectl passes over; for the namespace, and not for the cluster."""
    text = printed(capsys, "--identity", IDENTITY)

    assert '#   az role assignment create --role "Azure Kubernetes Service RBAC Writer"' in text
    assert "managedClusters/…/namespaces/qa" in text
    assert "It adds to the Role all of pods and serviceaccounts" in text
    assert '"Azure Kubernetes Service Cluster User Role"' in text


def test_an_environment_that_git_deploys_needs_none(monorepo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said beside what is printed."""
    assert main(["rbac", "--environment", "dev", "--repo", str(monorepo), "--identity", IDENTITY]) == 0

    assert "dev is deployed by git" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--environment", "qa"], "IDENTITY: give it, the object id of a managed identity, or SERVICE_ACCOUNT="),
        (["--environment", "qa", "--identity", IDENTITY, "--account", "a"], "IDENTITY: give it, "),
        (["--environment", "qa", "--identity", "slipway-qa"], "IDENTITY: 'slipway-qa' is no object id; az identity show "),
        (["--environment", "qa", "--account", "a/b/c"], "SERVICE_ACCOUNT: 'a/b/c' is not [namespace/]name"),
        (["--environment", "qa\nkind: Role", "--identity", IDENTITY], "ENV: 'qa\\nkind: Role' is not an environment's name"),
        (["--environment", "up", "--repo", ".", "--identity", IDENTITY], "ENV: up is not an environment of slipway.yaml; there are: qa, dev"),
        (["--environment", "qa", "--repo", "nowhere", "--identity", IDENTITY], "nowhere is not a git repository"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_said(
    monorepo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    problem: str,
) -> None:
    """Nothing half is printed."""
    monkeypatch.chdir(monorepo)

    assert main(["rbac", *words]) == 2
    out, said = capsys.readouterr()
    assert not out
    assert said.startswith(problem)


def test_a_broken_configuration_is_said(monorepo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its line, as at a push; and so is one that is not there."""
    for change in ("echo nonsense: 1 >> slipway.yaml", "rm slipway.yaml"):
        commit = "git -c user.name=Ada -c user.email=ada@example.com commit -qam two"
        subprocess.run(f"{change} && {commit}", shell=True, cwd=monorepo, check=True)

        assert main(["rbac", "--environment", "qa", "--repo", str(monorepo), "--identity", IDENTITY]) == 2
        assert "slipway.yaml" in capsys.readouterr().err
