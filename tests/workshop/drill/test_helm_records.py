"""The crash drill on a control plane: what is wrong in Helm's records after a death."""

from __future__ import annotations

from shared.adapters.helm.looking import DIED
from shared.adapters.helm.marks import RevisionMark
from shared.adapters.kubernetes.releases import ReleaseRecord, Revision
from tests.workshop.drill.cluster_scene import history_of, wrong_in
from tests.workshop.drill.end import same

DEAD = f"{DIED} while it was pending-upgrade"


def record(number: int, effect: str, status: str, said: str = "") -> ReleaseRecord:
    """A revision of an effect."""
    own = RevisionMark(effect, turn=1, until=0).labels(number)
    revision = Revision(release="delivery", number=number, status=status, own=own)
    return ReleaseRecord(revision=revision, description=said, manifest="", values={}, chart={}, version="1", created="")


def test_an_effect_that_was_applied_twice_is_wrong() -> None:
    """Each revision of it is named."""
    found = [record(1, "a", "superseded"), record(2, "b", "superseded"), record(3, "b", "deployed")]

    assert list(wrong_in(found)) == ["b was applied as the revisions [2, 3]"]


def test_what_died_and_was_applied_again_is_an_undisturbed_history() -> None:
    """The dead record stays in Helm's history, and counts for nothing."""
    found = [record(1, "a", "superseded"), record(2, "b", "failed", DEAD), record(3, "b", "deployed")]

    assert list(wrong_in(found)) == []
    assert list(history_of(found)) == [("a", "superseded", ""), ("b", "deployed", "")]


def test_a_record_that_somebody_seems_to_be_at_is_wrong() -> None:
    """Nobody is, once the story is over."""
    assert list(wrong_in([record(1, "a", "pending-upgrade")])) == ["revision 1 is pending-upgrade"]


def test_what_a_cluster_puts_into_a_pods_name_is_no_difference() -> None:
    """A ReplicaSet's hash may be short."""
    assert same("pod delivery-d695dff-79bdw: failed") == same("pod delivery-78c7c7f68b-fndr6: failed")
