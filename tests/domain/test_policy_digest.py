"""Whether a policy says something new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.policies.policy import (
    ApprovalRule,
    BuildPolicy,
    GitOpsTarget,
    HelmTarget,
    Queueing,
    RepositoryPolicy,
    ServicePolicy,
)
from shared.domain.policies.policy_digest import policy_digest
from shared.domain.values.records import replace
from tests.support.pilot import PRODUCTION, QA, environment, policy


def test_the_same_policy_has_the_same_digest() -> None:
    """Wherever and whenever it was compiled."""
    assert policy_digest(policy()) == policy_digest(policy())


def test_where_a_policy_was_read_is_no_part_of_what_it_says() -> None:
    """A commit that changes nothing of it is no news."""
    assert policy_digest(policy()) == policy_digest(policy(commit="e" * 40, digest="f" * 64))


@pytest.mark.parametrize(
    "other",
    [
        policy(path="src/other"),
        policy(QA),
        policy(PRODUCTION, QA),
        policy(queueing=Queueing.IN_ORDER),
        policy(build=BuildPolicy(args=(("A", "1"),))),
        policy(build_deadline=timedelta(hours=2, microseconds=1)),
        policy(QA, replace(PRODUCTION, approval=ApprovalRule(minimum=2))),
        policy(QA, replace(PRODUCTION, approval=None)),
        policy(QA, replace(PRODUCTION, approval=ApprovalRule(pinned=(("a@b", "1"),)))),
    ],
)
def test_whatever_a_policy_says_counts(other: ServicePolicy) -> None:
    """Also its order, and a microsecond."""
    assert policy_digest(other) != policy_digest(policy())


def test_targets_of_two_kinds_are_told_apart() -> None:
    """By their kind as well as by their fields."""
    git = policy(environment("qa", deploy=GitOpsTarget(repository="a")))
    helm = policy(environment("qa", deploy=HelmTarget(cluster="a")))

    assert policy_digest(git) != policy_digest(helm)


def test_a_repository_knows_its_services_by_name() -> None:
    """And that there is none of another name."""
    whole = RepositoryPolicy(repository="shipping", commit="c" * 40, services=(policy(),))

    assert whole.service("delivery") == policy()
    assert whole.service("package") is None
