"""Names that somebody chose never become options, paths outside or commands of git."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.adapters.git_disk.git import Git, GitFailed, is_commit_id, is_full_ref
from shared.adapters.git_disk.source import GitSource
from shared.ports.errors import NotFound, Permanent, Transient
from tests.support.git_repositories import GitRepository, a_repository

HOSTILE = [
    "-x",
    "--output=/tmp/x",
    "--upload-pack=touch x",
    "HEAD",
    "main",
    "refs/heads/main",
    "main:README",
    "",
    "0" * 40,
    "a\nb",
]


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A repository with one file on main."""
    return a_repository(tmp_path / "shop.git", {"README.md": "shop"})


@pytest.mark.parametrize("commit", HOSTILE)
def test_only_full_ids_are_commits(repository: GitRepository, tmp_path: Path, commit: str) -> None:
    """Options, branches and abbreviations are not found, and git is never asked."""
    source = GitSource({"shop": repository.path})
    tip = repository.tip() or ""

    for ask in (source.file, source.files):
        with pytest.raises(NotFound, match="has no commit"):
            ask("shop", commit, "README.md")
    with pytest.raises(NotFound, match="has no commit"):
        source.changed_paths("shop", commit, tip)
    with pytest.raises(NotFound, match="has no commit"):
        source.commits("shop", None, commit)
    with pytest.raises(NotFound, match="has no commit"):
        source.export("shop", commit, [], tmp_path / "into")
    assert not source.contains("shop", commit, tip)
    assert not is_commit_id(commit)


@pytest.mark.parametrize(
    "ref",
    [
        "main",
        "HEAD",
        "-d",
        "--all",
        "refs/heads/*",
        "refs/heads/a..b",
        "refs/heads/.x",
        "refs/heads/x.lock",
        "refs/heads/a\nb",
        "",
    ],
)
def test_only_full_refs_have_tips(repository: GitRepository, ref: str) -> None:
    """What cannot be a branch does not exist."""
    assert not is_full_ref(ref)
    assert GitSource({"shop": repository.path}).tip("shop", ref) is None


def test_a_branch_named_like_a_full_ref_is_not_taken_for_it(repository: GitRepository) -> None:
    """git's own rules would find refs/heads/refs/heads/gone for refs/heads/gone."""
    repository.commit({"x": "1"}, branch="refs/heads/gone")

    assert GitSource({"shop": repository.path}).tip("shop", "refs/heads/gone") is None


@pytest.mark.parametrize("path", ["../README.md", "/etc/passwd", "a/../../b", "a\nb"])
def test_paths_stay_inside_the_repository(repository: GitRepository, path: str) -> None:
    """A configuration that names files outside is refused with the path."""
    with pytest.raises(Permanent):
        GitSource({"shop": repository.path}).file("shop", repository.tip() or "", path)


def test_a_folder_inside_another_repository_is_no_repository(repository: GitRepository) -> None:
    """The repository around it is not read in its place."""
    inner = repository.path / "inner"
    inner.mkdir()

    with pytest.raises(Transient, match="not a git repository"):
        GitSource({"inner": inner}).tips("inner")


def test_the_hosts_own_git_settings_do_not_count(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIT_DIR and a personal configuration of whoever started the host change nothing."""
    (tmp_path / "config").write_text("[log]\n\tshowSignature = true\n[core]\n\tbroken")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))

    assert GitSource({"shop": repository.path}).tip("shop", "refs/heads/main") == repository.tip()


def test_relative_paths_mean_the_hosts_folder(repository: GitRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not taken from where git happens to run."""
    monkeypatch.chdir(repository.path.parent)

    assert GitSource({"shop": Path("shop.git")}).tip("shop", "refs/heads/main") == repository.tip()


def test_a_clone_with_a_work_tree_is_a_source_too(repository: GitRepository, tmp_path: Path) -> None:
    """Somebody's own monorepo can be served; only what is committed counts."""
    clone = tmp_path / "clone"
    Git(tmp_path, protocols=("file",))("clone", "--quiet", "--", str(repository.path), str(clone))
    (clone / "README.md").write_text("changed and not committed")
    source = GitSource({"own": clone})

    tip = source.tip("own", source.default_ref("own"))

    assert tip == repository.tip()
    assert source.file("own", tip or "", "README.md") == b"shop"


def test_a_detached_clone_has_no_default_branch(repository: GitRepository) -> None:
    """The message says how to give it one."""
    (repository.path / "HEAD").write_text(f"{repository.tip()}\n")

    with pytest.raises(NotFound, match=r"detached.*git symbolic-ref"):
        GitSource({"shop": repository.path}).default_ref("shop")


def test_git_may_speak_only_the_protocols_it_was_given(repository: GitRepository, tmp_path: Path) -> None:
    """An address that runs a command is refused by git itself."""
    with pytest.raises(GitFailed, match="not allowed"):
        Git(repository.path, protocols=("file",))("ls-remote", "--", f"ext::sh -c touch% {tmp_path}/ran")

    assert not (tmp_path / "ran").exists()


def test_passwords_in_addresses_do_not_reach_messages(repository: GitRepository) -> None:
    """Messages go to the ledger and the page."""
    address = "https://robot:secret@127.0.0.1:9/x.git"

    with pytest.raises(GitFailed) as raised:
        Git(repository.path, protocols=("https",))("ls-remote", "--", address)

    assert "secret" not in str(raised.value)


def test_git_that_takes_too_long_is_tried_again(repository: GitRepository, tmp_path: Path) -> None:
    """A hanging git is killed and reported as transient."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(Transient, match="longer than"):
        Git(repository.path, timeout=0.3)("hash-object", str(pipe))
