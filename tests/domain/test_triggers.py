"""Trigger rules, as Azure Pipelines documents them."""

from __future__ import annotations

import pytest

from shared.domain.policies.policy import Patterns, ServicePolicy, TriggerPolicy
from shared.domain.policies.triggers import (
    affected,
    affected_by_links,
    any_path_matches,
    branch_matches,
    may_follow,
    path_matches,
    skip_marker,
)
from shared.domain.values.names import ServiceKey
from shared.domain.values.records import replace
from tests.support.parts import PARTS


def only(*include: str, without: tuple[str, ...] = ()) -> Patterns:
    return Patterns(include=include, exclude=without)


@pytest.mark.parametrize(
    ("patterns", "branch", "selected"),
    [
        (only(), "refs/heads/anything/at/all", True),
        (only("*"), "refs/heads/a/b", True),
        (only("main"), "main", True),
        (only("refs/heads/main"), "main", True),
        (only("main"), "refs/heads/maintenance", False),
        (only("feature/*"), "feature/a/b", True),
        (only("feature/*"), "feature", False),
        (only("v?"), "v1", True),
        (only("v?"), "v12", False),
        (only("v?"), "v", False),
        (only("feature/*-done"), "feature/x-done-y-done", True),
        (only("Main"), "main", False),
        (only("releases/*", without=("releases/old*",)), "releases/old/1", False),
        (only("releases/*", without=("releases/old*",)), "releases/new", True),
        (only(without=("main",)), "topic", True),
        (only(without=("main",)), "main", False),
        (only("main", without=("*",)), "main", False),
        (only(), "refs/tags/v1", False),
        (only("*"), "refs/tags/v1", False),
        (only("refs/tags/v*"), "refs/tags/v1", True),
        (only("refs/tags/v*"), "main", False),
        (only("*", "refs/tags/v*", without=("refs/tags/v0*",)), "refs/tags/v0.1", False),
    ],
)
def test_a_branch_is_selected_by_includes_and_not_excludes(patterns: Patterns, branch: str, selected: bool) -> None:
    """`*` crosses slashes, `?` is one character, no include means all branches, tags only where listed."""
    assert branch_matches(patterns, branch) is selected


@pytest.mark.parametrize(
    ("patterns", "path", "counts"),
    [
        (only(), "README.md", True),
        (only("/"), "a/b", True),
        (only("*"), "a/b", True),
        (only("src/delivery"), "src/delivery/app.py", True),
        (only("/src/delivery/"), "/src/delivery/deep/app.py", True),
        (only("src/delivery"), "src/delivery-2/app.py", False),
        (only("src/delivery"), "src/Delivery/app.py", False),
        (only("src/delivery/app.py"), "src/delivery/app.py", True),
        (only("docs/*.md"), "docs/a.md", True),
        (only("docs/*.md"), "docs/deep/a.md", False),
        (only("docs/*"), "docs/deep/a.md", True),
        (only("docs/**"), "docs/deep/a.md", True),
        (only("docs/**"), "docs2/a.md", False),
        (only("**/*.md"), "a.md", True),
        (only("**/*.md"), "x/y/a.md", True),
        (only("src/**/test"), "src/a/b/test/x.py", True),
        (only("src/**/test"), "src/test/x.py", True),
        (only("src/**/test"), "src/tests/x.py", False),
        (only("src/?/x"), "src/a/x", True),
        (only("src/?/x"), "src/ab/x", False),
        (only(without=("docs",)), "docs/a.md", False),
        (only(without=("docs",)), "src/a.py", True),
        (only("tools", without=("tools",)), "tools/x", False),
        (only("tools/run", without=("tools",)), "tools/run/x", True),
        (only("tools/run", without=("tools/*",)), "tools/run/x", True),
        (only("tools/run", without=("tools/**",)), "tools/run/x", True),
        (only("tools/run", without=("*",)), "tools/run/x", True),
        (only("tools/run", without=("tools/run/*",)), "tools/run/x", False),
        (only("*", without=("*",)), "x", False),
        (only("src", without=("src/a/b",)), "src/a/b/x", False),
        (only("src", "src/a/b/c", without=("src/a",)), "src/a/b/c/x", True),
        (only("src/a", without=("src", "src/a/b")), "src/a/b/x", False),
        (only("src", without=("**/*.md",)), "src/deep/a.md", False),
    ],
)
def test_a_path_counts_by_includes_and_excludes(patterns: Patterns, path: str, counts: bool) -> None:
    """A folder covers all below; an exclude loses only to an include that lies deeper than itself."""
    assert path_matches(patterns, path) is counts


def test_the_order_of_path_filters_is_irrelevant() -> None:
    """The same filters in any order say the same."""
    one = only("src", "src/a/b", without=("src/a", "docs"))
    other = only("src/a/b", "src", without=("docs", "src/a"))
    paths = ("src/x", "src/a/x", "src/a/b/x", "docs/x", "x")

    assert [path_matches(one, path) for path in paths] == [path_matches(other, path) for path in paths]


def test_hostile_patterns_take_no_exponential_time() -> None:
    """Patterns such as `*a*a*a…` end; a backtracking matcher would not live to see it."""
    branch = only("*a" * 60 + "b")
    path = only("/".join(["**", "*a*a*a*a*a*b"] * 12))

    assert not branch_matches(branch, "a" * 400)
    assert not path_matches(path, "/".join(["a" * 40] * 60))


def test_a_push_that_changes_nothing_counts_only_without_filters() -> None:
    """A new branch without changes runs what has no path filters, and nothing else."""
    assert any_path_matches(only(), [])
    assert not any_path_matches(only("src"), [])
    assert not any_path_matches(only(without=("src",)), [])
    assert any_path_matches(only("src"), ["README.md", "src/x"])


def test_a_service_is_affected_by_its_branches_and_its_paths_together() -> None:
    """Both filters must agree."""
    policy = ServicePolicy(
        service=ServiceKey("monorepo", "delivery"),
        path="src/delivery",
        chart="charts/delivery",
        registry="localhost:5000",
        parts=PARTS,
        environments=(),
        triggers=TriggerPolicy(branches=only("main"), paths=only("src/delivery")),
    )

    assert affected(policy, "refs/heads/main", ["src/delivery/x"])
    assert not affected(policy, "refs/heads/topic", ["src/delivery/x"])
    assert not affected(policy, "refs/heads/main", ["src/package/x"])


def following(*, without: tuple[str, ...] = ()) -> ServicePolicy:
    """A service whose file names no paths, with a link from its folder to lib."""
    return ServicePolicy(
        service=ServiceKey("monorepo", "delivery"),
        path="src/delivery",
        chart="charts/delivery",
        registry="localhost:5000",
        parts=PARTS,
        environments=(),
        triggers=TriggerPolicy(branches=only("main"), paths=only("src/delivery", without=without), follow_links=True),
    )


@pytest.mark.parametrize(
    ("path", "counts"),
    [("lib/x", True), ("lib", True), ("library/x", False), (".gitattributes", False), ("src/.gitattributes", False)],
)
def test_what_links_lead_to_counts_where_no_paths_are_written(path: str, counts: bool) -> None:
    """Attributes above a folder are used by who checks out, but not by what is built here."""
    used = (".gitattributes", "lib", "src/.gitattributes", "src/delivery")

    assert affected_by_links(following(), used, [path]) is counts


def test_a_name_that_a_link_leads_to_is_no_pattern() -> None:
    """A folder called * is not everything; the whole repository is."""
    assert not affected_by_links(following(), ("*/x", "src/delivery"), ["docs/y"])
    assert affected_by_links(following(), ("*/x", "src/delivery"), ["*/x/y"])
    assert affected_by_links(following(), ("",), ["docs/y"])
    assert not affected_by_links(following(), ("src/delivery",), ["docs/y"])


def test_excluded_paths_count_no_more_by_way_of_a_link() -> None:
    """An exclude is somebody's word."""
    assert not affected_by_links(following(without=("lib/docs",)), ("lib",), ["lib/docs/x"])


def test_links_are_followed_only_on_branches_that_are_selected() -> None:
    """And never where paths are written."""
    assert may_follow(following(), "refs/heads/main")
    assert not may_follow(following(), "refs/heads/topic")
    assert not may_follow(replace(following(), triggers=TriggerPolicy(paths=only("src"))), "refs/heads/main")


@pytest.mark.parametrize(
    "marker",
    [
        "[skip ci]",
        "[ci skip]",
        "***NO_CI***",
        "[skip azurepipelines]",
        "[azurepipelines skip]",
        "[skip azpipelines]",
        "[azpipelines skip]",
        "[skip azp]",
        "[azp skip]",
        "skip-checks:true",
        "skip-checks: true",
        "[Skip CI]",
    ],
)
def test_a_skip_marker_in_any_commit_is_found(marker: str) -> None:
    """The marker may stand anywhere in the message of any commit of the push."""
    assert skip_marker(["Fix a thing", f"Tidy\n\nand more {marker} here", "Third"]) == marker


@pytest.mark.parametrize("messages", [[], ["skip ci"], ["[skipci]", "NO_CI", "skip-checks:false"]])
def test_what_only_resembles_a_marker_skips_nothing(messages: list[str]) -> None:
    """Brackets and stars are part of the marker."""
    assert skip_marker(messages) is None
