"""What a history of Helm's asks of an order, state by state."""

from __future__ import annotations

import pytest

from shared.adapters.helm.looking import LOOK_AGAIN, SKEW, Act, Done, EndedBadly, Heal, Later, Wait, look
from shared.adapters.helm.marks import RevisionMark, label_of, mark_of, read_revision, revision_text
from shared.adapters.kubernetes.releases import Revision

OURS, OTHER = label_of("shop~delivery:4:deploy:1"), label_of("shop~delivery:3:deploy:1")
UNTIL = 1000


def revision(number: int, status: str, effect: str = "", *, turn: int = 3, touched: int = UNTIL) -> Revision:
    """One of the history: of an effect, or of nobody we know."""
    own = RevisionMark(effect, turn, UNTIL).labels(number) if effect else {}
    return Revision(release="delivery", number=number, status=status, own=own, touched=touched)


def found(*history: Revision, now: int = UNTIL + SKEW + 1, good: tuple[str, ...] = (), patience: int = 0) -> object:
    """Look for the order of turn 4."""
    return look(history, OURS, 4, good, now=now, patience=patience)


GOOD = revision(1, "deployed", OTHER)


@pytest.mark.parametrize(
    ("history", "wanted"),
    [
        ((), Act(install=True)),
        ((GOOD,), Act(install=False)),
        ((revision(1, "deployed"),), Act(install=False)),
        ((revision(1, "failed", OTHER),), Act(install=False)),
        ((revision(1, "uninstalled", OTHER),), Act(install=True)),
        ((GOOD, revision(2, "deployed", OURS)), Done(revision(2, "deployed", OURS))),
        ((revision(2, "superseded", OURS), revision(3, "deployed")), Done(revision(2, "superseded", OURS))),
        ((revision(2, "failed", OURS),), EndedBadly(revision(2, "failed", OURS))),
        (
            (revision(2, "deployed", OTHER, turn=5),),
            Later(revision(2, "deployed", OTHER, turn=5), RevisionMark(OTHER, 5, UNTIL)),
        ),
        (
            (revision(2, "superseded", OTHER, turn=5), revision(3, "deployed")),
            Later(revision(2, "superseded", OTHER, turn=5), RevisionMark(OTHER, 5, UNTIL)),
        ),
        (
            (revision(2, "pending-upgrade", OTHER, turn=5),),
            Later(revision(2, "pending-upgrade", OTHER, turn=5), RevisionMark(OTHER, 5, UNTIL)),
        ),
        ((revision(1, "pending-install", OURS),), Heal(revision(1, "pending-install", OURS))),
        ((GOOD, revision(2, "pending-upgrade", OURS)), Heal(revision(2, "pending-upgrade", OURS))),
        ((GOOD, revision(2, "pending-upgrade", OTHER)), Heal(revision(2, "pending-upgrade", OTHER))),
        ((GOOD, revision(2, "pending-rollback")), Heal(revision(2, "pending-rollback"))),
        ((revision(1, "uninstalling", OTHER),), Heal(revision(1, "uninstalling", OTHER), uninstall=True)),
    ],
)
def test_each_state_has_one_way_on(history: tuple[Revision, ...], wanted: object) -> None:
    """None is left to Helm's own refusal."""
    assert found(*history) == wanted


def test_only_what_slipway_recorded_as_good_is_gone_back_to() -> None:
    """The newest of those that are in the history still; Helm's own word for it does not count."""
    older, newer = revision(1, "superseded", OTHER), revision(2, "superseded", OTHER)
    history = (older, newer, revision(3, "deployed", OTHER), revision(4, "pending-upgrade", OTHER))

    heal = found(*history, good=(revision_text(1, OTHER), revision_text(2, OTHER), revision_text(7, OTHER)))

    assert heal == Heal(history[-1], back=newer)


def test_what_was_adopted_is_gone_back_to_by_its_number() -> None:
    """Nobody's effect brought it; a revision of ours by that number is another one."""
    adopted, dead = revision(1, "deployed"), revision(2, "pending-upgrade", OTHER)

    assert found(adopted, dead, good=(revision_text(1, ""),)) == Heal(dead, back=adopted)
    assert found(revision(1, "deployed", OTHER), dead, good=(revision_text(1, ""),)) == Heal(dead)


@pytest.mark.parametrize("now", [0, UNTIL, UNTIL + SKEW])
def test_a_client_is_left_alone_as_long_as_it_may_write(now: int) -> None:
    """And as long as two clocks may be apart."""
    wait = found(revision(1, "pending-install", OURS), now=now)

    assert isinstance(wait, Wait)


def test_a_client_that_may_write_is_looked_at_again_soon() -> None:
    """One that lives ends long before it must, and who waits for it goes on; one that died is waited for to the second."""
    one = revision(1, "uninstalling", OTHER)

    assert found(one, now=0) == Wait(one, LOOK_AGAIN)
    assert found(one, now=UNTIL + SKEW - 4) == Wait(one, 5)


def test_a_persons_client_is_left_alone_as_long_as_ours_would_be() -> None:
    """From when it wrote last."""
    theirs = revision(1, "pending-upgrade", touched=2000)

    assert found(theirs, now=2300 + SKEW, patience=300) == Wait(theirs, 1)
    assert found(theirs, now=2301 + SKEW, patience=300) == Heal(theirs)


def test_a_time_that_no_client_has_is_nobodys() -> None:
    """What labels say counts as far as it can be true: the cluster's own word for when a record was made bounds it."""
    made, far = 5000, RevisionMark(OTHER, 3, 10**20).labels(1)
    longest = made + 20 * 60 + SKEW
    ours = Revision(release="delivery", number=1, status="pending-install", own=far, created=made)
    theirs = Revision(release="delivery", number=1, status="pending-install", own={}, touched=10**20, created=made)

    assert found(ours, now=longest + SKEW) == Wait(ours, 1)
    assert found(ours, now=longest + SKEW + 1) == Heal(ours)
    assert found(theirs, now=made + 300 + SKEW + 1, patience=300) == Heal(theirs)


def test_labels_that_were_inherited_are_nobodys() -> None:
    """A person's upgrade has those of the revision before."""
    inherited = Revision(release="delivery", number=2, status="deployed", own=RevisionMark(OURS, 4, UNTIL).labels(1))

    assert mark_of(inherited) is None


@pytest.mark.parametrize("name", ["slipway-effect", "slipway-revision", "slipway-turn", "slipway-until"])
def test_half_a_mark_is_none(name: str) -> None:
    """Whatever is missing or no number."""
    labels = RevisionMark(OURS, 4, UNTIL).labels(1)

    for value in ("", "x") if name != "slipway-effect" else ("",):
        own = labels | {name: value}
        assert mark_of(Revision(release="delivery", number=1, status="deployed", own=own)) is None


def test_an_effects_label_is_one_that_kubernetes_takes() -> None:
    """Letters, digits, dots and dashes, 63 at most, and another one for each effect."""
    long = label_of(f"{'r' * 100}~{'s' * 40}:{10**30}:deploy:{10**30}")

    assert label_of("a~b:4:deploy:1").startswith("4.deploy.1-")
    assert label_of("a~b:4:deploy:1") != label_of("a~c:4:deploy:1")
    assert len(long) <= 63
    assert long[0].isalnum()


def test_a_revisions_name_is_read_back() -> None:
    """And what is none says so."""
    assert read_revision(revision_text(7, OURS)) == (7, OURS)
    assert read_revision("abc") == (0, "")
