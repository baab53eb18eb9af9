"""Objects that git would not write, as whoever may push or has the files can make them: nobody who wrote is hidden by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shared.adapters.git_disk.source import GitSource
from shared.ports.errors import Permanent, Transient
from shared.ports.source import Contributors
from tests.support.raw_git import FILE, LINK, TREE, RawGit

ADA, BOB, MALLORY = b"Ada <ada@x>", b"Bob <bob@x>", b"Mallory <mal@x>"
GONE = "7" * 40


@pytest.fixture
def shop(tmp_path: Path) -> RawGit:
    """A repository to write anything into."""
    return RawGit(tmp_path / "shop.git")


def source(shop: RawGit) -> GitSource:
    """What reads it."""
    return GitSource({"shop": shop.path})


def since(shop: RawGit, base: str | None, commit: str) -> Contributors:
    """Who wrote the service."""
    return source(shop).contributors("shop", base, commit, paths=["svc"])


def mails(found: Contributors) -> list[str]:
    """Their mails."""
    return sorted({one.mail for one in found.people})


def test_attack_hide_a_folder_from_git_behind_a_name_that_sorts_after_it(shop: RawGit) -> None:
    """Git reads a folder only as far as its order promises something; what stands behind is used all the same."""
    x = shop.put("blob", b"x")
    good, evil, worse = (shop.folder({"a": text}) for text in "012")
    base = shop.commit(shop.tree([(TREE, b"svc", good)]), author=ADA)
    hidden = shop.commit(shop.tree([(FILE, b"z/x", x), (TREE, b"svc", evil)]), base, author=BOB)
    changed = shop.commit(shop.tree([(FILE, b"z/x", x), (TREE, b"svc", worse)]), hidden, author=MALLORY)
    shown = shop.commit(shop.tree([(TREE, b"svc", worse)]), changed, author=BOB)

    assert mails(since(shop, base, shown)) == ["bob@x", "mal@x"]
    assert source(shop).used_paths("shop", changed, ["svc"]).unwritable == ("svc",)


def test_attack_hide_a_file_within_a_folder_on_the_way(shop: RawGit) -> None:
    """At any depth."""
    zz, x = shop.folder({"x": ""}), shop.put("blob", b"x")

    def root(text: bytes) -> str:
        inner = shop.tree([(TREE, b"zz", zz), (FILE, b"a", shop.put("blob", text))])
        return shop.tree([(TREE, b"src", shop.tree([(TREE, b"svc", inner), (FILE, b"x", x)]))])

    base = shop.commit(root(b"0"), author=ADA)
    tip = shop.commit(root(b"1"), base, author=MALLORY)

    assert mails(source(shop).contributors("shop", base, tip, paths=["src/svc/a"])) == ["mal@x"]


Entries = list[tuple[bytes, bytes, str]]
CRAFTED: dict[str, Callable[[str, str], Entries]] = {
    "out of order": lambda blob, tree: [(FILE, b"b", blob), (FILE, b"a", blob)],
    "a name twice": lambda blob, tree: [(FILE, b"a", blob), (FILE, b"a", blob)],
    "a file and a folder": lambda blob, tree: [(FILE, b"a", blob), (TREE, b"a", tree)],
    "here": lambda blob, tree: [(FILE, b".", blob)],
    "above": lambda blob, tree: [(TREE, b"..", tree)],
    "git's own": lambda blob, tree: [(TREE, b".git", tree)],
    "a path": lambda blob, tree: [(FILE, b"x/y", blob)],
    "zeros before": lambda blob, tree: [(b"0000100644", b"a", blob), (b"040000", b"b", tree)],
    "a mode of old": lambda blob, tree: [(b"100664", b"a", blob)],
    "a link with rights": lambda blob, tree: [(b"120777", b"a", blob)],
    "no mode": lambda blob, tree: [(b"0", b"a", blob)],
    "a mode too large": lambda blob, tree: [(b"44444444444444444444", b"a", tree)],
    "a submodule that is here": lambda blob, tree: [(b"160000", b"a", blob)],
    "a folder as a file": lambda blob, tree: [(FILE, b"a", tree)],
    "a folder as a link": lambda blob, tree: [(LINK, b"a", tree)],
}


@pytest.mark.parametrize("crafted", CRAFTED.values(), ids=CRAFTED)
def test_attack_a_folder_as_git_would_not_write_it_hides_nobody(
    shop: RawGit, tmp_path: Path, crafted: Callable[[str, str], Entries]
) -> None:
    """All of these can be pushed where nobody set receive.fsckObjects; who wrote them and who took them back are known."""
    good = shop.folder({"svc": {"a": "0"}})
    odd = shop.tree([(TREE, b"svc", shop.tree(crafted(shop.put("blob", b"1"), shop.folder({"a": "1"}))))])
    base = shop.commit(good, author=ADA)
    made = shop.commit(odd, base, author=MALLORY)
    back = shop.commit(good, made, author=BOB)

    assert since(shop, base, made).unknown == ""
    assert mails(since(shop, base, made)) == ["mal@x"]
    assert mails(since(shop, None, back)) == ["ada@x", "bob@x", "mal@x"]
    source(shop).export("shop", back, ["svc"], tmp_path / "into")
    assert (tmp_path / "into/svc/a").read_bytes() == b"0"


@pytest.mark.parametrize("mode", [FILE, LINK], ids=["file", "link"])
def test_attack_a_folder_that_is_named_as_a_file_is_refused(shop: RawGit, tmp_path: Path, mode: bytes) -> None:
    """Its bytes are no file's: whoever uses it is told so, whatever else the repository holds."""
    odd = shop.tree([(mode, b"a", shop.folder({"x": "1"}))])
    tip = shop.commit(shop.tree([(TREE, b"other", shop.folder({"a": "1"})), (TREE, b"svc", odd)]))

    for ask in (
        lambda: source(shop).used_paths("shop", tip, ["svc"]),
        lambda: source(shop).file("shop", tip, "svc/a"),
        lambda: source(shop).export("shop", tip, ["svc"], tmp_path / "into"),
    ):
        with pytest.raises(Permanent, match="is a tree, and is named as a blob"):
            ask()
    assert source(shop).file("shop", tip, "other/a") == b"1"


UNREADABLE = {
    "no name": b"100644 \0" + b"\1" * 20,
    "a mode in letters": b"x a\0" + b"\1" * 20,
    "half an id": b"100644 a\0" + b"\1" * 10,
    "nothing of a tree": b"x",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_folder_that_git_cannot_read_leaves_somebody_unknown(shop: RawGit, content: bytes) -> None:
    """Whether they changed the service cannot be told. As a tip it is refused, and stops nobody who does not use it."""
    good = shop.folder({"a": "0"})
    base = shop.commit(shop.tree([(TREE, b"svc", good)]), author=ADA)
    odd = shop.tree([(TREE, b"svc", shop.put("tree", content)), (TREE, b"there", good)])
    made = shop.commit(odd, base, author=MALLORY)
    back = shop.commit(shop.tree([(TREE, b"svc", good)]), made, author=BOB)

    assert "part of the history cannot be read" in since(shop, base, back).unknown
    assert source(shop).used_paths("shop", made, ["svc"]).refusal() != ""
    assert source(shop).file("shop", made, "there/a") == b"0"
    for ask in (source(shop).file, source(shop).files):
        with pytest.raises(Permanent):
            ask("shop", made, "svc/a")
    with pytest.raises(Permanent, match="commit it anew"):
        source(shop).changed_paths("shop", base, made)


def test_a_folder_that_is_a_file_leaves_somebody_unknown(shop: RawGit) -> None:
    """It is there, so that fetching it anew would not help."""
    base = shop.commit({"svc": {"a": "0"}}, author=ADA)
    tip = shop.commit(shop.tree([(TREE, b"svc", shop.put("blob", b"1"))]), base, author=MALLORY)

    assert "unable to read tree" in since(shop, base, tip).unknown
    with pytest.raises(Permanent, match="is a blob, and is named as a tree"):
        source(shop).used_paths("shop", tip, ["svc"])


T, P = b"tree %(tree)s\n", b"parent %(base)s\n"
A, C = b"author Mallory <mal@x> 1 +0000\n", b"committer Cy <cy@x> 1 +0000\n"
ODD_COMMITS = {
    "no author": T + P + C,
    "no committer": T + P + A,
    "nobody": T + P,
    "an author in capitals": T + P + A.capitalize() + C,
    "an author after a tab": T + P + A.replace(b"author ", b"author\t") + C,
    "an author in the message": T + P + C + b"\n" + A,
    "two authors": T + P + A + A.replace(b"mal", b"other") + C,
    "two trees": T + T + P + A + C,
    "a parent after the author": T + A + P + C,
    "a NUL in the headers": T + P + b"\0\n" + A + C,
}


@pytest.mark.parametrize("content", ODD_COMMITS.values(), ids=ODD_COMMITS)
def test_attack_a_commit_as_git_would_not_write_it_leaves_somebody_unknown(shop: RawGit, content: bytes) -> None:
    """All of these can be pushed as well. Git may see no parents in one, or nobody who wrote it."""
    tree = shop.folder({"svc": {"a": "1"}})
    base = shop.commit({"svc": {"a": "0"}}, author=ADA)
    odd = shop.put("commit", content % {b"tree": tree.encode(), b"base": base.encode()} + b"\nMessage\n")
    found = since(shop, base, shop.commit(tree, odd, author=BOB))

    assert f"commit {odd} is not written as git writes commits" in found.unknown
    assert ("mal@x" in mails(found)) == (b"\nauthor " in content.partition(b"\n\n")[0])


def test_how_many_commits_are_not_as_git_writes_them_is_said(shop: RawGit) -> None:
    """An answer for one is none for two."""
    tree = shop.folder({"svc": {"a": "1"}})
    one = shop.put("commit", b"tree " + tree.encode() + b"\n\n1")
    two = shop.put("commit", b"tree " + shop.folder({}).encode() + b"\nparent " + one.encode() + b"\n\n2")

    assert since(shop, None, two).unknown.endswith("(1 more are like it)")


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 99, P + T + A + C, T + b"parent 77\n" + A + C, T.replace(b"tree ", b"tree x") + A + C]
)
def test_a_commit_that_git_cannot_read_leaves_somebody_unknown(shop: RawGit, content: bytes) -> None:
    """Nor is anything said of what lies behind it, where git itself says no to every question."""
    tree = shop.folder({"svc": {"a": "1"}})
    base = shop.commit({"svc": {"a": "0"}}, author=ADA)
    odd = shop.put("commit", content % {b"tree": tree.encode(), b"base": base.encode()})
    tip = shop.commit(tree, odd, author=BOB)

    assert "part of the history cannot be read" in since(shop, base, tip).unknown
    for ask in (source(shop).contains, source(shop).merge_base):
        with pytest.raises(Permanent, match="commit it anew"):
            ask("shop", base, tip)


def test_a_history_with_a_hole_is_asked_for_once_more(shop: RawGit) -> None:
    """What is not there may be fetched: it is no history in which somebody is no ancestor."""
    base = shop.commit({"svc": {"a": "0"}})
    tip = shop.commit({"svc": {"a": "1"}}, shop.commit({"svc": {"a": "1"}}, GONE))

    for ask in (source(shop).contains, source(shop).merge_base, since_of(shop)):
        with pytest.raises(Transient):
            ask("shop", base, tip)


def since_of(shop: RawGit) -> Callable[[str, str, str], Contributors]:
    """Ask who wrote the service, as the others are asked."""
    return lambda _, base, tip: since(shop, base, tip)


def test_a_commit_without_a_tree_is_refused(shop: RawGit) -> None:
    """It is said of that commit alone."""
    odd = shop.put("commit", A + C)

    with pytest.raises(Permanent, match=f"commit {odd} of repository shop names no tree"):
        source(shop).file("shop", odd, "svc/a")


@pytest.mark.parametrize("lost", [False, True])
def test_a_branch_that_is_no_commit_is_no_branch(shop: RawGit, lost: bool) -> None:
    """A tag, a tag of a tag, a file or a folder; the others are read, also where the commit of one is missing."""
    commit = shop.commit({"svc": {"a": "0"}}, branch="main")
    tag = shop.put("tag", b"object %s\ntype commit\ntag x\n\nx" % commit.encode())
    again = shop.put("tag", b"object %s\ntype tag\ntag y\n\ny" % tag.encode())
    odd = {"tag": tag, "again": again, "blob": shop.put("blob", b"1"), "tree": shop.folder({})}
    for name, id in odd.items():
        shop.point(f"refs/heads/{name}", id)
    if lost:
        shop.point("refs/heads/lost", GONE)

    assert source(shop).tip("shop", "refs/heads/main") == commit
    assert [source(shop).tip("shop", f"refs/heads/{name}") for name in odd] == [None] * 4
    assert source(shop).tips("shop")["refs/heads/main"] == commit
    assert lost or source(shop).tips("shop").keys() == {"refs/heads/main"}


def test_attack_nobody_wrote_what_is_no_commit(shop: RawGit) -> None:
    """It is refused, and not taken for something without authors."""
    with pytest.raises(Permanent):
        since(shop, None, shop.put("blob", b"1"))
