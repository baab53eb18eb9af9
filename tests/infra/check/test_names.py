"""Names in slipway.yaml, and of branches, that are nearly right: nothing fails by them, and nothing happens either."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.__main__ import main
from infra.local.check.branches import MOST_BRANCHES, look_at_releases
from infra.local.check.command import look_at_names
from infra.local.check.configuration import read_policy
from infra.local.check.nearest import Names
from infra.local.check.report import CheckReport, Mark
from infra.local.host import LocalPeople, LocalPerson, new_person
from shared.adapters.git_disk.source import GitSource
from tests.support.build_site import SAMPLE
from tests.support.check_lines import lines
from tests.support.git_repositories import GitRepository

FILE = (SAMPLE / "slipway.yaml").read_text(encoding="utf-8")
ADA = new_person("Ada Author", mails=["ada@example.com", "ada@laptop.example"], groups=["release-managers"])


def changed(repository: GitRepository, old: str, new: str) -> None:
    """Commit the sample's file with another text in one place."""
    assert old in FILE
    repository.commit({"slipway.yaml": FILE.replace(old, new)})


def of(repository: GitRepository, mark: Mark, word: str, *, people: list[LocalPerson] | None = None) -> list[str]:
    """The lines about names that hold a word."""
    name = repository.path.stem
    source, report = GitSource({name: repository.path}), CheckReport()
    policy = read_policy(source, report, name, repository.tip() or "")
    if policy is not None:
        look_at_names(source, report, policy, people)
    return [line for line in lines(report, mark) if word in line]


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("chart/delivery", "; is charts/delivery meant?"),
        ("src/shiping/delivery", "; is src/shipping/delivery meant?"),
        ("SRC/Shipping/delivery", "; is src/shipping/delivery meant?"),
        ("src/shiping/*", "; is src/shipping/* meant?"),
        ("shipping/delivery", "; is src/shipping/delivery meant?"),
        ("somewhere/else", ""),
    ],
)
def test_a_trigger_path_that_matches_nothing_is_told_with_the_nearest(
    repository: GitRepository, written: str, nearest: str
) -> None:
    """No push would ever count by it."""
    changed(repository, "paths: {include: [src/shipping/delivery, ", f"paths: {{include: [{written}, ")

    assert of(repository, Mark.CHANGE, "triggers.paths") == [
        f"triggers.paths.include: {written} matches no file of the commit, so no push counts by it{nearest}"
    ]


@pytest.mark.parametrize("written", ["src/shipping/delivery", "/src/shipping/delivery/", "src/*/delivery", "**", "/"])
def test_a_trigger_path_that_matches_something_is_right(repository: GitRepository, written: str) -> None:
    """In every way to write it."""
    changed(
        repository,
        "paths: {include: [src/shipping/delivery, ",
        f'paths: {{exclude: [nothing/at/all], include: ["{written}", ',
    )

    assert of(repository, Mark.CHANGE, "triggers.paths") == []
    assert of(repository, Mark.NOTE, "triggers.paths") == [
        "triggers.paths.exclude: nothing/at/all matches no file of the commit"
    ]


@pytest.mark.parametrize(
    ("branch", "wanted"),
    [
        ("releases/delivery/v1.0.0", "release/delivery/v1.0.0"),
        ("Release/delivery/v1.0.0", "release/delivery/v1.0.0"),
        ("release/delivery/1.0.0", "release/delivery/v1.0.0"),
        ("release/Delivery/v1.0.0", "release/delivery/v1.0.0"),
        ("release/delivry/V1.0.0", "release/delivery/v1.0.0"),
        ("release/delivery/v1.0", "release/delivery/v1.0.0"),
        ("release/delivery/v01.2.0-rc.1", "release/delivery/v1.2.0-rc.1"),
        ("release/delivery/v1.0.0+build", "release/delivery/v1.0.0"),
        ("release-delivery-v1.0.0", "release/delivery/v1.0.0"),
        ("delivery/v1.0.0", "release/delivery/v1.0.0"),
        ("release/delivery/next", "release/delivery/v<version>, as v1.0.2"),
    ],
)
def test_a_branch_that_is_nearly_a_release_is_told_with_its_right_name(
    repository: GitRepository, branch: str, wanted: str
) -> None:
    """It would be pushed, and nothing would come of it."""
    repository.commit({"x": "y"}, branch=branch)

    [said] = of(repository, Mark.NOTE, "releases nothing")
    assert said.startswith(f"{branch} ")
    assert said.endswith(f"; to release delivery, call it {wanted}")


@pytest.mark.parametrize(
    "branch", ["release/delivery/v1.0.0", "feature/delivery/v2", "relay/fast", "hotfix/1.0", "docs"]
)
def test_what_is_a_release_and_what_is_no_such_name_is_not_told(repository: GitRepository, branch: str) -> None:
    """A list of every branch would be read by nobody."""
    repository.commit({"x": "y"}, branch=branch)

    assert of(repository, Mark.NOTE, "releases nothing") == []


def test_attack_fill_the_list_with_branches(repository: GitRepository) -> None:
    """So many are named, and the others counted."""
    report = CheckReport()
    policy = read_policy(GitSource({"shop": repository.path}), report, "shop", repository.tip() or "")
    assert policy is not None

    look_at_releases(report, policy, [f"refs/heads/releases/delivery/v1.0.{n}" for n in range(MOST_BRANCHES + 3)])

    notes = lines(report, Mark.NOTE)
    assert sum("releases nothing" in note for note in notes) == MOST_BRANCHES
    assert notes[-1] == "3 more branches are like that"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("mian", ["triggers.branches: no branch is called mian; is main meant?"]),
        ("trunk", ["triggers.branches: no branch is called trunk"]),
        (
            "featrue/delivery/*",
            ["triggers.branches: no branch is called featrue/delivery/*; is feature/delivery/* meant?"],
        ),
        ("hotfix/*", []),
        ("main", []),
    ],
)
def test_a_branch_of_the_triggers_that_is_not_there_is_told(
    repository: GitRepository, written: str, said: list[str]
) -> None:
    """A pattern that nothing is like may be for branches to come."""
    changed(repository, 'branches: {include: [main, "feature/delivery/*"]}', f'branches: {{include: ["{written}"]}}')
    repository.commit({"x": "y"}, branch="feature/delivery/one")

    assert of(repository, Mark.NOTE, "triggers.branches: no branch is called " + written) == said


@pytest.mark.parametrize(
    ("approver", "said"),
    [
        ("release-manager.example.com", "is no mail address and no id"),
        ("Rita <release-manager@example.com>", "is no mail address and no id"),
        ("group:\uff52elease-managers", "could be read as others ('release-managers')"),
        ("\uff41da@example.com", "could be read as others"),
    ],
)
def test_an_approver_who_cannot_be_anybody_is_to_be_changed(
    repository: GitRepository, approver: str, said: str
) -> None:
    """By how it is written alone."""
    changed(repository, '"release-manager@example.com", ', f'"{approver}", ')

    [line] = of(repository, Mark.CHANGE, "read as others") + of(repository, Mark.CHANGE, "no mail address")
    assert said in line


def test_who_is_named_twice_and_what_cannot_be_known_is_told(repository: GitRepository) -> None:
    """In words, with what would say more."""
    changed(repository, '"release-manager@example.com", ', '"ada@example.com", "Ada@Example.com", ')

    assert of(repository, Mark.NOTE, "twice") == ["production: Ada@Example.com is named twice, and counts once"]
    assert "cannot be known here; PEOPLE=" in of(repository, Mark.NOTE, "who is in a group")[0]


def test_approvers_are_compared_with_a_local_hosts_people(repository: GitRepository) -> None:
    """A group without a member, nobody, one person by two mails, and too few for what is asked."""
    approvers = '"ada@example.com", "ada@laptop.example", "nobody@example.com", "group:managers"'
    changed(
        repository, '"release-manager@example.com", "group:release-managers"], minimum: 1', f"{approvers}], minimum: 2"
    )

    assert of(repository, Mark.CHANGE, "production: ", people=[ADA]) == [
        "production: nobody@example.com is nobody",
        "production: the group managers has no member",
        "production: asks for 2 approvals, and 1 person may give one",
    ]
    assert of(repository, Mark.NOTE, "one person", people=[ADA]) == [
        "production: ada@example.com and ada@laptop.example are one person, Ada Author, and count once"
    ]


def test_the_people_are_read_from_a_hosts_file(
    repository: GitRepository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that `make up` keeps; one that others may read is refused."""
    file = tmp_path / "people.json"
    LocalPeople([ADA]).save(file)
    ask = ["check", "--repo", str(repository.path), "--people", str(file)]

    assert main(ask) == 1
    assert "release-manager@example.com is nobody" in capsys.readouterr().out
    file.chmod(0o644)
    assert main(ask) == 2
    assert "others may read it" in capsys.readouterr().err


def test_a_values_file_that_is_not_there_is_told_and_one_that_nobody_reads(repository: GitRepository) -> None:
    """What is absent is left out in silence when it is deployed."""
    changed(repository, "charts/{service}/values-production.yaml", "charts/{service}/values-prod.yaml")

    assert of(repository, Mark.NOTE, "delivery/values") == [
        "production: the values file charts/delivery/values-prod.yaml is not in the commit, and is left out; "
        "is charts/delivery/values-production.yaml meant?",
        "charts/delivery/values-production.yaml is read for no environment; there are qa, production",
    ]


def test_two_services_with_one_image_are_to_be_changed(repository: GitRepository) -> None:
    """The second would be packaged over the first."""
    changed(repository, 'image: "{service}"', "image: shop")

    assert of(repository, Mark.CHANGE, "both") == [
        "slipway.yaml:3: artifacts.image: shop would hold both the image of delivery and the image of package"
    ]


def test_the_nearest_is_found_in_a_large_tree_at_once() -> None:
    """Part by part: a path is never compared with every other."""
    names = Names(f"src/{number:06}/Dockerfile" for number in range(20_000))

    assert names.nearest("scr/000042/Dockerfile") == "src/000042/Dockerfile"
