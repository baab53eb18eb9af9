"""What must hold after every decision, whatever was decided: written without the rules that it judges."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.domain.deciding.blockers import why
from shared.domain.drafts.decision import Decision, Outcome
from shared.domain.messages import events as ev
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.promotion import Promotion
from shared.domain.state.release import Release, ServiceState
from shared.domain.values.records import replace
from tests.support.pilot import AUTHOR, Pilot

QUEUE_ENDS = {"Skipped", "Rejected", "Expired", "Superseded", "Aborted"}
RUN_ENDS = {"Failed", "Errored", "Aborted"}
FORWARD = {
    "Pending": {"Waiting"} | QUEUE_ENDS,
    "Waiting": {"Pending", "Retagging", "Deploying", "Verifying"} | QUEUE_ENDS,
    "Retagging": {"Deploying"} | RUN_ENDS,
    "Deploying": {"Verifying"} | RUN_ENDS,
    "Verifying": {"Succeeded", "AwaitingSwitch"} | RUN_ENDS,
    "AwaitingSwitch": {"Switching"} | RUN_ENDS,
    "Switching": {"Succeeded"} | RUN_ENDS,
    "Errored": {"Waiting"},
}
ROLLBACK = {
    "Waiting": {"Deploying", "RollbackFailed"},
    "Deploying": {"Verifying", "RollbackFailed"},
    "Verifying": {"RolledBack", "RollbackFailed"},
}
RELEASE_ENDS = {"Released", "Rejected", "Expired", "Failed", "Errored", "Superseded", "Aborted", "RolledBack"}
RELEASE = {
    "Validating": {"Packaging", "Failed", "Errored", "Aborted"},
    "Packaging": {"Validating", "Packaged", "Failed", "Errored", "Aborted"},
    "Packaged": RELEASE_ENDS,
    **{end: {"Packaged"} for end in RELEASE_ENDS},
    "Failed": {"Validating", "Packaging", "Packaged"},
    "Aborted": {"Validating", "Packaging", "Packaged"},
    "Errored": {"Validating", "Packaging", "Packaged"},
}
MOVES = {PromotionKind.FORWARD: FORWARD, PromotionKind.REDEPLOY: FORWARD, PromotionKind.ROLLBACK: ROLLBACK}
RUNNING = {"Retagging", "Deploying", "Verifying", "AwaitingSwitch", "Switching"}
REPORTS = (
    ev.BuildReported,
    ev.ArtifactTagged,
    ev.ArtifactRetagged,
    ev.ArtifactDeployed,
    ev.RolloutObserved,
    ev.EffectFailed,
)

_NOTED = re.compile(r"#(\d+) (forward|redeploy|rollback): (\w+) → (\w+)")


def noted_moves(decision: Decision) -> list[tuple[int, PromotionKind, str, str]]:
    """Every promotion's move that a decision tells of, in order."""
    found = (_NOTED.search(note) for note in decision.notes)
    return [(int(m[1]), PromotionKind(m[2]), m[3], m[4]) for m in found if m]


def promotions(state: ServiceState) -> Iterator[tuple[Release, Promotion]]:
    """Every promotion of the loaded releases, ended ones included."""
    loaded = {**{key: one for key, one in state.ended.items() if one is not None}, **state.releases}
    for release in loaded.values():
        for promotion in release.promotions:
            yield release, promotion


class Laws:
    """Watches a pilot's decisions one by one."""

    def __init__(self, pilot: Pilot) -> None:
        self.pilot = pilot
        self.verified: dict[int, str] = {}
        self.phases: dict[int, str] = {}
        self.seen: set[int] = set()

    def check(self, before: ServiceState, event: ev.ServiceEvent, decision: Decision) -> None:
        """Raise AssertionError where a law is broken by what was decided."""
        if decision.outcome in (Outcome.IGNORED, Outcome.REFUSED, Outcome.NOTHING):
            assert replace(decision.state, ended={}) == replace(before, ended={})
            assert decision.outcome is Outcome.NOTHING or (decision.code and decision.reason)
        self._moves(decision)
        self._slots(decision.state)
        self._live(decision.state)
        self._reasons(decision.state)
        self._versions(before, event, decision.state)
        self._blockers(decision)
        if decision.outcome not in (Outcome.IGNORED, Outcome.REFUSED):
            self._time(decision)

    def _moves(self, decision: Decision) -> None:
        stands = {one.number: one for _, one in promotions(decision.state)}
        for number, kind, old, new in noted_moves(decision):
            assert new in MOVES[kind][old], f"#{number} {kind} went from {old} to {new}"
            assert self.phases.get(number, old) == old
            self.phases[number] = new
            if old == "Waiting" and new in RUNNING:
                self._approved(stands[number])
            if new in ("Succeeded", "RolledBack"):
                assert old in ("Verifying", "Switching")
                self.verified[number] = stands[number].environment
        for number in sorted(stands.keys() - self.seen):
            assert number > max(self.seen, default=0), "numbers rise"
            self.seen.add(number)
        for number, one in stands.items():
            assert self.phases.setdefault(number, str(one.phase)) == one.phase, f"#{number} moved without a word"

    def _approved(self, one: Promotion) -> None:
        rule = one.pinned_policy.approval if one.pinned_policy else None
        if one.kind is not PromotionKind.FORWARD or rule is None:
            return
        assert one.approval is not None
        assert one.approval.granted is not None, f"#{one.number} started without an approval"
        people = {vote.person.id for vote in one.approval.votes}
        assert len(people) >= rule.minimum
        assert AUTHOR.id not in people
        if one.resume_at is None:
            assert self.pilot.now < one.approval.granted + rule.valid_for

    def _slots(self, state: ServiceState) -> None:
        running: dict[str, list[int]] = {}
        for _, one in promotions(state):
            if one.phase in RUNNING:
                running.setdefault(one.environment, []).append(one.number)
        for name, numbers in running.items():
            assert len(numbers) == 1, f"{numbers} run in {name} at the same time"
            slot = state.environments[name].slot
            assert slot is not None
            assert slot.promotion == numbers[0]
        for name, environment in state.environments.items():
            if environment.slot is not None and name not in running:
                assert environment.unknown, f"{environment.slot.promotion} keeps {name} for no reason"

    def _live(self, state: ServiceState) -> None:
        for name, environment in state.environments.items():
            for deployed in (*environment.good, *((environment.live,) if environment.live else ())):
                assert self.verified.get(deployed.promotion) == name, f"{deployed.promotion} never settled in {name}"
            assert len({one.artifact.id for one in environment.good}) == len(environment.good)

    def _versions(self, before: ServiceState, event: ev.ServiceEvent, state: ServiceState) -> None:
        lost = event.version if isinstance(event, ev.TaggingFailed) and event.lost else ""
        for key, release in {**state.ended, **state.releases}.items():
            old = before.releases.get(key) or before.ended.get(key)
            if release is None:
                continue
            assert release.packaged or not release.promotions, f"{release.version} goes on without its tags"
            assert release.artifact is None or release.artifact.commit == release.commit
            if old is not None and old.artifact is not None and lost != release.version.text:
                assert release.artifact == old.artifact, f"{release.version} is bound to something else"

    def _reasons(self, state: ServiceState) -> None:
        for _, one in promotions(state):
            if one.phase in (Phase.PENDING, Phase.WAITING):
                assert one.reason, f"#{one.number} is {one.phase} for no reason"

    def _blockers(self, decision: Decision) -> None:
        asked = decision.outcome in (Outcome.MOVED, Outcome.NOTED)
        for release in decision.state.releases.values():
            blockers = why(decision.state, release, estate=self.pilot.estate, now=self.pilot.now)
            assert blockers, f"{release.version} is {release.phase} and waits for nothing"
            assert all(one.who and one.code and one.reason for one in blockers)
            firsts = {one.environment: one.reason for one in reversed(blockers)}
            open_ones = [one for one in release.promotions if not one.phase.ended]
            for one in open_ones if asked else ():
                alone = [other.environment for other in open_ones].count(one.environment) == 1
                if one.phase is Phase.WAITING and alone:
                    assert one.reason == firsts[one.environment]

    def _time(self, decision: Decision) -> None:
        state = decision.state
        if state.releases and not self.pilot.estate.holds and not state.holds:
            assert decision.wake, "a release is open and nobody will look at it"
        for release in state.releases.values():
            assert not release.phase.ended
            open_ones = [one for one in release.promotions if not one.phase.ended or one.writing_until]
            assert release.phase != "Packaged" or open_ones, f"{release.version} has nothing under way"
            assert release.phase != "Packaging" or bool(release.build) != bool(release.tagging and release.artifact)
