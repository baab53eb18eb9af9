"""An export is the tree's blobs, and nothing of it leads or lies outside the folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.adapters.git_disk.source import GitSource
from shared.ports.errors import NotFound, Permanent, Transient
from tests.support.raw_git import FILE, LINK, PROGRAM, TREE, Leaf, Node, RawGit, link, submodule

POINTER = "version {}\noid sha256:" + "0" * 64 + "\nsize 3\n"


@pytest.fixture
def shop(tmp_path: Path) -> RawGit:
    """A repository to write anything into."""
    return RawGit(tmp_path / "shop.git")


def exported(shop: RawGit, commit: str, *paths: str, most_entries: int = 1000, most_bytes: int = 1 << 20) -> list[str]:
    """Export and return what lies there, links too."""
    into = shop.path.parent / "into"
    source = GitSource({"shop": shop.path}, most_entries=most_entries, most_bytes=most_bytes)
    source.export("shop", commit, paths, into)
    return sorted(str(path.relative_to(into)) for path in into.rglob("*") if path.is_symlink() or not path.is_dir())


@pytest.mark.parametrize(
    "tree",
    [
        {"evil": link("/etc")},
        {"evil": link("..")},
        {"deep": {"evil": link("../../x")}},
        # Each of them alone stays inside.
        {"one": {"two": {"up": link("..")}}, "evil": link("one/two/up/../..")},
        # What is not there now may be there when somebody follows the link.
        {"evil": link("gone/../../../etc")},
        {"evil": link(b"a\0b")},
        {"evil": link("a/" * 2500)},
    ],
)
def test_attack_a_link_out_of_the_repository_is_not_written(shop: RawGit, tree: dict[str, Node]) -> None:
    """It fails nobody who does not use it, and is named to whoever does."""
    commit = shop.commit({**tree, "svc": {"app.py": "x"}})
    source = GitSource({"shop": shop.path})

    assert [path for path in exported(shop, commit) if "evil" in path] == []
    assert source.used_paths("shop", commit, ["svc"]).refusal() == ""
    assert "evil is a link that leads out of the repository" in source.used_paths("shop", commit, [""]).refusal()


def test_attack_a_link_by_way_of_one_that_leads_out_is_not_written_either(shop: RawGit) -> None:
    """Both are left out."""
    commit = shop.commit({"out": link("/"), "in": link("out/etc"), "ok": "x"})

    assert exported(shop, commit) == ["ok"]


def test_links_inside_and_programs_stay_what_they_are(shop: RawGit, tmp_path: Path) -> None:
    """A build may rely on both."""
    links: dict[str, Node] = {name: link(to) for name, to in (("r", "../README"), ("no", "gone"), ("me", "me"))}
    commit = shop.commit({"README": "shop", "run.sh": Leaf(b"#!/bin/sh\n", PROGRAM), "docs": links})
    exported(shop, commit)
    into = tmp_path / "into"

    assert (into / "docs/r").read_text() == "shop"
    assert [os.readlink(into / "docs" / name) for name in ("no", "me")] == ["gone", "me"]
    assert (into / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (into / "README").stat().st_mode & 0o777 == 0o644


def test_attributes_change_nothing_that_is_written(shop: RawGit, tmp_path: Path) -> None:
    """Neither export-ignore, nor export-subst, nor line ends, encodings and filters: the tree is what it is."""
    rules = "svc/a export-ignore\nsvc/b export-subst\nsvc/c text eol=crlf\nsvc/d ident\nsvc/e working-tree-encoding=UTF-16\n"
    files: dict[str, Node] = {"a": "1", "b": "$Format:%H$", "c": "1\n2\n", "d": "$Id$", "e": "x"}
    commit = shop.commit({".gitattributes": rules, "svc": files})
    exported(shop, commit)

    assert {name: (tmp_path / "into/svc" / name).read_text() for name in files} == files


def test_what_is_named_is_written_with_what_its_links_lead_to(shop: RawGit) -> None:
    """Also by way of a link on the way, and nothing else."""
    commit = shop.commit(
        {
            "svc": link("real/svc"),
            "real": {"svc": {"app.py": "x", "conf": link("../../conf/one")}, "other": "y"},
            "conf": {"one": link("two"), "two": "z", "three": ""},
        }
    )

    assert exported(shop, commit, "svc") == ["conf/one", "conf/two", "real/svc/app.py", "real/svc/conf", "svc"]


def test_submodules_are_left_out_and_named_to_whoever_uses_them(shop: RawGit) -> None:
    """The repository does not have their files."""
    commit = shop.commit({"svc": {"lib": submodule(), "app.py": "x"}, "other": "y"})
    source = GitSource({"shop": shop.path})

    assert exported(shop, commit) == ["other", "svc/app.py"]
    assert "svc/lib is a submodule" in source.used_paths("shop", commit, ["svc"]).refusal()
    with pytest.raises(Permanent, match="svc/lib/x is a submodule"):
        source.file("shop", commit, "svc/lib/x")


@pytest.mark.parametrize("to", ["mod/", "mod/.", "mod/inner", "mod/inner/../../lib", "mod/../lib"])
def test_a_way_through_a_submodule_is_lost_in_it(shop: RawGit, to: str) -> None:
    """Wherever its text leads afterwards: nobody has the folder that it goes through."""
    commit = shop.commit({"mod": submodule(), "lib": {"bad": link("/etc")}, "l": link(to)})
    source = GitSource({"shop": shop.path})

    used = source.used_paths("shop", commit, ["l"])

    assert (used.submodules, used.outside) == (("mod",), ())
    with pytest.raises(Permanent, match="l is a submodule"):
        source.file("shop", commit, "l")


def test_a_link_through_nothing_leads_nowhere(shop: RawGit) -> None:
    """As on a file system: what its text names changes what is used once it is there, and is not used before."""
    commit = shop.commit(
        {"svc": {"l": link("gone/../../lib")}, "lib": {"model": POINTER.format("https://git-lfs.github.com/spec/v1")}}
    )

    used = GitSource({"shop": shop.path}).used_paths("shop", commit, ["svc"])

    assert (used.paths, used.refusal()) == ((".gitattributes", "lib", "svc"), "")


@pytest.mark.parametrize(
    "version",
    ["https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2"],
)
@pytest.mark.parametrize("before", ["", "\n "])
def test_pointers_of_git_lfs_are_named_to_whoever_uses_them(shop: RawGit, before: str, version: str) -> None:
    """By each name that it had, and elsewhere in the monorepo they are files like others."""
    commit = shop.commit({"svc": {"model": before + POINTER.format(version)}, "other": {"a": "x"}})
    source = GitSource({"shop": shop.path})

    assert source.used_paths("shop", commit, ["other"]).refusal() == ""
    for _ in range(2):
        assert "svc/model is a pointer of Git LFS" in source.used_paths("shop", commit, ["svc"]).refusal()
    with pytest.raises(Permanent, match="svc/model is a pointer"):
        source.file("shop", commit, "svc/model")


@pytest.mark.parametrize("name", [b"..", b".", b".git", b".GIT", b"../evil", b"a/b", b"x" * 256])
def test_attack_a_crafted_tree_cannot_write_outside(shop: RawGit, tmp_path: Path, name: bytes) -> None:
    """A tree may name its entries as no checkout ever would; git passes it on."""
    inner = shop.folder({"file": "x"})
    commit = shop.commit(shop.tree([(TREE, name, inner), (FILE, b"zz", shop.put("blob", b"ok"))]))

    assert exported(shop, commit) == ["zz"]
    assert sorted(os.listdir(tmp_path)) == ["into", "shop.git"]
    assert (
        "no name that a checkout can have" in GitSource({"shop": shop.path}).used_paths("shop", commit, [""]).refusal()
    )


@pytest.mark.parametrize("second", [FILE, TREE])
def test_attack_two_entries_of_one_name_are_both_left_out(shop: RawGit, second: bytes) -> None:
    """One could be a link by which the other is written, or be looked at while the other is built."""
    there = shop.folder({"file": "x"}) if second == TREE else shop.put("blob", b"x")
    entries = [(LINK, b"evil", shop.put("blob", b"ok")), (second, b"evil", there), (FILE, b"ok", shop.put("blob", b""))]
    commit = shop.commit(shop.tree(entries))

    assert exported(shop, commit) == ["ok"]
    assert "evil is no name" in GitSource({"shop": shop.path}).used_paths("shop", commit, [""]).refusal()


def test_attack_a_small_tree_of_endless_files_is_refused(shop: RawGit) -> None:
    """Ten folders with the same ten folders, ten times: ten thousand million files in eleven trees."""
    tree = shop.folder({"f": link("f")})
    for _ in range(10):
        tree = shop.tree([(TREE, b"%d" % number, tree) for number in range(10)])
    commit = shop.commit(tree)

    with pytest.raises(Permanent, match="more than 1000 files and folders"):
        exported(shop, commit)
    with pytest.raises(Permanent, match="files and folders"):
        GitSource({"shop": shop.path}, most_entries=1000).used_paths("shop", commit, [""])


def test_attack_more_bytes_than_may_be_written_are_refused(shop: RawGit) -> None:
    """The same blob counts each time that it is written, and nothing is; how much it is and what to do is said."""
    large = "x" * (1 << 20)
    commit = shop.commit({"a": large, "b": {f"f{number}": large for number in range(4)}})

    with pytest.raises(Permanent) as refused:
        exported(shop, commit, most_bytes=4 << 20)

    assert str(refused.value) == (
        f"commit {commit[:12]} of repository shop takes 5 MiB of the disk with its 5 files, and a build has 4 MiB; "
        "take out of the repository what it does not need, or raise SLIPWAY_BUILD_DISK_MIB"
    )
    assert not refused.value.ours
    assert not (shop.path.parent / "into").exists()


@pytest.mark.parametrize(
    "tree", [{f"f{number}": "" for number in range(300)}, {f"d{number}": {"l": link("x")} for number in range(150)}]
)
def test_attack_many_files_of_no_bytes_fill_a_disk_too(shop: RawGit, tree: dict[str, Node]) -> None:
    """Each file, link and folder takes a block."""
    commit = shop.commit(tree)

    with pytest.raises(Permanent, match="takes 1 MiB of the disk"):
        exported(shop, commit)


def test_odd_names_are_written_as_they_are(shop: RawGit, tmp_path: Path) -> None:
    """Bytes that are no UTF-8, line breaks and signs that mean something to shells."""
    names = {"\udcff\udcfe": "1", "a\nb": "2", "*": "3", "-x": "4", "$(x)": "5"}
    commit = shop.commit(dict(names))
    exported(shop, commit)

    assert {name: (tmp_path / "into" / name).read_text() for name in names} == names


def test_a_path_that_is_not_there_is_not_found(shop: RawGit) -> None:
    """Also where a link on the way leads nowhere."""
    commit = shop.commit({"a": link("b"), "c": "x"})

    with pytest.raises(NotFound, match=r"has no a/x, d"):
        exported(shop, commit, "c", "a/x", "d")


def test_a_missing_object_is_no_missing_file(shop: RawGit) -> None:
    """A partial clone, or a broken repository, says so: it is no commit without the file."""
    commit = shop.commit({"svc": {"a": "only here"}})
    blob = shop.put("blob", b"only here")
    (shop.path / "objects" / blob[:2] / blob[2:]).unlink()
    source = GitSource({"shop": shop.path})

    for ask in (lambda: source.file("shop", commit, "svc/a"), lambda: source.used_paths("shop", commit, ["svc"])):
        with pytest.raises(Transient, match="missing"):
            ask()
    with pytest.raises(Transient, match="missing"):
        exported(shop, commit)
