"""A push that is not taken: a race is tried again at once, a bad moment later, and anything else says what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shared.adapters.git_disk.git import Git
from shared.adapters.gitops.refusals import PushedFirst, of_push
from shared.adapters.processes import Completed
from shared.domain.policies.policy import GitOpsTarget
from shared.ports.errors import Permanent, Transient
from tests.adapters.gitops.test_races import a_gitops, an_order
from tests.support.git_repositories import GitRepository, a_repository
from tests.support.gitops import place_at


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """The GitOps repository."""
    return a_repository(tmp_path / "environments.git", {"README.md": "ours"})


@pytest.mark.parametrize(
    "reason",
    [
        "fetch first",
        "non-fast-forward",
        "stale info",
        "cannot lock ref 'refs/heads/main': is at 1234 but expected 5678",
        "failed to update ref",
        "incorrect old value provided",
    ],
)
def test_who_was_pushed_before_looks_again(tmp_path: Path, reason: str) -> None:
    """Git says it in as many words as there are moments."""
    assert isinstance(of_push(_said(f"[remote rejected] ({reason})"), "r", Git(tmp_path)), PushedFirst)


@pytest.mark.parametrize(
    "reason", ["unpacker error", "unable to migrate objects to permanent storage", "Internal Server Error"]
)
def test_a_bad_moment_is_worth_another_try(tmp_path: Path, reason: str) -> None:
    """It is said with the server's own words."""
    found = of_push(_said(f"[remote rejected] ({reason})", "remote: disk quota exceeded\n"), "r", Git(tmp_path))

    assert isinstance(found, Transient)
    assert not isinstance(found, Permanent)
    assert f"({reason}); it says: disk quota exceeded" in str(found)


@pytest.mark.parametrize(
    "reason",
    [
        "pre-receive hook declined",
        "push declined due to repository rule violations",
        "TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.",
        "shallow update not allowed",
        "branch is currently checked out",
        "something that no git of today says",
    ],
)
def test_any_other_refusal_is_for_good_and_says_what_it_is(tmp_path: Path, reason: str) -> None:
    """Twenty more tries would say that others pushed first, which nobody did."""
    found = of_push(_said(f"[remote rejected] ({reason})"), "r", Git(tmp_path))

    assert isinstance(found, Permanent)
    assert found.ours
    assert f"refuses the push ({reason})" in str(found)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("failure", "fatal error in commit_refs"),
        ("pre-receive hook declined", "GitLab: 500 Internal Server Error"),
        ("pre-receive hook declined", "GitLab: Internal API unreachable"),
        ("pre-receive hook declined", "504 Gateway Timeout"),
        ("pre-receive hook declined", "Gitea: Internal Server Error"),
        ("timed out", ""),
        ("failed to update ref", "error: Unable to create '/r/refs/heads/main.lock': File exists."),
    ],
)
def test_a_host_that_is_down_for_a_while_is_no_refusal_for_good(tmp_path: Path, reason: str, told: str) -> None:
    """Its own hooks decline then; what it says tells them from people's. Nor did anybody push first."""
    found = of_push(_said(f"[remote rejected] ({reason})", f"remote: {told}\n"), "r", Git(tmp_path))

    assert isinstance(found, Transient)


@pytest.mark.parametrize("told", ["pushes to internal branches are declined", "please try again after the freeze"])
def test_words_of_peoples_hooks_are_not_taken_for_a_host_that_is_down(tmp_path: Path, told: str) -> None:
    """They declined, and will again."""
    found = of_push(_said("[remote rejected] (pre-receive hook declined)", f"remote: {told}\n"), "r", Git(tmp_path))

    assert isinstance(found, Permanent)


def test_a_branch_that_cannot_be_made_is_named(repository: GitRepository, tmp_path: Path) -> None:
    """Where `main` is a branch, `main/prod` can be none: twenty more tries do not change that."""
    target = GitOpsTarget(repository="environments.git", path="qa/delivery", branch="main/prod")
    order = replace(an_order(), place=place_at(target))

    with pytest.raises(Permanent, match="'refs/heads/main' exists"):
        a_gitops(tmp_path, "work").apply(order)


def test_a_lock_that_was_left_behind_is_told_of(repository: GitRepository, tmp_path: Path) -> None:
    """Somebody has to look at the server, and is told of which file."""
    (repository.path / "refs/heads").mkdir(exist_ok=True)
    (repository.path / "refs/heads/main.lock").touch()

    with pytest.raises(Transient, match=r"main\.lock") as fault:
        a_gitops(tmp_path, "work").apply(an_order())

    assert "others pushed first" not in str(fault.value)


def test_a_hook_that_says_no_is_heard(repository: GitRepository, tmp_path: Path) -> None:
    """A real one: its words are in the reason."""
    hook = repository.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'deploys are frozen by the bank'\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(Permanent, match="it says: deploys are frozen by the bank"):
        a_gitops(tmp_path, "work").apply(an_order())


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"qa": "a note"}, "qa of environments.git, branch main is a file, where a folder belongs"),
        ({"qa/delivery": "a note"}, "qa/delivery of .* is a file, where a folder belongs"),
        ({"qa/delivery/manifests.yaml/x": "y"}, r"manifests\.yaml of .* is a folder, where a file belongs"),
        ({"qa/delivery/promotion.yaml/x": "y"}, r"promotion\.yaml of .* is a folder, where a file belongs"),
    ],
)
def test_what_lies_where_ours_belongs_is_not_replaced(
    repository: GitRepository, tmp_path: Path, files: dict[str, str], what: str
) -> None:
    """Somebody put it there; nothing is written, and it says what to do."""
    before = repository.commit(files)

    with pytest.raises(Permanent, match=what) as fault:
        a_gitops(tmp_path, "work").apply(an_order())

    assert fault.value.ours
    assert repository.tip() == before


def test_a_link_where_a_folder_belongs_is_not_followed(repository: GitRepository, tmp_path: Path) -> None:
    """What would be written behind it is somebody else's."""
    _link(repository, "qa", "production")

    with pytest.raises(Permanent, match=r"qa of .* is a symbolic link, where a folder belongs"):
        a_gitops(tmp_path, "work").apply(an_order())


def _link(repository: GitRepository, path: str, target: str) -> None:
    stream = (
        f"commit refs/heads/main\ncommitter a <a@example.com> 1772452800 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
        f"M 120000 inline {path}\ndata {len(target)}\n{target}\n"
    )
    Git(repository.path)("fast-import", "--quiet", "--force", input=stream.encode())


def _said(line: str, stderr: str = "") -> Completed:
    return Completed(code=1, stdout=f"To r\n!\tabc:refs/heads/main\t{line}\nDone\n".encode(), stderr=stderr.encode())
