"""Which branch is the default one: as HEAD says now, read without a process where its file says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.git_disk.git import Git
from shared.adapters.git_disk.source import GitSource
from tests.support.git_repositories import GitRepository, a_repository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A repository with one file on main."""
    return a_repository(tmp_path / "shop.git", {"README.md": "shop"})


def test_the_default_branch_follows_head_at_once(repository: GitRepository) -> None:
    """Nothing of it is remembered."""
    source = GitSource({"shop": repository.path})
    before = source.default_ref("shop")

    repository.git("symbolic-ref", "HEAD", "refs/heads/release/next")

    assert (before, source.default_ref("shop")) == ("refs/heads/main", "refs/heads/release/next")


def test_a_linked_work_tree_has_the_default_branch_that_git_says(repository: GitRepository, tmp_path: Path) -> None:
    """Its HEAD lies elsewhere: only git knows where."""
    tree = tmp_path / "tree"
    repository.git("worktree", "add", "--quiet", "-b", "topic", str(tree), "main")

    assert Git(tree).head() is None
    assert GitSource({"shop": tree}).default_ref("shop") == "refs/heads/topic"


@pytest.mark.parametrize(
    "content", ["ref: refs/heads/.invalid\n", "ref: refs/tags/v1\n", "0" * 40 + "\n", "\udcff", ""]
)
def test_a_head_that_names_no_branch_is_left_to_git(repository: GitRepository, content: str) -> None:
    """Repositories that keep refs in tables have such a file."""
    (repository.path / "HEAD").write_bytes(content.encode("utf-8", "surrogateescape"))

    assert Git(repository.path).head() is None
