"""Who wrote a change is a list without a bound: read once, kept as evidence, and looked into before anything is decided."""

from __future__ import annotations

import pytest

from shared.app.people.authorship import with_authorship
from shared.codec.authors import AUTHORS, AuthorsRead, encode_authors_read
from shared.domain.messages import events as ev
from shared.domain.state.promotion import Author, Authors
from shared.domain.values.person import Person
from shared.ports.errors import Transient
from tests.support.app_parts import Harness, branch, make_app
from tests.support.lists_forgotten import forget_lists
from tests.support.outside import ADA, MAIN, RITA, SAM, SLIPWAY_YAML

CODE = "src/shipping/delivery/code.py"
BRANCH = branch("1.0.0")


def read(slipway: Harness, version: str = "1.0.0", environment: str = "production") -> Authors:
    """What was read of the authors of a version."""
    facts = slipway.promotion(version, environment).facts
    assert facts is not None
    return facts.authors


def kept(slipway: Harness, version: str = "1.0.0") -> AuthorsRead:
    """The whole list."""
    return AUTHORS.decode(slipway.app.evidence.get(read(slipway, version).evidence))


def counted(slipway: Harness) -> list[tuple[str | None, tuple[str, ...]]]:
    """Have each reading of a history noted: since when, and on which paths."""
    asked: list[tuple[str | None, tuple[str, ...]]] = []
    source = slipway.outside.source
    contributors = source.contributors

    def noted(repository: str, base: str | None, commit: str, *, paths: tuple[str, ...] = ()) -> object:
        asked.append((base, tuple(paths)))
        return contributors(repository, base, commit, paths=paths)

    source.contributors = noted  # type: ignore[method-assign, assignment]
    return asked


def test_a_list_is_sorted_and_has_everybody_once() -> None:
    """So that the same people are the same evidence, whoever read them and in whatever order."""
    ada, rita = Author(name="Ada", mail="ada@example.com"), Author(name="Rita", mail="r@example.com")
    first = encode_authors_read("q", ("b", "a"), (rita, ada, rita))

    assert first == encode_authors_read("q", ("a", "b"), (ada, rita))
    assert AUTHORS.decode(first) == AuthorsRead(question="q", paths=("a", "b"), authors=(ada, rita))


def test_facts_hold_the_hash_the_length_and_the_first_of_the_list(slipway: Harness) -> None:
    """Twenty names, none longer than a line; the ledger says the same."""
    for number in range(30):
        somebody = Person(id=f"p{number}", name=f"P{number} {'x' * 200}", mails=(f"p{number:02}@example.com",))
        slipway.outside.commit(BRANCH, {CODE: str(number).encode()}, by=somebody)
    slipway.push_release("1.0.0")
    slipway.pump()
    found = read(slipway)

    assert (found.count, len(kept(slipway).authors)) == (31, 31)
    assert [one.mail for one in found.first] == ["ada@example.com", *(f"p{n:02}@example.com" for n in range(19))]
    assert all(len(one.name) <= 101 for one in found.first)
    [told] = {one.detail_of("authors") for one in slipway.timeline() if one.event_type == "facts-gathered"}
    counts = {one.detail_of("authors-count") for one in slipway.timeline() if one.event_type == "facts-gathered"}
    assert (told, counts) == (found.evidence, {"31"})


def test_what_lies_between_two_commits_is_read_once(slipway: Harness) -> None:
    """Neither another environment with the same version live, nor the next reading of facts, asks git again."""
    asked = counted(slipway)
    slipway.push_release("1.0.0")
    slipway.pump()
    before = len(asked)
    slipway.send(ev.TimePassed(id="look", service=slipway.state().service))
    slipway.tell_push(BRANCH, by=SAM)
    slipway.pump()

    assert (before, len(asked)) == (1, 1)
    assert read(slipway, environment="qa").evidence == read(slipway).evidence


def test_a_list_that_was_lost_is_read_again(slipway: Harness) -> None:
    """It is made of what git has; nobody can answer while it is away."""
    asked = counted(slipway)
    slipway.push_release("1.0.0")
    slipway.pump()
    event = ev.ApprovalAnswered(
        id="yes", service=slipway.state().service, request=slipway.request(), person=RITA, groups=(), approve=True
    )
    forget_lists()
    slipway.wrap(evidence=make_app("memory", slipway.app.scratch).app.evidence)
    with pytest.raises(Transient, match="the authors of the change cannot be read"):
        with_authorship(slipway.app, event)
    slipway.send(ev.PusherFound(id="late", service=event.service, ref=BRANCH, commit="f" * 40, pushed_by=SAM))
    slipway.pump()

    assert len(asked) == 2
    assert slipway.answer(RITA).outcome == "moved"


@pytest.mark.parametrize(
    "changes",
    [
        {"message": "Weigh anew\n\nCO-AUTHORED-by: Rita <Release-Manager@example.com>\n\nand more"},
        {"committer": RITA},
        {"by": RITA},
    ],
)
def test_attack_approve_what_one_committed_or_wrote_with_somebody(slipway: Harness, changes: dict[str, object]) -> None:
    """Author, committer and co-authors are authors; others may approve."""
    fields = {"by": ADA, **changes}
    slipway.outside.commit(BRANCH, {CODE: b"1"}, **fields)  # type: ignore[arg-type]
    slipway.tell_push(BRANCH, by=ADA)
    slipway.pump()

    assert slipway.answer(RITA).code == "author"
    assert slipway.answer(SAM, groups=("release-managers",)).outcome == "moved"


def test_attack_hide_an_author_below_thousands_of_commits(slipway: Harness) -> None:
    """Rita wrote part of it; 2,001 commits by somebody else follow."""
    slipway.outside.commit(BRANCH, {CODE: b"rita"}, by=RITA)
    for number in range(2001):
        slipway.outside.commit(BRANCH, {CODE: str(number).encode()}, by=ADA)
    slipway.tell_push(BRANCH, by=ADA)
    slipway.pump()

    assert slipway.answer(RITA).code == "author"


def test_a_limit_that_is_met_while_reading_means_that_somebody_is_unknown(slipway: Harness) -> None:
    """Never fewer authors; it is read again another time, and goes on when it is read whole."""
    slipway.outside.source.unknown = "reading who wrote it took longer than 60 s"
    slipway.push_release("1.0.0")
    slipway.pump()
    first = slipway.answer(RITA)
    slipway.outside.source.unknown = ""
    slipway.send(ev.PusherFound(id="late", service=slipway.state().service, ref=BRANCH, commit="f" * 40, pushed_by=SAM))
    slipway.pump()

    assert (first.code, "took longer than 60 s" in first.reason) == ("unlinked-author", True)
    assert slipway.answer(RITA).outcome == "moved"


def test_more_authors_without_a_mail_than_can_be_named_are_counted(slipway: Harness) -> None:
    """What is unknown fits a row, and an answer for some is none for others."""
    for number in range(23):
        slipway.outside.commit(
            BRANCH, {CODE: str(number).encode()}, by=Person(id=f"p{number:02}", name=f"P{number:02}")
        )
    slipway.outside.commit(BRANCH, {CODE: b"nobody"}, by=Person(id="x", name=""))
    slipway.push_release("1.0.0")
    slipway.pump()
    unknown = read(slipway).unknown

    assert len(unknown) == 21
    assert unknown[:2] == ("author without a name, who has no mail", "author P00, who has no mail")
    assert unknown[-1].startswith("4 more authors without a mail (")


def test_where_what_is_live_did_not_use_a_path_its_whole_history_counts(slipway: Harness) -> None:
    """Attack: write a file, let it rest for a version, then have it taken in, and approve it."""
    slipway.outside.commit(MAIN, {"deploy/delivery.yaml": b"replicas: 9\n"}, by=RITA)
    slipway.release_to("1.0.0")
    added = SLIPWAY_YAML.replace('"charts/{service}/values-qa.yaml"', '"deploy/{service}.yaml"')
    slipway.push(MAIN, {"slipway.yaml": added.encode()}, by=RITA)
    slipway.pump()
    asked = counted(slipway)
    slipway.push_release("1.1.0")
    slipway.pump()

    assert (None, ("deploy/.gitattributes", "deploy/delivery.yaml")) in asked
    assert slipway.answer(RITA).code == "author"


def test_who_wrote_slipway_yaml_alone_may_approve(slipway: Harness) -> None:
    """It is the rule, not the change, also where a trigger names it."""
    named = SLIPWAY_YAML.replace("include: [src/shipping/delivery]", "include: [src/shipping/delivery, slipway.yaml]")
    slipway.push(MAIN, {"slipway.yaml": named.encode()}, by=RITA)
    slipway.pump()
    slipway.outside.commit(BRANCH, {"slipway.yaml": b"version: 1\n"}, by=RITA)
    slipway.push_release("1.0.0")
    slipway.pump()

    assert slipway.answer(RITA).outcome == "moved"


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ({"src/shipping/delivery": b"-> src/shipping/package"}, {"src/shipping/package/secret.py": b"1"}),
        ({CODE: b"-> libs/code.py", "libs/code.py": b"0"}, {"libs/code.py": b"1"}),
        ({}, {".gitattributes": b"*.py export-ignore\n"}),
        ({}, {"src/.gitattributes": b"*.py export-ignore\n"}),
        ({"charts/delivery": b"-> elsewhere", "elsewhere/Chart.yaml": b"name: d\n"}, {"elsewhere/values.yaml": b"1"}),
    ],
)
def test_attack_change_what_is_used_by_way_of_a_link_or_of_attributes(
    slipway: Harness, before: dict[str, bytes | None], then: dict[str, bytes | None]
) -> None:
    """Whoever wrote what a link leads to, or how files are exported, is an author."""
    slipway.outside.commit(MAIN, {"x": b"1", **before}, by=ADA)
    slipway.release_to("1.0.0")
    base = slipway.release("1.0.0").commit
    slipway.outside.commit(branch("1.1.0"), then, by=RITA, base=base)
    slipway.tell_push(branch("1.1.0"), by=ADA)
    slipway.pump()

    assert slipway.answer(RITA).code == "author"


def test_a_vote_is_looked_up_again_when_less_is_live_than_before(slipway: Harness) -> None:
    """Rita wrote what is live; when it is rolled back, she wrote part of what would be deployed."""
    two = SLIPWAY_YAML.replace("minimum: 1", "minimum: 2").encode()
    slipway.release_to("0.9.0")
    slipway.outside.commit(BRANCH, {CODE: b"1"}, by=RITA, base=slipway.release("0.9.0").commit)
    slipway.tell_push(BRANCH, by=ADA)
    slipway.pump()
    slipway.answer(SAM, groups=("release-managers",))
    slipway.pump()
    slipway.push(MAIN, {"slipway.yaml": two})
    slipway.outside.commit(branch("1.1.0"), {CODE: b"2"}, by=ADA, base=slipway.release("1.0.0").commit)
    slipway.tell_push(branch("1.1.0"), by=ADA)
    slipway.pump()
    assert slipway.answer(RITA).outcome == "noted"
    slipway.ask(ev.RollbackRequested, environment="production", reason="slow", to="")
    slipway.pump()

    request = slipway.promotion("1.1.0", "production").approval
    assert slipway.live("production") == "0.9.0"
    assert request is not None
    assert request.votes == ()


def test_what_is_live_and_forgotten_by_git_is_no_bound(slipway: Harness) -> None:
    """Where its commit is gone, the whole history counts."""
    slipway.release_to("1.0.0")
    asked = counted(slipway)
    commit = slipway.release("1.0.0").commit
    contains = slipway.outside.source.contains
    forgets = lambda repository, ancestor, other: commit != ancestor and contains(repository, ancestor, other)  # noqa: E731
    slipway.outside.source.contains = forgets  # type: ignore[method-assign]
    slipway.push_release("1.1.0")
    slipway.pump()

    assert [base for base, _ in asked] == [None]
