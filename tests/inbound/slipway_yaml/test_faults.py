"""Every fault names its line and key and says what is wrong, and none hides another."""

from __future__ import annotations

import pytest

from shared.domain.policies.policy import GitOpsTarget
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.policies import BrokenPolicy, Fault

HEAD = "version: 1\nregistry: r.io\nservices: {one: {path: a, chart: b}}\n"


def faults(text: str, *, files: tuple[str, ...] = (), local: bool = True) -> list[Fault]:
    deploy = GitOpsTarget(repository="environments.git") if local else None
    with pytest.raises(BrokenPolicy) as broken:
        SlipwayYaml(local_deploy=deploy).compile(text.encode(), repository="monorepo", commit="c1", files=files)
    return list(broken.value.faults)


def said(text: str, *, files: tuple[str, ...] = (), local: bool = True) -> list[str]:
    return [f"{fault.key}: {fault.problem}" for fault in faults(text, files=files, local=local)]


def test_all_faults_of_all_parts_show_at_once_in_the_files_order() -> None:
    """One push is enough to learn everything."""
    text = """version: 2
registri: r.io
services:
  one: {path: /a, chart: b}
  two: {path: a, chart: b, build: {deadline: soon}}
environments:
  qa:
    after: [nowhere]
    gates:
      scan: awful
freezes:
  - environments: [elsewhere]
    cron: never
    duration: 1h
    timezone: UTC
    reason: test
"""

    assert [(fault.file, fault.line, fault.key) for fault in faults(text, local=False)] == [
        ("slipway.yaml", 1, "version"),
        ("slipway.yaml", 1, "registry"),
        ("slipway.yaml", 2, "registri"),
        ("slipway.yaml", 4, "services.one.path"),
        ("slipway.yaml", 5, "services.two.build.deadline"),
        ("slipway.yaml", 7, "environments.qa.deploy"),
        ("slipway.yaml", 8, "environments.qa.after[0]"),
        ("slipway.yaml", 10, "environments.qa.gates.scan"),
        ("slipway.yaml", 12, "freezes[0].environments[0]"),
        ("slipway.yaml", 13, "freezes[0].cron"),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("registri: x", "registri: is not a key here; the keys are: version, registry, artifacts, queueing, shared_cluster, services, environments, freezes"),
        ("queueing: random", "queueing: must be 'latest_only' or 'in_order'"),
        ("queueing:", "queueing: is empty; write a value or leave the key out"),
        ("artifacts: x", "artifacts: must hold keys and values"),
        ("artifacts: {image: 7}", "artifacts.image: must be text; put it in quotes"),
        ("artifacts: {image: '{version}'}", "artifacts.image: {version} is not a placeholder here; there are: {service}"),
        ("artifacts: {image: 'A{service}'}", "artifacts.image: Aone cannot be the name of a repository in a registry"),
        ("artifacts: {chart: '{service}'}", "artifacts.chart: one would hold both the image of one and the chart of one"),
        ("artifacts: {image: 'prod/{service}'}", "environments.production.registry_namespace: prod already begins the repository prod/one; choose another"),
        ("environments: 7", "environments: must hold at least one name; leave environments out for the defaults"),
        ("environments: {}", "environments: must hold at least one name; leave environments out for the defaults"),
        ("environments: {Qa: {}}", "environments.Qa: is not a name: lower-case letters, digits and inner hyphens, 40 at most"),
        ("environments: {qa: []}", "environments.qa: must hold keys and values"),
        ("environments: {qa: {afer: x}}", "environments.qa.afer: is not a key here; the keys are: after, namespace, registry_namespace, values, set, approval, gates, deadlines, patience, deploy, identity, on_first_failure"),
        ("environments: {qa: {after: qa}}", "environments.qa.after: must be a list"),
        ("environments: {qa: {after: [7]}}", "environments.qa.after[0]: must be text; put it in quotes"),
        ("environments: {qa: {after: [up]}}", "environments.qa.after[0]: up is not an environment of this file; there are: qa"),
        ("environments: {qa: {after: [qa]}}", "environments.qa.after[0]: qa cannot come after itself"),
        ("environments: {qa: {namespace: A}}", "environments.qa.namespace: 'A' is not a namespace: lower-case letters, digits and inner hyphens, 63 at most"),
        ("environments: {qa: {registry_namespace: A/}}", "environments.qa.registry_namespace: 'A/' cannot begin a repository's name in a registry"),
        ("environments: {qa: {values: ['{nope}']}}", "environments.qa.values[0]: {nope} is not a placeholder here; there are: {registry}, {repository}, {image}, {tag}, {digest}, {version}, {service}, {environment}, {commit}, {reason}"),
        ("environments: {qa: {values: [../x]}}", "environments.qa.values[0]: '../x' must be a path below the root of the repository"),
        ("environments: {qa: {set: {a.b: '{'}}}", "environments.qa.set.a.b: '{' has a single brace; write {{ or }} for a plain one"),
        ("environments: {qa: {set: {a: " + "x" * 4001 + "}}}", "environments.qa.set.a: is longer than 4000 characters"),
        ("environments: {qa: {set: {'': x}}}", "environments.qa.set.: must not be empty"),
        ("environments: {qa: {set: {a: }}}", "environments.qa.set.a: is empty; write a value or leave the key out"),
        ("environments: {qa: {approval: }}", "environments.qa.approval: is empty; write a value or leave the key out"),
        ("environments: {qa: {approval: {minimum: 0}}}", "environments.qa.approval.minimum: must be at least 1"),
        ("environments: {qa: {approval: {minimum: 99}}}", "environments.qa.approval.minimum: must be at most 20"),
        ("environments: {qa: {approval: {minimum: two}}}", "environments.qa.approval.minimum: must be a whole number"),
        ("environments: {qa: {approval: {comment: yes}}}", "environments.qa.approval.comment: must be true or false"),
        ("environments: {qa: {approval: {forbid: [cat]}}}", "environments.qa.approval.forbid[0]: must be 'author'"),
        ("environments: {qa: {approval: {approvers: ['group:']}}}", "environments.qa.approval.approvers[0]: 'group:' is not a mail address, an id or group:<name>"),
        ("environments: {qa: {approval: {approvers: ['relea\u017fe@example.com']}}}", "environments.qa.approval.approvers[0]: 'relea\u017fe@example.com' holds letters that could be read as others ('release@example.com'); write plain ones"),
        ("environments: {qa: {approval: {approvers: ['groß@example.com']}}}", "environments.qa.approval.approvers[0]: 'groß@example.com' holds letters that could be read as others ('gross@example.com'); write plain ones"),
        ("environments: {qa: {approval: {approvers: ['ada@example.com,']}}}", "environments.qa.approval.approvers[0]: 'ada@example.com,' is no mail address and no id; write ada@example.com, an object id or group:<name>"),
        ("environments: {qa: {approval: {approvers: [a, A], minimum: 2}}}", "environments.qa.approval: asks for 2 approvals, but only 1 may give one"),
        ("environments: {qa: {approval: {expires: 0d}}}", "environments.qa.approval.expires: must be longer than nothing"),
        ("environments: {qa: {gates: {soak: 999999999d}}}", "environments.qa.gates.soak: 999999999d is longer than 366 days"),
        ("environments: {qa: {gates: {soak: 7}}}", "environments.qa.gates.soak: 7 is not a duration such as 7d, 24h, 30m or 90s"),
        ("environments: {qa: {deploy: {}}}", "environments.qa.deploy: must hold one of gitops and helm"),
        ("environments: {qa: {deploy: {gitops: {repository: x}, helm: {cluster: y}}}}", "environments.qa.deploy: must hold one of gitops and helm"),
        ("environments: {qa: {deploy: {gitops: {repo: x, repository: y}}}}", "environments.qa.deploy.gitops.repo: is not a key here; the keys are: repository, path, branch, hooks"),
        ("environments: {qa: {deploy: {helm: {}}}}", "environments.qa.deploy.helm.cluster: is missing"),
        ("environments: {qa: {deploy: {helm: {cluster: 'https://attacker.example'}}}}", "environments.qa.deploy.helm.cluster: 'https://attacker.example' is not a cluster's name in SLIPWAY_CLUSTERS: lower-case letters, digits and hyphens"),
        ("environments: {qa: {deploy: {helm: {cluster: x, server: 'https://attacker.example'}}}}", "environments.qa.deploy.helm.server: is not a key here; the keys are: cluster, timeout, max_history, parallel, drift, kinds"),
        ("environments: {qa: {deploy: {helm: {cluster: x, timeout: 21m}}}}", "environments.qa.deploy.helm.timeout: must be at most 20m; have what takes longer done by a Job that no hook waits for"),
        ("environments: {qa: {deploy: {helm: {cluster: x, timeout: 0s}}}}", "environments.qa.deploy.helm.timeout: must be longer than nothing"),
        ("environments: {qa: {deploy: {helm: {cluster: x, max_history: 1}}}}", "environments.qa.deploy.helm.max_history: must be at least 2"),
        ("environments: {qa: {deploy: {helm: {cluster: x, parallel: 17}}}}", "environments.qa.deploy.helm.parallel: must be at most 16"),
        ("environments: {qa: {deploy: {helm: {cluster: x, drift: ignore}}}}", "environments.qa.deploy.helm.drift: must be 'report' or 'correct'"),
        ("environments: {qa: {deadlines: {deploying: 5m}, deploy: {helm: {cluster: x}}}}", "environments.qa.deadlines.deploying: must be longer than the 300s that deploy.helm.timeout gives Helm"),
        ("environments: {qa: {deploy: {helm: {cluster: x, kinds: [ServiceMonitor]}}}}", "environments.qa.deploy.helm.kinds[0]: 'ServiceMonitor' is not a group and a kind, such as monitoring.coreos.com/ServiceMonitor"),
        ("environments: {qa: {deploy: {helm: {cluster: x, kinds: [rbac.authorization.k8s.io/Role]}}}}", "environments.qa.deploy.helm.kinds[0]: rbac.authorization.k8s.io/Role is not for a deployer: an administrator applies it"),
        ("environments: {qa: {deploy: {helm: {cluster: x, kinds: ['*.example.com/Thing']}}}}", "environments.qa.deploy.helm.kinds[0]: '*.example.com/Thing' is not a group and a kind, such as monitoring.coreos.com/ServiceMonitor"),
        ("shared_cluster: 1", "shared_cluster: must be true or false"),
        ("environments: {qa: {deploy: {gitops: {repository: 'https://robot:p/w@git.example.com/x.git'}}}}", "environments.qa.deploy.gitops.repository: must hold neither a user nor a password; give them by SLIPWAY_GITOPS_CREDENTIALS"),
        ("environments: {qa: {deploy: {gitops: {repository: 'HTTPS://token@git.example.com/x.git'}}}}", "environments.qa.deploy.gitops.repository: must hold neither a user nor a password; give them by SLIPWAY_GITOPS_CREDENTIALS"),
        ('environments: {qa: {deploy: {gitops: {repository: "https://git.example.com/\\u2028x.git"}}}}', "environments.qa.deploy.gitops.repository: 'https://git.example.com/\\u2028x.git' is not an address"),
        ("environments: {qa: {deploy: {gitops: {repository: 'ssh://git:pw@git.example.com/x.git'}}}}", "environments.qa.deploy.gitops.repository: must hold neither a user nor a password; give them by SLIPWAY_GITOPS_CREDENTIALS"),
        ("environments: {qa: {identity: " + "x" * 1001 + "}}", "environments.qa.identity: is longer than 1000 characters"),
        ("freezes: {}", "freezes: must be a list"),
        ("freezes: [7]", "freezes[0]: must hold keys and values"),
        ("freezes: [{environments: [], cron: '0 0 * * *', duration: 1h, timezone: UTC, reason: x}]", "freezes[0].environments: must name at least one"),
        ("freezes: [{cron: '0 0 * * *', duration: 1h, timezone: Mars, reason: x}]", "freezes[0].timezone: 'Mars' is not a time zone such as Europe/Berlin"),
    ],
)  # fmt: skip
def test_a_fault_says_what_is_wrong_in_plain_words(line: str, fault: str) -> None:
    """And it is the only one: what follows from it is not said again."""
    assert said(f"{HEAD}{line}\n") == [fault]


@pytest.mark.parametrize(
    ("services", "fault"),
    [
        ("{}", "services: must hold at least one name; leave services out for the defaults"),
        ("{one: {path: a, chart: b, tests: x}}", "services.one.tests: is not a key here; the keys are: path, chart, triggers, build"),
        ("{one: {path: a, chart: 'b/{service}'}}", "services.one.chart: 'b/{service}' takes no placeholders; write the folder"),
        ("{one: {path: a, chart: b, build: {args: {a-b: 1}}}}", "services.one.build.args.a-b: 'a-b' is not the name of a build argument"),
        ("{one: {path: a, chart: b, triggers: {branches: {only: []}}}}", "services.one.triggers.branches.only: is not a key here; the keys are: include, exclude"),
        ("{one: {path: a, chart: b, triggers: {branches: {include: [ ]}, paths: {include: ['']}}}}", "services.one.triggers.paths.include[0]: must not be empty"),
    ],
)  # fmt: skip
def test_a_fault_in_a_service_says_so_too(services: str, fault: str) -> None:
    """Services follow the same manner."""
    assert said(f"version: 1\nregistry: r.io\nservices: {services}\n") == [fault]


@pytest.mark.parametrize("registry", ["https://r.io", "r.io/x", "r.io:port", "-r"])
def test_a_registry_is_a_host(registry: str) -> None:
    """With a port or without; neither scheme nor path."""
    (fault,) = said(f"version: 1\nregistry: {registry}\nservices: {{one: {{path: a, chart: b}}}}")

    assert fault.startswith(f"registry: '{registry}' is not a registry's host")


def test_an_environment_needs_a_target_outside_the_local_host() -> None:
    """Also where the file names no environments and the defaults count."""
    assert said(HEAD, local=False) == [
        "environments.qa.deploy: is missing: say where qa is, by gitops or helm",
        "environments.production.deploy: is missing: say where production is, by gitops or helm",
    ]


def test_a_circle_of_environments_is_shown_once_with_its_way() -> None:
    """What comes after the circle is not part of it; a second circle is another fault."""
    found = said(
        HEAD
        + "environments: {a: {after: [b]}, b: {after: [c]}, c: {after: [a]}, d: {after: [a]}, x: {after: [y]}, y: {after: [x]}}"
    )

    assert found == [
        "environments.c.after: goes in a circle: a → c → b → a",
        "environments.y.after: goes in a circle: x → y → x",
    ]


def test_two_services_may_not_share_a_repository() -> None:
    """One would overwrite the other's tags."""
    text = "version: 1\nregistry: r.io\nartifacts: {image: app}\nservices: {one: {path: a, chart: b}, two: {path: a, chart: b}}"

    assert said(text) == ["artifacts.image: app would hold both the image of one and the image of two"]


@pytest.mark.parametrize(
    ("environments", "fault"),
    [
        ("{qa: {deploy: {gitops: {repository: x, path: apps}}}}", "environments.qa.deploy: two in qa would write over one in qa: x/main/apps"),
        ("{qa: {deploy: {gitops: {repository: x, path: '{service}'}}}, up: {deploy: {gitops: {repository: x, path: '{service}/{tag}'}}}}", "environments.up.deploy: one in up would write over one in qa: x/main/one/{tag}"),
        ("{qa: {namespace: n, deploy: {helm: {cluster: x}}}, up: {namespace: n, deploy: {helm: {cluster: x}}}}", "environments.up.deploy: one in up would write over one in qa: x/n/one"),
    ],
)  # fmt: skip
def test_two_deployments_may_not_share_a_place(environments: str, fault: str) -> None:
    """Nor lie within each other."""
    services = "{one: {path: a, chart: b}, two: {path: a, chart: b}}"

    assert fault in said(f"version: 1\nregistry: r.io\nservices: {services}\nenvironments: {environments}")


def test_deployments_side_by_side_are_no_fault() -> None:
    """Other branches, folders, namespaces and contexts are other places."""
    text = HEAD + (
        "environments: {a: {deploy: {helm: {cluster: x}}}, b: {deploy: {helm: {cluster: x}}},"
        " c: {deploy: {gitops: {repository: x}}}, d: {deploy: {gitops: {repository: x}}}}"
    )

    found = SlipwayYaml().compile(text.encode(), repository="monorepo", commit="c1", files=())

    assert len(found.services[0].environments) == 4
