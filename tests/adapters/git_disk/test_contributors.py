"""Who wrote what is used: everybody, by the raw bytes of commits, or a word that somebody may be missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.adapters.git_disk.commits import MOST_COMMIT, RawCommit
from shared.adapters.git_disk.git import Git
from shared.adapters.git_disk.source import GitSource
from shared.ports.errors import NotFound, Permanent, Transient
from shared.ports.source import Contributor, Contributors
from tests.support.raw_git import RawGit, link

ADA, BOB = b"Ada <ada@example.com>", b"Bob <bob@example.com>"


@pytest.fixture
def shop(tmp_path: Path) -> RawGit:
    """A repository to write anything into."""
    return RawGit(tmp_path / "shop.git")


def mails(shop: RawGit, base: str | None, commit: str, *paths: str) -> set[str]:
    """Mails of those who wrote what is used by the paths."""
    source = GitSource({"shop": shop.path})
    found = source.contributors("shop", base, commit, paths=source.used_paths("shop", commit, paths).paths)
    assert found.unknown == ""
    return {one.mail for one in found.people}


def test_attack_an_author_behind_a_link_counts(shop: RawGit) -> None:
    """The service's folder is a link: who changes where it leads changes the service, and so does who changes the link."""
    there = {"app.py": "1"}
    base = shop.commit({"src": {"svc": link("../other")}, "other": there}, author=BOB)
    tip = shop.commit({"src": {"svc": link("../other")}, "other": {"app.py": "evil"}}, base, author=ADA)
    moved = shop.commit({"src": {"svc": link("../new")}, "other": there, "new": there}, base, author=ADA)

    assert mails(shop, base, tip, "src/svc") == {"ada@example.com"}
    assert mails(shop, base, moved, "src/svc") == {"ada@example.com"}


def test_attack_a_folder_that_a_link_goes_through_and_leaves_again_counts(shop: RawGit) -> None:
    """Put a link in its place, and the other link leads elsewhere; take it back, and nothing shows but this."""
    svc = {"conf": link("../way/../conf")}
    base = shop.commit({"svc": svc, "way": {"x": ""}, "conf": "good", "far": {"conf": "evil", "in": {}}})
    evil = shop.commit({"svc": svc, "way": link("far/in"), "conf": "good", "far": {"conf": "evil", "in": {}}}, base)
    back = shop.commit({"svc": svc, "way": {"x": ""}, "conf": "good", "far": {}}, evil, author=ADA)

    assert "ada@example.com" in mails(shop, evil, back, "svc")


def test_attack_who_changes_attributes_above_counts(shop: RawGit) -> None:
    """Builders that check out obey them; who takes them away changes as much."""
    tree = {"src": {"svc": {"check.py": "guard"}}}
    base = shop.commit(tree, author=BOB)
    rules = shop.commit({**tree, ".gitattributes": "src/svc/check.py export-ignore\n"}, base, author=ADA)
    gone = shop.commit(tree, rules, author=b"Cy <cy@example.com>")

    assert mails(shop, base, rules, "src/svc") == {"ada@example.com"}
    assert mails(shop, base, gone, "src/svc") == {"ada@example.com", "cy@example.com"}
    assert mails(shop, rules, gone, "src/svc") == {"cy@example.com"}


def test_attack_an_author_below_thousands_of_commits_counts(shop: RawGit) -> None:
    """There is no bound to be buried under."""
    tip = base = shop.commit({"svc": {"app.py": "0"}})
    tip = shop.commit({"svc": {"app.py": "evil"}}, tip, author=ADA)
    for number in range(2100):
        tip = shop.commit({"svc": {"app.py": "evil", "plan.py": f"{number}"}}, tip, author=BOB)

    assert mails(shop, base, tip, "svc") == {"ada@example.com", "bob@example.com"}


def test_attack_a_merge_that_says_what_no_side_says_has_an_author(shop: RawGit) -> None:
    """So has one that takes one side whole: who merged chose it."""
    base = shop.commit({"svc": {"a": "0"}})
    ours = shop.commit({"svc": {"a": "1"}}, base, author=BOB)
    theirs = shop.commit({"svc": {"a": "0"}, "docs": "x"}, base, author=b"Docs <docs@example.com>")
    evil = shop.commit({"svc": {"a": "evil"}, "docs": "x"}, ours, theirs, author=ADA)
    taken = shop.commit({"svc": {"a": "1"}, "docs": "x"}, ours, theirs, author=ADA)

    assert mails(shop, base, evil, "svc") == {"ada@example.com", "bob@example.com"}
    assert mails(shop, base, taken, "svc") == {"ada@example.com", "bob@example.com"}
    assert mails(shop, ours, taken, "svc") == {"ada@example.com"}


@pytest.mark.parametrize(
    "trailer",
    [
        b"Co-authored-by: Ada <ada@example.com>",
        b"CO-AUTHORED-BY:Ada<ada@example.com>",
        b"  co-authored-by :\tAda <ada@example.com>  ",
        b"Co-authored-by: Ada <ada@example.com>\r",
        b"Co-authored-by: Ada\n <ada@example.com>",
        b"Co-authored-by: Bob <bob@example.com>, Ada <ada@example.com>",
        b"Co-authored-by: Ada <ada@example.com",
        b"a\0Co-authored-by: Ada <ada@example.com>\0b",
        b"a\rCo-authored-by: Ada <ada@example.com>\rb",
    ],
)
@pytest.mark.parametrize("around", [b"%s", b"Subject\n\n%s\n\nMore text\n", b"%s\nSigned-off-by: x <x@example.com>\n"])
def test_attack_a_trailer_names_an_author_wherever_it_stands(trailer: bytes, around: bytes) -> None:
    """In any case, in any place, at any kind of line end or at none."""
    raw = b"tree %s\nauthor %s 1 +0000\ncommitter %s 1 +0000\n\n" % (b"1" * 40, BOB, BOB) + around % trailer

    assert Contributor("Ada", "ada@example.com") in set(RawCommit(raw).people())


@pytest.mark.parametrize(
    "text", [b"xCo-authored-by: A <a@x>", b"Co-authored by: A <a@x>", b"> Co-authored-by: A <a@x>"]
)
def test_what_only_resembles_a_trailer_names_nobody(text: bytes) -> None:
    """A line begins with it, but for blanks."""
    assert list(RawCommit(b"tree x\n\n" + text + b"\n").people()) == []


@pytest.mark.parametrize(
    ("ident", "name", "mail"),
    [
        (b"Ada <ada@example.com> 1 +0000", "Ada", "ada@example.com"),
        (b"<ada@example.com> 1 +0000", "", "ada@example.com"),
        (b"Ada <> 1 +0000", "Ada", ""),
        (b"Ada 1 +0000", "Ada", ""),
        (b"Ada <ada@example.com 1 +0000", "Ada", "ada@example.com"),
        (b"Ada <ada@example.com> x <y@example.com> 1 +0000", "Ada", "ada@example.com"),
        (b"", "", ""),
        (b"A\xff <\xff@x> 1 +0000", "A\ufffd", "\ufffd@x"),
        ("Ada\u2028 <a\u2028@x> 1 +0000".encode(), "Ada\u2028", "a\u2028@x"),
    ],
)
def test_a_broken_identity_is_kept_as_far_as_it_goes(ident: bytes, name: str, mail: str) -> None:
    """An author without a mail is still an author."""
    assert set(RawCommit(b"tree x\nauthor " + ident + b"\n\n").people()) == {Contributor(name, mail)}


@pytest.mark.parametrize("encoding", [b"utf-16", b"utf-7", b"rot13", b"punycode", b"nothing", b"\xff", b"cp037"])
def test_attack_a_stated_encoding_hides_no_name(encoding: bytes) -> None:
    """What is UTF-8 is read as that, and no encoding is taken that writes letters in another way."""
    raw = b"tree x\nauthor " + ADA + b" 1 +0000\nencoding " + encoding + b"\n\nCo-authored-by: \xff <bob@example.com>"

    assert {one.mail for one in RawCommit(raw).people()} == {"ada@example.com", "bob@example.com"}


def test_an_older_encoding_is_read_as_it_says() -> None:
    """Names of people who set i18n.commitEncoding."""
    raw = b"tree x\nauthor J\xf6rg <j\xf6rg@x> 1 +0000\nencoding ISO-8859-1\n\n"

    assert set(RawCommit(raw).people()) == {Contributor("Jörg", "jörg@x")}


def test_headers_of_what_a_commit_carries_are_not_its_own() -> None:
    """A signature or another's tag goes on in lines that begin with a blank."""
    raw = b"tree x\nmergetag object 1\n author Eve <eve@x> 1 +0000\nauthor " + ADA + b" 1 +0000\n\n"

    assert {one.mail for one in RawCommit(raw).people()} == {"ada@example.com"}


def test_a_time_limit_that_is_met_leaves_somebody_unknown(shop: RawGit) -> None:
    """Never only fewer people."""
    commit = shop.commit({"svc": "1"}, author=ADA)
    found = GitSource({"shop": shop.path}, authors_timeout=0).contributors("shop", None, commit, paths=["svc"])

    assert "took longer than 0 s" in found.unknown


def test_a_commit_too_large_to_be_read_leaves_somebody_unknown(shop: RawGit) -> None:
    """Its people may be anybody; those of the others are read."""
    first = shop.commit({"svc": "1"}, author=ADA)
    large = shop.commit({"svc": "2"}, first, author=BOB, message=b"x" * MOST_COMMIT)
    found = GitSource({"shop": shop.path}).contributors("shop", None, large, paths=["svc"])

    assert [one.mail for one in found.people] == ["ada@example.com"]
    assert f"commit {large} has more than" in found.unknown


@pytest.mark.parametrize("what", ["commit", "tree"])
def test_a_history_with_a_hole_is_no_shorter_history(shop: RawGit, what: str) -> None:
    """A partial clone, or a broken repository, answers nothing of what it lacks."""
    first = shop.commit({"svc": {"a": "1"}}, author=ADA)
    tip = shop.commit({"svc": {"a": "2"}}, first, author=BOB)
    gone = first if what == "commit" else shop.folder({"a": "1"})
    (shop.path / "objects" / gone[:2] / gone[2:]).unlink()

    with pytest.raises(Transient):
        GitSource({"shop": shop.path}).contributors("shop", None, tip, paths=["svc"])


def test_more_paths_than_a_command_takes_are_read_in_parts(shop: RawGit) -> None:
    """Each commit counts that wrote any of them."""
    names = [f"{number:04}" + "n" * 120 for number in range(1200)]
    base = shop.commit(dict.fromkeys(names, "0"))
    one = shop.commit({**dict.fromkeys(names, "0"), names[0]: "1"}, base, author=ADA)
    two = shop.commit({**dict.fromkeys(names, "0"), names[0]: "1", names[-1]: "1"}, one, author=BOB)
    found = GitSource({"shop": shop.path}).contributors("shop", base, two, paths=names)

    assert {one.mail for one in found.people} == {"ada@example.com", "bob@example.com"}


def a_shallow_clone(shop: RawGit, folder: Path, *, depth: int) -> GitSource:
    """Clone the newest commits alone."""
    Git(folder, protocols=("file",))(
        "clone", "--quiet", "--bare", f"--depth={depth}", "--", f"file://{shop.path}", str(folder / "part.git")
    )
    return GitSource({"part": folder / "part.git"})


def test_a_shallow_clone_answers_as_far_as_its_history_reaches(shop: RawGit, tmp_path: Path) -> None:
    """Where more would be needed it says so, and takes nobody for the only author."""
    first = shop.commit({"svc": "0"}, author=ADA)
    second = shop.commit({"svc": "1"}, first, author=BOB)
    third = shop.commit({"svc": "2"}, second, author=BOB, branch="main")
    other = shop.commit({"svc": "x"})
    source = a_shallow_clone(shop, tmp_path, depth=2)
    bob = (Contributor("Bob", "bob@example.com"),)

    assert source.contributors("part", second, third, paths=["svc"]) == Contributors(people=bob)
    assert "shallow clone" in source.contributors("part", None, third, paths=["svc"]).unknown
    assert source.contains("part", second, third)
    assert source.merge_base("part", second, third) == second
    for ask in (lambda: source.contains("part", third, second), lambda: source.contributors("part", first, third)):
        with pytest.raises(Permanent, match=r"shallow clone|has no commit"):
            ask()
    with pytest.raises(NotFound):
        source.merge_base("part", other, third)


_LONG = MOST_COMMIT - 1000
HOSTILE_TEXTS = {
    "a name without an end": (b"", b"Co-authored-by: " + b"a" * _LONG),
    "signs that end nothing": (b"", b"Co-authored-by: " + b">" * _LONG),
    "signs that begin nothing": (b"", b"Co-authored-by: " + b"<" * 1000 + b">" * (_LONG - 1000)),
    "trailers that go on in trailers": (b"", b" Co-authored-by:\n" * (_LONG // 17)),
    "a trailer that goes on": (b"", b"Co-authored-by: x\n" + b" x\n" * (_LONG // 3)),
    "blanks before a date": (b"author" + b" " * _LONG + b"x\n", b""),
    "a date of blanks": (b"author x 1" + b" \t" * (_LONG // 2) + b"+0000\n", b""),
    "headers": (b"a\n" * (_LONG // 2), b""),
}


@pytest.mark.parametrize(("headers", "message"), HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_attack_a_commit_of_the_largest_size_is_read_to_its_end(headers: bytes, message: bytes) -> None:
    """A pattern that begins anew at each sign would take hours of it, and nothing else in the process would run."""
    raw = (
        b"tree x\nauthor "
        + ADA
        + b" 1 +0000\n"
        + headers
        + b"\n"
        + message
        + b"\nCo-authored-by: Bob <bob@example.com>"
    )

    assert {"ada@example.com", "bob@example.com"} <= {one.mail for one in RawCommit(raw).people()}


def test_attack_a_trailer_within_another_hides_nobody() -> None:
    """Git takes the second line for a part of the first name; both are people here."""
    raw = b"tree x\n\nCo-authored-by: Ada\n Co-authored-by: Bob <bob@example.com>"

    assert set(RawCommit(raw).people()) == {Contributor("Ada", ""), Contributor("Bob", "bob@example.com")}


def test_attack_more_people_than_can_be_kept_leave_somebody_unknown(shop: RawGit) -> None:
    """Commits of 30,000 people each: some are known, and it is said that there are more."""
    tip = shop.commit({"svc": "0"}, author=ADA)
    for number in range(8):
        people = b"".join(b"Co-authored-by: <%d@%d>\n" % (each, number) for each in range(30_000))
        tip = shop.commit({"svc": f"{number}"}, tip, author=BOB, message=people)
    found = GitSource({"shop": shop.path}).contributors("shop", None, tip, paths=["svc"])

    assert found.unknown == "its commits name more than 200000 people"


def test_messages_are_kept_as_far_as_they_are_not_too_large_together(shop: RawGit) -> None:
    """The newest; a commit that is too large by itself hides none of the others."""
    ids = [shop.commit({}, message=b"oldest")]
    for size in (*[MOST_COMMIT - 1000] * 17, MOST_COMMIT, 10):
        ids.append(shop.commit({}, ids[-1], message=b"x" * size))
    found = GitSource({"shop": shop.path}).commits("shop", None, ids[-1])

    assert [one.id for one in found] == [ids[-1], *ids[-3:-19:-1]]
