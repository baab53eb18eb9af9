"""Every source of code answers the same about the same history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from shared.adapters.git_disk.source import GitSource
from shared.adapters.git_disk.writing import Identity
from shared.ports.errors import NotFound
from shared.ports.source import Contributor, Contributors, Source, UsedPaths
from tests.support.git_repositories import ANN, BEN, GitRepository, a_repository
from tests.support.raw_git import RawGit, link

NO_COMMIT = "1" * 40


@dataclass
class Shop:
    """A source that serves one repository, `shop`, and the repository itself to write to."""

    source: Source
    repository: GitRepository


@pytest.fixture(params=["git_disk"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    """The repository as each adapter sees it."""
    repository = a_repository(
        tmp_path / "shop.git", {"README.md": "shop", "src/a/Dockerfile": "FROM scratch", "src/a/app.py": "1"}
    )
    return Shop(GitSource({"shop": repository.path}), repository)


def tip(shop: Shop) -> str:
    """The tip of main, which is there."""
    found = shop.source.tip("shop", "refs/heads/main")
    assert found is not None
    return found


def test_it_names_its_repositories_and_branches(shop: Shop) -> None:
    """Default branch, tips and single tips are those of the repository."""
    branch = shop.repository.commit({"x": "1"}, branch="feature/ä b".replace(" ", "-"), on=tip(shop))

    assert list(shop.source.repositories()) == ["shop"]
    assert shop.source.default_ref("shop") == "refs/heads/main"
    assert shop.source.tips("shop") == {"refs/heads/main": tip(shop), "refs/heads/feature/ä-b": branch}
    assert shop.source.tip("shop", "refs/heads/feature/ä-b") == branch
    assert shop.source.tip("shop", "refs/heads/feature") is None
    assert shop.source.tip("shop", "refs/heads/gone") is None


def test_it_says_how_often_it_is_worth_comparing(shop: Shop) -> None:
    """A disk as often as the tick comes."""
    assert shop.source.reconcile_every == timedelta(minutes=1)


def test_unknown_repositories_and_commits_are_not_found(shop: Shop) -> None:
    """Each question names what it did not find."""
    source = shop.source
    known = tip(shop)
    questions: list[Callable[[], object]] = [
        lambda: source.tips("other"),
        lambda: source.default_ref("other"),
        lambda: source.contains("other", known, known),
        lambda: source.files("shop", NO_COMMIT),
        lambda: source.file("shop", NO_COMMIT, "README.md"),
        lambda: source.changed_paths("shop", NO_COMMIT, known),
        lambda: source.changed_paths("shop", known, NO_COMMIT),
        lambda: source.changed_paths("shop", None, NO_COMMIT),
        lambda: source.commits("shop", None, NO_COMMIT),
        lambda: source.commits("shop", NO_COMMIT, known),
        lambda: source.merge_base("shop", known, NO_COMMIT),
        lambda: source.export("shop", NO_COMMIT, [], shop.repository.path / "never"),
    ]
    for question in questions:
        with pytest.raises(NotFound, match=f"other|{NO_COMMIT}"):
            question()


def test_a_rename_changes_both_paths(shop: Shop) -> None:
    """A service that lost a file has changed as well as the one that got it; odd names come as they are."""
    before = tip(shop)
    after = shop.repository.commit({"src/a/app.py": None, "src/b/app.py": "1", 'src/b/ü "quoted"\n.txt': "x"})

    changed = shop.source.changed_paths("shop", before, after)

    assert sorted(changed) == sorted(["src/a/app.py", "src/b/app.py", 'src/b/ü "quoted"\n.txt'])


def test_changed_paths_compare_two_commits_and_not_their_histories(shop: Shop) -> None:
    """What a merge brings in counts; what was done and undone in between does not; without a base all files do."""
    before = tip(shop)
    side = shop.repository.commit({"src/b/app.py": "2"}, branch="side", on=before)
    shop.repository.commit({"src/a/app.py": "other"})
    shop.repository.commit({"src/a/app.py": "1"})
    merged = shop.repository.commit({"src/b/app.py": "2"}, merge=side)

    assert list(shop.source.changed_paths("shop", before, merged)) == ["src/b/app.py"]
    assert list(shop.source.changed_paths("shop", merged, merged)) == []
    assert sorted(shop.source.changed_paths("shop", None, before)) == [
        "README.md",
        "src/a/Dockerfile",
        "src/a/app.py",
    ]


def test_commits_are_those_between_that_touch_the_paths(shop: Shop) -> None:
    """Newest first, with authors and committers as git keeps them and whole messages; a glob in a path means itself."""
    base = tip(shop)
    one = shop.repository.commit(
        {"src/a/app.py": "2"}, message="One\n\nWith a body.\n\nSigned-off-by: x\n", author=ANN, committer=BEN
    )
    shop.repository.commit({"src/b/app.py": "2"}, message="Elsewhere")
    two = shop.repository.commit({"src/a/app.py": "3"}, message="Zwei: ü", author=BEN)

    found = shop.source.commits("shop", base, two, paths=["src/a"])

    assert [commit.id for commit in found] == [two, one]
    first = found[1]
    assert (first.author_name, first.author_mail) == ("Ann Author", "ann@example.com")
    assert (first.committer_name, first.committer_mail) == ("Ben Builder", "ben@example.com")
    assert first.message.rstrip("\n") == "One\n\nWith a body.\n\nSigned-off-by: x"
    assert found[0].message.rstrip("\n") == "Zwei: ü"
    assert [commit.id for commit in shop.source.commits("shop", base, two, paths=["src/a/"], most=1)] == [two]
    assert len(shop.source.commits("shop", None, two)) == 4
    assert list(shop.source.commits("shop", base, two, paths=["src/*"])) == []
    assert list(shop.source.commits("shop", two, two)) == []


def test_whoever_took_part_on_a_merged_branch_is_among_the_commits(shop: Shop) -> None:
    """Also where main had the same change already, so that the merge shows nothing of the branch."""
    base = tip(shop)
    theirs = shop.repository.commit({"src/a/app.py": "2"}, branch="side", on=base, author=BEN)
    ours = shop.repository.commit({"src/a/app.py": "2"}, message="The same")
    merged = shop.repository.commit({}, merge=theirs)

    assert {commit.id for commit in shop.source.commits("shop", base, merged, paths=["src/a"])} == {
        ours,
        theirs,
    }


def test_ancestry(shop: Shop) -> None:
    """Merge bases and containment; a commit that is gone is contained nowhere."""
    base = tip(shop)
    side = shop.repository.commit({"s": "1"}, branch="side", on=base)
    main = shop.repository.commit({"m": "1"})
    alone = shop.repository.commit({"x": "1"}, branch="alone")

    assert shop.source.merge_base("shop", side, main) == base
    assert shop.source.merge_base("shop", alone, main) is None
    assert shop.source.contains("shop", base, side)
    assert shop.source.contains("shop", side, side)
    assert not shop.source.contains("shop", side, main)
    assert not shop.source.contains("shop", NO_COMMIT, main)


def test_files_are_read_at_a_commit(shop: Shop) -> None:
    """Old content stays readable; folders and absent paths are no files."""
    before = tip(shop)
    after = shop.repository.commit({"src/a/app.py": b"\x00\xff\r\n", "src/ab/x": "", "a b/ü.txt": "ü"})

    assert shop.source.file("shop", before, "src/a/app.py") == b"1"
    assert shop.source.file("shop", after, "src/a/app.py") == b"\x00\xff\r\n"
    assert shop.source.file("shop", after, "src/ab/x") == b""
    assert shop.source.file("shop", after, "a b/ü.txt") == "ü".encode()
    assert shop.source.file("shop", after, "a b missing") is None
    assert shop.source.file("shop", after, "src/a") is None
    assert sorted(shop.source.files("shop", after, "src/a")) == ["src/a/Dockerfile", "src/a/app.py"]
    assert "a b/ü.txt" in shop.source.files("shop", after)
    assert list(shop.source.files("shop", after, "nowhere")) == []


def test_a_link_that_leads_to_a_folder_is_told_from_one_that_leads_to_a_file(tmp_path: Path) -> None:
    """Whoever looks for folders has to know."""
    raw = RawGit(tmp_path / "raw.git")
    commit = raw.commit({"a": {"x": "1"}, "b": link("a"), "c": link("a/x"), "d": link("gone"), "e": link("b")})
    source = GitSource({"raw": raw.path})

    assert list(source.files("raw", commit)) == ["a/x", "b/", "c", "d", "e/"]
    assert list(source.files("raw", commit, "b")) == ["b/"]
    assert list(source.changed_paths("raw", None, commit)) == ["a/x", "b", "c", "d", "e"]


def test_an_export_writes_what_was_named(shop: Shop, tmp_path: Path) -> None:
    """Folders and files with their content; everything where nothing is named; a missing path is not found."""
    commit = shop.repository.commit({"src/b/data": b"\x00\r\n"})
    shop.source.export("shop", commit, ["src/b", "README.md"], tmp_path / "part")
    shop.source.export("shop", commit, [], tmp_path / "all")

    part = sorted(str(path.relative_to(tmp_path / "part")) for path in (tmp_path / "part").rglob("*") if path.is_file())
    assert part == ["README.md", "src/b/data"]
    assert (tmp_path / "part/src/b/data").read_bytes() == b"\x00\r\n"
    assert (tmp_path / "all/src/a/app.py").read_bytes() == b"1"
    with pytest.raises(NotFound, match="nowhere"):
        shop.source.export("shop", commit, ["src/b", "nowhere"], tmp_path / "none")


def test_whoever_wrote_the_paths_is_among_the_contributors(shop: Shop) -> None:
    """Authors, committers and co-authors of each commit between, each once: also of a side that a merge dropped, and of the merge."""
    base = tip(shop)
    shop.repository.commit({"src/b/x": "1"}, author=Identity("Elsewhere", "e@example.com"))
    message = "One\n\ncO-AUTHORED-bY: Cy Co <cy@example.com>\n\nand more"
    side = shop.repository.commit({"src/a/x": "2"}, branch="side", on=base, message=message, author=BEN)
    merged = shop.repository.commit({"src/a/x": None}, merge=side)

    people = [(one.name, one.mail) for one in shop.source.contributors("shop", base, merged, paths=["src/a"]).people]
    assert people == [
        ("Ann Author", "ann@example.com"),
        ("Ben Builder", "ben@example.com"),
        ("Cy Co", "cy@example.com"),
    ]
    assert shop.source.contributors("shop", merged, merged, paths=["src/a"]) == Contributors()
    assert Contributor("Ann Author", "ann@example.com") in shop.source.contributors("shop", None, merged).people


def test_used_paths_are_the_paths_and_the_attributes_above_them(shop: Shop) -> None:
    """They need not be there; what lies below another one is left out."""
    found = shop.source.used_paths("shop", tip(shop), ["src/a", "src/a/app.py", "charts/gone/values.yaml"])

    assert found == UsedPaths(
        paths=(
            ".gitattributes",
            "charts/.gitattributes",
            "charts/gone/.gitattributes",
            "charts/gone/values.yaml",
            "src/.gitattributes",
            "src/a",
        ),
        folders=("src/a",),
    )
    assert found.refusal() == ""
    assert shop.source.used_paths("shop", tip(shop), [""]).paths == ("",)


def test_attack_a_link_that_passes_a_folder_leaves_the_folders_below_it_named(tmp_path: Path) -> None:
    """What is used is the folder around them then; the chart's own, and what its links lead to, can be looked into still."""
    raw = RawGit(tmp_path / "raw.git")
    links = {
        "passed": link("../../charts/../libs/b"),
        "odd": link(b"../\xff"),
        "file": link("x"),
        "gone": link("../no"),
    }
    commit = raw.commit({"charts": {"a": {"x": "1", **links}, "\udcff": {"y": "1"}}, "libs": {"b": {"z": "1"}}})

    found = GitSource({"raw": raw.path}).used_paths("raw", commit, ["charts/a"])

    assert "charts" in found.paths
    assert found.folders == ("charts/a", "libs/b")
