"""A push that is not taken: a race is tried again at once, a bad moment later, and anything else says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.git_disk.git import Git
from shared.adapters.gitops.refusals import PushedFirst, of_push
from shared.adapters.processes import Completed
from shared.ports.errors import Permanent, Transient
from tests.adapters.gitops.test_races import a_deployer, an_order
from tests.support.git_repositories import GitRepository, a_repository


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


def test_a_hook_that_says_no_is_heard(repository: GitRepository, tmp_path: Path) -> None:
    """A real one: its words are in the reason."""
    hook = repository.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'deploys are frozen by the bank'\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(Permanent, match="it says: deploys are frozen by the bank"):
        a_deployer(tmp_path, "work").deploy(an_order())


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
        a_deployer(tmp_path, "work").deploy(an_order())

    assert fault.value.ours
    assert repository.tip() == before


def test_a_link_where_a_folder_belongs_is_not_followed(repository: GitRepository, tmp_path: Path) -> None:
    """What would be written behind it is somebody else's."""
    _link(repository, "qa", "production")

    with pytest.raises(Permanent, match=r"qa of .* is a symbolic link, where a folder belongs"):
        a_deployer(tmp_path, "work").deploy(an_order())


def _link(repository: GitRepository, path: str, target: str) -> None:
    stream = (
        f"commit refs/heads/main\ncommitter a <a@example.com> 1772452800 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"
        f"M 120000 inline {path}\ndata {len(target)}\n{target}\n"
    )
    Git(repository.path)("fast-import", "--quiet", "--force", input=stream.encode())


def _said(line: str, stderr: str = "") -> Completed:
    return Completed(code=1, stdout=f"To r\n!\tabc:refs/heads/main\t{line}\nDone\n".encode(), stderr=stderr.encode())
