"""A service's policy is new only when it says something new."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import fields

from shared.domain.policies.policy import GitOpsTarget, HelmTarget, RepositoryPolicy, ServicePolicy
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.records import replace
from shared.inbound.slipway_yaml import SlipwayYaml

TEXT = """
version: 1
registry: r.io
services: {one: {path: a, chart: b}, two: {path: c, chart: d}}
environments: {qa: {deploy: {helm: {cluster: x}}}}
"""


def compiled(text: str, commit: str = "c1") -> RepositoryPolicy:
    return SlipwayYaml().compile(text.encode(), repository="monorepo", commit=commit, files=())


def digests(text: str, commit: str = "c1") -> list[str]:
    return [policy.digest for policy in compiled(text, commit).services]


def test_another_commit_with_the_same_words_keeps_the_digest() -> None:
    """Nor do comments, layout or another service's change count."""
    one, two = digests(TEXT)

    assert digests(f"# hello\n{TEXT}", "c2") == [one, two]
    assert digests(TEXT.replace("path: c", "path: e"))[0] == one
    assert digests(TEXT.replace("path: c", "path: e"))[1] != two


@pytest.mark.parametrize(
    "change",
    [
        ("r.io", "q.io"),
        ("path: a", "path: aa"),
        ("chart: b}", "chart: b, build: {deadline: 1h}}"),
        ("chart: b}", "chart: b, triggers: {batch: false}}"),
        ("cluster: x", "cluster: x, drift: correct"),
        ("cluster: x", "cluster: x, timeout: 6m"),
        ("{helm", "{gitops: {repository: x}}, gates: {soak: 1s}, identity: i, values: [], set: {a: b}} #"),
        ("services", "queueing: in_order\nservices"),
    ],
)
def test_any_change_of_content_changes_the_digest(change: tuple[str, str]) -> None:
    """Whatever a decision could see."""
    text = TEXT.replace(*change)
    if "#" in text:
        text = text.replace("#", "}\n#")

    assert digests(text)[0] != digests(TEXT)[0]


def test_where_the_policy_was_read_is_no_part_of_its_digest() -> None:
    """Commit and digest are left out; everything else is in."""
    policy = compiled(TEXT).services[0]
    left_out = {
        field.name
        for field in fields(ServicePolicy)
        if field.type is str and policy_digest(_changed(policy, field.name)) == policy.digest
    }

    assert left_out == {"commit", "digest"}


def _changed(policy: ServicePolicy, field: str) -> ServicePolicy:
    return replace(policy, **{field: "changed"})


def test_the_kind_of_a_target_counts() -> None:
    """Two kinds with equal words in them are two policies, and so are two durations."""
    policy = compiled(TEXT).services[0]
    (qa,) = policy.environments
    found = {
        policy_digest(replace(policy, environments=(replace(qa, deploy=deploy),)))
        for deploy in (HelmTarget(cluster="x"), HelmTarget(cluster="y"), GitOpsTarget(repository="x"))
    }
    durations = {policy_digest(replace(policy, build_deadline=timedelta(hours=hours))) for hours in (1, 2)}

    assert len(found) == 3
    assert len(durations) == 2
