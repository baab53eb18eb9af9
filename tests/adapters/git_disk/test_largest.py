"""Folders of any size and depth, as whoever may push can make them: little is read of them, and whoever uses none goes on."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.adapters.git_disk.git import Git
from shared.adapters.git_disk.objects import MOST_TREE, objects_of
from shared.adapters.git_disk.reach import Reach
from shared.adapters.git_disk.source import GitSource
from shared.adapters.git_disk.walk import End, GitTree
from shared.ports.errors import Permanent
from tests.support.raw_git import FILE, LINK, TREE, RawGit, link

MIB = 1 << 20
MALLORY = b"Mallory <mal@x>"


@pytest.fixture
def shop(tmp_path: Path) -> RawGit:
    """A repository to write anything into."""
    return RawGit(tmp_path / "shop.git")


@contextmanager
def little_memory(most: int) -> Iterator[None]:
    """See to it that the block takes no more than `most` bytes at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def wide(shop: RawGit, size: int, *first: tuple[bytes, bytes, str]) -> str:
    """A folder of about `size` bytes of names, each for an empty folder; `first` have to sort before numbers."""
    empty = shop.folder({})
    return shop.tree([*first, *((TREE, b"%06d" % number, empty) for number in range(size // 33))])


def nested(shop: RawGit, size: int, levels: int) -> str:
    """Such folders one within the other, and a file at `#/#/...`."""
    found = wide(shop, size, (FILE, b"#", shop.put("blob", b"x")))
    for _ in range(levels - 1):
        found = wide(shop, size, (TREE, b"#", found))
    return found


def test_attack_folders_too_large_to_be_read_are_refused_by_name(shop: RawGit) -> None:
    """A push of a few MiB would take a GiB; the words name commit and folder, and the service beside it goes on."""
    tree = shop.tree([(TREE, b"big", nested(shop, MOST_TREE + MIB, 3)), (TREE, b"svc", shop.folder({"a": "1"}))])
    base = shop.commit({"svc": {"a": "0"}})
    tip = shop.commit(tree, base, author=MALLORY)
    source = GitSource({"shop": shop.path})

    with little_memory(MIB):
        assert set(source.changed_paths("shop", base, tip)) == {"big/#/#/#", "svc/a"}
        for ask in (
            lambda: source.file("shop", tip, "big/#/#/#"),
            lambda: source.used_paths("shop", tip, ["big"]),
            lambda: source.export("shop", tip, ["big"], shop.path / "into"),
        ):
            with pytest.raises(Permanent, match=rf"the folder big of commit {tip} of repository shop has \d+ bytes"):
                ask()
        assert source.file("shop", tip, "svc/a") == b"1"
        assert source.used_paths("shop", tip, ["svc"]).refusal() == ""
    assert {one.mail for one in source.contributors("shop", base, tip, paths=["big"]).people} == {"mal@x"}


def test_attack_a_root_too_large_to_be_read_is_refused(shop: RawGit) -> None:
    """Nothing of that commit can be used; the next one can."""
    tip = shop.commit(nested(shop, MOST_TREE + MIB, 1))
    mended = shop.commit({"#": "1"}, tip)
    source = GitSource({"shop": shop.path})

    with pytest.raises(Permanent, match=f"the root of commit {tip} of repository shop"):
        source.file("shop", tip, "#")
    assert source.file("shop", mended, "#") == b"1"


def test_a_folder_of_twenty_thousand_files_is_used_like_any_other(shop: RawGit) -> None:
    """About a MiB of names."""
    tip = shop.commit({"svc": {f"picture-{number:06d}.png": "x" for number in range(20_000)}})
    source = GitSource({"shop": shop.path})

    assert source.file("shop", tip, "svc/picture-019999.png") == b"x"
    assert source.used_paths("shop", tip, ["svc"]).refusal() == ""
    assert len(source.files("shop", tip)) == 20_000


def test_attack_folders_too_large_together_are_refused_on_the_way_to_a_file(shop: RawGit) -> None:
    """Each of them alone could be read."""
    tip = shop.commit(nested(shop, MOST_TREE - MIB, 6))

    with pytest.raises(Permanent, match=r"the folder #/#/#/#/# .* and those before it have more than 16777216 bytes"):
        GitSource({"shop": shop.path}).file("shop", tip, "#/#/#/#/#/#")


def test_a_name_is_looked_up_without_what_stands_beside_it(shop: RawGit) -> None:
    """A folder that is on the way to one file only is neither taken apart nor kept."""
    tip = shop.commit(nested(shop, MOST_TREE - MIB, 4))
    source = GitSource({"shop": shop.path})

    with little_memory(3 * MOST_TREE):
        assert source.file("shop", tip, "#/#/#/#") == b"x"


def test_of_many_folders_only_those_used_last_are_kept(shop: RawGit) -> None:
    """Forty MiB of names are read, one folder after the other."""
    blob = shop.put("blob", b"x")
    names = [[b"%06d-%03d" % (number, folder) + b"x" * 200 for number in range(9000)] for folder in range(20)]
    trees = [shop.tree([(FILE, name, blob) for name in each]) for each in names]
    del names

    with objects_of(Git(shop.path), seconds=60) as objects, little_memory(24 * MIB):
        assert [len(objects.tree(tree).entries) for tree in trees] == [9000] * 20


def test_attack_names_that_no_checkout_can_have_count_too(shop: RawGit) -> None:
    """One folder of them lies in a hundred places."""
    odd = shop.tree([(FILE, b"x/%03d" % number, shop.put("blob", b"x")) for number in range(100)])
    tip = shop.commit(shop.tree([(TREE, b"%03d" % number, odd) for number in range(100)]))

    with pytest.raises(Permanent, match="more than 1000 files and folders"):
        GitSource({"shop": shop.path}, most_entries=1000).used_paths("shop", tip, [""])


def test_attack_a_name_of_a_mebibyte_is_shown_by_its_beginning(shop: RawGit) -> None:
    """It is kept in no message whole."""
    tip = shop.commit(shop.tree([(FILE, b"x" * MIB, shop.put("blob", b"x"))]))
    [shown] = GitSource({"shop": shop.path}).used_paths("shop", tip, [""]).unwritable

    assert shown == "x" * 256


def deep(shop: RawGit, levels: int) -> str:
    """A file below that many folders."""
    found = shop.folder({"f": "1"})
    for _ in range(levels):
        found = shop.tree([(TREE, b"d", found)])
    return found


def test_attack_ten_thousand_folders_one_in_the_other_stop_nobody(shop: RawGit) -> None:
    """They are refused where they are used. Who wrote them is known."""
    base = shop.commit({"svc": {"a": "0"}})
    far = shop.tree([(TREE, b"d", deep(shop, 10_000)), (TREE, b"svc", shop.folder({"a": "1"}))])
    tip = shop.commit(far, base, author=MALLORY)
    path = "d/" * 10_001 + "f"
    source = GitSource({"shop": shop.path})

    with little_memory(4 * MIB):
        assert source.changed_paths("shop", base, tip) == [path, "svc/a"]
        assert source.files("shop", tip) == [path, "svc/a"]
        for used in ("d", path):
            assert "is no name that a checkout can have" in source.used_paths("shop", tip, [used]).refusal()
        with pytest.raises(Permanent):
            source.file("shop", tip, path)
        with pytest.raises(Permanent, match="longer than a path on disk"):
            source.contributors("shop", base, tip, paths=[path])
        assert source.file("shop", tip, "svc/a") == b"1"
        assert [one.mail for one in source.contributors("shop", base, tip, paths=["d"]).people] == ["mal@x"]


@pytest.mark.parametrize("name", [b"d", b"d" * 250])
def test_a_refused_path_is_short_enough_for_git(shop: RawGit, name: bytes) -> None:
    """Who wrote it is asked of git, with every folder on the way named."""
    path = "/".join([name.decode()] * 5000)
    tip = shop.commit({"svc": link(path[:4000])})
    source = GitSource({"shop": shop.path})
    used = source.used_paths("shop", tip, [path, "svc"])

    assert source.contributors("shop", None, tip, paths=used.paths).unknown == ""


def test_attack_links_that_lead_to_ever_other_deep_folders_are_refused(shop: RawGit) -> None:
    """Every folder on the way to what is not there counts."""
    links = {f"l{number:04d}": link(f"{number}/" + "d/" * 150) for number in range(100)}
    tip = shop.commit({"svc": links})
    source = GitSource({"shop": shop.path}, most_entries=1000)

    with pytest.raises(Permanent, match="files and links in folders 20 deep"):
        source.used_paths("shop", tip, ["svc"])


def test_attack_links_through_the_same_folders_again_and_again_are_refused(shop: RawGit) -> None:
    """Forty links of a thousand steps each for every one of them."""
    text = shop.put("blob", b"d/../" * 800 + b"d")
    root = shop.tree([(TREE, b"d", shop.folder({})), *((LINK, b"l%02d" % number, text) for number in range(30))])
    with objects_of(Git(shop.path), seconds=60) as objects:
        tree = GitTree(objects, root, whose="commit x", most_steps=10_000)

        assert tree.walk((b"l00",)).end is End.THERE
        with pytest.raises(Permanent, match="the links of commit x lead through more than 10000 folders"):
            Reach(tree, most=1000).add(())


LARGE: dict[str, Callable[[RawGit, int], str]] = {
    "commit": lambda shop, size: shop.commit({}, message=b"x" * size),
    "tag": lambda shop, size: shop.put("tag", b"x" * size),
    "blob": lambda shop, size: shop.put("blob", b"x" * size),
    "tree": lambda shop, size: shop.put("tree", b"x" * size),
}


@pytest.mark.parametrize("kind", LARGE)
def test_attack_an_object_of_any_kind_is_not_read_where_it_is_too_large(shop: RawGit, kind: str) -> None:
    """As a commit, a file, a link and a folder; what is asked for after it is answered."""
    large = LARGE[kind](shop, 16 * MIB)
    ok = shop.put("blob", b"ok")
    tree = shop.tree([(FILE, b"file", large), (LINK, b"link", large), (FILE, b"ok", ok), (TREE, b"tree", large)])
    tip = shop.commit(tree, author=MALLORY)
    source = GitSource({"shop": shop.path})

    with little_memory(2 * MIB):
        for commit, path in ((large, "ok"), (tip, "file"), (tip, "link"), (tip, "tree/x")):
            with pytest.raises(Permanent):
                source.file("shop", commit, path)
        assert source.used_paths("shop", tip, ["link", "ok"]).refusal() != ""
        assert source.file("shop", tip, "ok") == b"ok"


def test_attack_more_branches_than_can_be_compared_are_refused(shop: RawGit) -> None:
    """A part of them would be taken for the whole. What one of them points at is said all the same."""
    tip = shop.commit({"a": "1"})
    packed = [f"{tip} refs/heads/x/{number:06d}\n" for number in range(100_000)]
    (shop.path / "packed-refs").write_text("".join(["# pack-refs with: peeled fully-peeled sorted \n", *packed]))
    source = GitSource({"shop": shop.path}, most_refs=1000)

    with little_memory(MIB):
        with pytest.raises(Permanent, match="repository shop has more than 1000 branches"):
            source.tips("shop")
        assert source.tip("shop", "refs/heads/x/099999") == tip
        assert source.tip("shop", "refs/heads/x") is None
    assert len(GitSource({"shop": shop.path}).tips("shop")) == 100_000


def test_attack_names_without_an_end_are_refused(shop: RawGit) -> None:
    """The one of a file, and many that are long together."""
    blob = shop.put("blob", b"x")
    base = shop.commit({})
    long = shop.commit(shop.tree([(FILE, b"x" * (8 * MIB), blob)]), base)
    many = shop.commit(shop.tree([(FILE, b"%03d" % number + b"x" * 9000, blob) for number in range(900)]), base)
    source = GitSource({"shop": shop.path}, most_entries=1000)

    with little_memory(3 * MIB):
        for commit, words in ((long, "more than 1048576 bytes, as .*xxx"), (many, "files in more than 200000 bytes")):
            with pytest.raises(Permanent, match=words):
                source.changed_paths("shop", base, commit)
            with pytest.raises(Permanent, match=words):
                source.files("shop", commit)


def test_attack_what_git_itself_does_not_take_into_memory_leaves_somebody_unknown(
    shop: RawGit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of ten GiB packs to ten MiB. Nobody tries it again, and what does not have it is read."""
    base = shop.commit({"svc": {"a": "0"}}, author=MALLORY)
    large = shop.tree([(TREE, b"svc", wide(shop, 2 * MIB))])
    wrong = shop.commit(large, base)
    tip = shop.commit({"svc": {"a": "1"}}, wrong)
    monkeypatch.setattr("shared.adapters.git_disk.settings.MOST_AT_ONCE", "1m")
    source = GitSource({"shop": shop.path})

    found = source.contributors("shop", base, tip, paths=["svc"])

    assert "part of the history cannot be read" in found.unknown
    with pytest.raises(Permanent, match="over limit"):
        source.changed_paths("shop", base, wrong)
    assert source.contributors("shop", None, base, paths=["svc"]).unknown == ""
    assert source.file("shop", tip, "svc/a") == b"1"
