"""Who may answer, and whose answer counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.gating.approval import (
    counting,
    group_ids,
    is_approver,
    lapses,
    objection,
    request_id,
    rule_listed,
    who_may,
)
from shared.domain.policies.policy import ApprovalRule, DenyWindow, EnvironmentPolicy, GateRules, Severity, Verdict
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import ApprovalRequest, Authors, Facts, Looked, Promotion, Vote
from shared.domain.state.release import Release
from shared.domain.values.artifact import PartKind
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from tests.support.parts import with_digest
from tests.support.pilot import AUTHOR, MANAGER, NOON, OPERATOR, PRODUCTION, SECOND, Pilot
from tests.support.pilot_more import DAY, HOUR, person

RULE = ApprovalRule(approvers=("release-manager@example.com", "group:Release-Managers", "p-second"))


RELEASE = Release(
    version=Version.parse("1.0.0"),
    ref="refs/heads/release/delivery/v1.0.0",
    commit="b" * 40,
    phase=ReleasePhase.PACKAGED,
    reason="",
    since=NOON,
    created=NOON,
)


def a_promotion(*wrote: Person, unknown: tuple[str, ...] = (), **changes: Any) -> Promotion:
    """A promotion whose authors are not all known, or of which somebody looked up that these are among them."""
    made = Promotion(
        number=2,
        environment="production",
        kind=PromotionKind.FORWARD,
        phase=Phase.WAITING,
        since=NOON,
        created=NOON,
        cause="v1.0.0 was packaged",
        facts=Facts(
            at=NOON, authors=Authors(unknown=unknown, looked=tuple(Looked(person=one, wrote=True) for one in wrote))
        ),
    )
    return replace(made, **changes)


def a_vote(who: Person, *groups: str, comment: str = "") -> Vote:
    return Vote(person=who, groups=groups, at=NOON, comment=comment)


def code(rule: ApprovalRule, vote: Vote, promotion: Promotion) -> str:
    found = objection(rule, vote, RELEASE, promotion)
    return found.code if found else ""


@pytest.mark.parametrize(
    ("who", "groups"),
    [
        (MANAGER, ()),
        (person("x", "Release-Manager@Example.com"), ()),
        (person("x"), ("release-managers",)),
        (person("x"), ("RELEASE-MANAGERS",)),
        (SECOND, ()),
    ],
)
def test_an_approver_is_listed_by_mail_group_or_id(who: Person, groups: tuple[str, ...]) -> None:
    """Mails and groups are compared without regard to case."""
    assert is_approver(RULE, who, groups)


@pytest.mark.parametrize(
    ("who", "groups"),
    [
        (OPERATOR, ()),
        (OPERATOR, ("role:Slipway.Approve", "developers")),
        (person("group:release-managers", "group:release-managers"), ()),
    ],
)
def test_nobody_else_is_an_approver(who: Person, groups: tuple[str, ...]) -> None:
    """A role is no substitute for being listed, nor is a mail that looks like a group."""
    assert not is_approver(RULE, who, groups)


PINNED = replace(RULE, pinned=(("release-manager@example.com", MANAGER.id), ("group:Release-Managers", "g-1")))


@pytest.mark.parametrize(
    ("who", "groups"),
    [(MANAGER, ()), (replace(MANAGER, mails=("married@example.com",)), ()), (person("x"), ("G-1",)), (SECOND, ())],
)
def test_a_name_that_is_pinned_counts_by_its_id(who: Person, groups: tuple[str, ...]) -> None:
    """Whatever the person is called by now; what is not pinned counts as it is written."""
    assert is_approver(PINNED, who, groups)


@pytest.mark.parametrize(
    ("who", "groups"),
    [(person("new", "release-manager@example.com"), ()), (person("x"), ("release-managers",)), (person("g-1"), ())],
)
def test_a_mail_or_a_groups_name_that_somebody_else_was_given_is_not_theirs_to_approve_with(
    who: Person, groups: tuple[str, ...]
) -> None:
    """Attack: take over the name of an approver who has left. Defence: it was pinned to an id."""
    assert not is_approver(PINNED, who, groups)


def test_the_groups_of_a_rule_are_its_pinned_ids_and_what_is_written_otherwise() -> None:
    """They are what a directory is asked for."""
    assert group_ids(PINNED) == ("g-1",)
    assert group_ids(RULE) == ("Release-Managers",)


def test_people_read_the_names_that_were_written() -> None:
    """An id would tell them nothing."""
    assert who_may(PINNED) == who_may(RULE)


@pytest.mark.parametrize(
    ("groups", "may"), [(("role:slipway.approve",), True), (("role:Slipway.Read",), False), ((), False)]
)
def test_a_rule_that_lists_nobody_takes_people_with_the_role(groups: tuple[str, ...], may: bool) -> None:
    """An empty list never means everybody."""
    assert is_approver(ApprovalRule(), OPERATOR, groups) is may


def test_an_author_does_not_approve() -> None:
    """Whoever can read the authors has looked."""
    assert code(ApprovalRule(), a_vote(AUTHOR, "role:Slipway.Approve"), a_promotion(AUTHOR)) == "author"


def test_an_author_without_a_mail_blocks_everybody() -> None:
    """Nobody can be shown not to be this author."""
    nameless = a_promotion(AUTHOR, unknown=("author without a name, who has no mail",))

    assert code(RULE, a_vote(MANAGER), nameless) == "unlinked-author"


def test_an_approver_without_a_mail_cannot_be_told_from_an_author() -> None:
    """The identity needs a mail."""
    assert code(RULE, a_vote(Person(id="p-second", name="Sam")), a_promotion(AUTHOR)) == "unlinked-approver"


@pytest.mark.parametrize("mail", ["\uff41da@example.com", "ada@example.com.", "ada@example.com,", "ada @example.com"])
def test_attack_approve_with_a_mail_that_is_spelled_otherwise_in_the_identity(mail: str) -> None:
    """It reads like an author's and compares as nobody's, also beside one that is an approver's; what is wrong is seen."""
    odd = Person(id="p-odd", name="Odd", mails=("sam@example.com", mail))
    found = objection(RULE, a_vote(odd, "release-managers"), RELEASE, a_promotion(AUTHOR))

    assert found is not None
    assert (found.code, ascii(mail) in found.reason) == ("unlinked-approver", True)


def test_where_authors_are_not_forbidden_they_approve() -> None:
    """It is the environment's choice."""
    rule = replace(RULE, approvers=(*RULE.approvers, "ada@example.com"), forbid=())

    assert code(rule, a_vote(AUTHOR), a_promotion(AUTHOR)) == ""


@pytest.mark.parametrize("asked_by", [MANAGER, person("another identity", "Release-Manager@example.com")])
def test_who_asked_for_a_promotion_does_not_approve_it_where_that_is_forbidden(asked_by: Person) -> None:
    """Nor under another identity with the same mail."""
    rule, promotion = replace(RULE, forbid=("requester",)), a_promotion(requested_by=asked_by)

    assert code(rule, a_vote(MANAGER), promotion) == "requester"
    assert code(rule, a_vote(SECOND), promotion) == ""
    assert code(rule, a_vote(MANAGER), a_promotion()) == ""


@pytest.mark.parametrize(
    ("comment", "expected"), [("", "comment-required"), ("  \n", "comment-required"), ("fine", "")]
)
def test_a_comment_is_given_where_the_environment_asks_for_one(comment: str, expected: str) -> None:
    """Blanks are none."""
    assert code(replace(RULE, comment=True), a_vote(MANAGER, comment=comment), a_promotion(AUTHOR)) == expected


def test_somebody_who_is_no_approver_is_told_who_is() -> None:
    """The refusal names the rule."""
    found = objection(RULE, a_vote(OPERATOR), RELEASE, a_promotion(AUTHOR))

    assert found is not None
    assert found.reason == (
        "Olga Operator is not an approver of production; it takes 1 of release-manager@example.com, "
        "group Release-Managers, p-second, not the author"
    )


def test_before_authors_are_read_nobody_is_one() -> None:
    """The gate on facts stands in the way until then, and votes are counted again with them."""
    assert code(replace(RULE, approvers=()), a_vote(AUTHOR, "role:Slipway.Approve"), a_promotion(facts=None)) == ""


def test_a_person_counts_once() -> None:
    """Two identities with a mail in common are one person."""
    twin = person("twin", "RELEASE-MANAGER@example.com")
    votes = (a_vote(MANAGER), a_vote(MANAGER), a_vote(twin), a_vote(SECOND), a_vote(OPERATOR))

    assert [one.person for one in counting(RULE, RELEASE, a_promotion(AUTHOR), votes)] == [MANAGER, SECOND]


def test_people_without_mails_are_told_apart_by_id() -> None:
    """No mail in common is not the same mail."""
    rule = ApprovalRule(forbid=())
    one, two = person("one"), person("two")

    votes = counting(rule, RELEASE, a_promotion(), [a_vote(who, "role:Slipway.Approve") for who in (one, two, one)])

    assert [vote.person for vote in votes] == [one, two]


def test_who_may_reads_as_a_sentence() -> None:
    """For cards and pages."""
    assert who_may(ApprovalRule(minimum=2, forbid=("author", "requester"))) == (
        "2 of people with the approver role, not the author or the requester"
    )
    assert who_may(ApprovalRule(approvers=("a@b", "group:c"), forbid=())) == "1 of a@b, group c"


@pytest.mark.parametrize(
    "changed",
    [
        replace(PRODUCTION, approval=replace(RULE, approvers=("other@example.com",))),
        replace(PRODUCTION, approval=replace(RULE, minimum=2)),
        replace(PRODUCTION, approval=replace(RULE, forbid=())),
        replace(PRODUCTION, approval=replace(RULE, comment=True)),
        replace(PRODUCTION, approval=replace(RULE, pinned=(("release-manager@example.com", "p-1"),))),
        replace(PRODUCTION, approval=replace(RULE, expires=DAY)),
        replace(PRODUCTION, approval=replace(RULE, valid_for=DAY * 2)),
        replace(PRODUCTION, approval=RULE, gates=GateRules(scan=Severity.LOW)),
        replace(PRODUCTION, approval=RULE, gates=GateRules(unknown_scan=Verdict.BLOCK)),
        replace(PRODUCTION, approval=RULE, gates=GateRules(older_than_live=Verdict.BLOCK)),
        replace(PRODUCTION, approval=RULE, gates=GateRules(comply=Verdict.ALLOW)),
        replace(PRODUCTION, approval=RULE, gates=GateRules(soak=HOUR)),
    ],
)
def test_another_rule_is_another_question(changed: EnvironmentPolicy) -> None:
    """Every part of the approval and gate rules is listed."""
    assert rule_listed(changed) != rule_listed(replace(PRODUCTION, approval=RULE, gates=GateRules()))


def test_freezes_and_the_order_of_approvers_are_not_part_of_the_rule() -> None:
    """A new freeze asks nobody again."""
    window = DenyWindow(cron="0 16 * * 5", duration=DAY, timezone="UTC", reason="weekend")
    turned = replace(RULE, approvers=tuple(reversed(RULE.approvers)))

    changed = replace(PRODUCTION, approval=turned, freezes=(window,), values=("other.yaml",))

    assert rule_listed(changed) == rule_listed(replace(PRODUCTION, approval=RULE))


def test_a_request_is_for_one_artifact_one_environment_one_promotion() -> None:
    """Another of any of them is another request."""
    artifact = Pilot().release_to("1.0.0", approve=False).release("1.0.0").artifact
    assert artifact is not None
    other = with_digest(artifact, PartKind.CHART, artifact.image.digest)
    ids = {
        request_id(artifact, a_promotion(), PRODUCTION),
        request_id(other, a_promotion(), PRODUCTION),
        request_id(artifact, a_promotion(environment="staging"), PRODUCTION),
        request_id(artifact, a_promotion(number=3), PRODUCTION),
    }

    assert len(ids) == 4
    assert request_id(artifact, a_promotion(facts=None, attempt=2), PRODUCTION) in ids


@pytest.mark.parametrize(
    ("granted", "since", "expected"),
    [
        (None, timedelta(0), None),
        (HOUR, timedelta(0), HOUR + DAY),
        (HOUR, 5 * HOUR, 5 * HOUR + DAY),
    ],
)
def test_an_approval_lapses_after_its_time_of_waiting(
    granted: timedelta | None, since: timedelta, expected: timedelta | None
) -> None:
    """A retry waits anew, with the approval it has."""
    request = ApprovalRequest(id="r", asked=NOON, granted=NOON + granted if granted else None)

    assert lapses(RULE, a_promotion(approval=request, since=NOON + since)) == (NOON + expected if expected else None)
    assert lapses(RULE, a_promotion()) is None
