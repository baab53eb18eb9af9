"""Whatever path somebody gives for their monorepo is served as it is meant, or refused with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.__main__ import main
from infra.local.check.command import check
from infra.local.githook.install import install_hook
from infra.local.repository import NoRepository, find_repository
from infra.local.sample import git
from shared.domain.values.names import ServiceKey


def a_clone(path: Path) -> Path:
    """A repository with a work tree and a commit on main."""
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    (path / "src").mkdir()
    (path / "src/file").write_text("x")
    git(path, "add", "--all")
    git(path, "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "--quiet", "-m", "Begin")
    return path


def up(repo: Path, tmp_path: Path) -> int:
    """Ask for a host on a repository that it refuses."""
    return main(["up", "--repo", str(repo), "--dir", str(tmp_path / "state")])


def test_a_repository_is_named_by_its_folder(tmp_path: Path) -> None:
    """With a work tree, by its `.git`, bare, and in the folder where somebody is."""
    path = a_clone(tmp_path / "shop")
    git(tmp_path, "clone", "--quiet", "--bare", "shop", "mirror.git")
    found, inner, bare = find_repository(path), find_repository(path / ".git"), find_repository(tmp_path / "mirror.git")

    assert (found.path, found.name, found.branch, found.begun) == (path, "shop", "main", True)
    assert inner == found
    assert (bare.path, bare.name, bare.branch, bare.begun) == (tmp_path / "mirror.git", "mirror", "main", True)


def test_a_relative_path_is_meant_from_where_somebody_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dot has no name of its own."""
    path = a_clone(tmp_path / "shop")
    monkeypatch.chdir(path)

    assert find_repository(Path()) == find_repository(Path("../shop")) == find_repository(path)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("our shop", "our-shop"),
        ("größe & co.git", "gr-e-co"),
        (".hidden", "hidden"),
        ("日本", "repository"),
        ("x" * 200, "x" * 128),
    ],
)
def test_a_name_is_one_that_addresses_can_hold(tmp_path: Path, folder: str, name: str) -> None:
    """Whatever the folder is called; every service has its repository's name in its key."""
    found = find_repository(a_clone(tmp_path / folder))

    assert (found.path, found.name) == (tmp_path / folder, name)
    assert str(ServiceKey(found.name, "delivery")) == f"{name}~delivery"


def test_a_linked_work_tree_is_its_main_repository(tmp_path: Path) -> None:
    """Hooks run there, and its branch is the default one, whatever is checked out beside it."""
    path = a_clone(tmp_path / "shop")
    git(path, "worktree", "add", "--quiet", "-b", "feature/x", "../linked")
    git(path, "worktree", "add", "--quiet", "--detach", "../detached")
    found = find_repository(tmp_path / "linked")

    assert found == find_repository(tmp_path / "detached") == find_repository(path)
    assert install_hook(found.path, "http://127.0.0.1:1", "secret", "shop") == path / ".git/hooks/post-receive"


def test_a_detached_head_is_refused_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No branch says what is in force; the check needs none, as pipelines check out so."""
    path = a_clone(tmp_path / "our shop")
    git(path, "checkout", "--quiet", "--detach")

    assert up(path, tmp_path) == 2
    said = capsys.readouterr().err
    assert "its HEAD is detached" in said
    assert said.endswith(f"git -C '{path}' switch main\n")
    assert not (tmp_path / "state").exists()
    assert "is detached" in check(path, None).text()
    assert git(path, "rev-parse", "HEAD")[:12] in check(path, None).text()


def test_an_empty_repository_may_be_begun_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check has nothing to look at, and says what is missing."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "empty")
    found = find_repository(tmp_path / "empty")

    assert (found.branch, found.begun) == ("main", False)
    assert main(["check", "--repo", str(tmp_path / "empty")]) == 2
    assert "its default branch main has no commit; commit a slipway.yaml to it" in capsys.readouterr().err


def test_a_folder_of_a_repository_is_refused_naming_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own folders are no monorepos, nor is what lies around a folder that is none."""
    path = a_clone(tmp_path / "shop")

    assert up(path / "src", tmp_path) == 2
    assert capsys.readouterr().err.endswith(f"give that one: REPO={path}\n")
    for nothing in (tmp_path, tmp_path / "missing", path / "src/file"):
        with pytest.raises(NoRepository, match="is not a git repository; give the folder of your monorepo"):
            find_repository(nothing)
