"""A decision in the making: a copy of the state that rules read and change, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from shared.domain.drafts.decision import SaidOfCommit
from shared.domain.messages.effects import CancelBuild, ServiceEffect, SetStatus
from shared.domain.policies.policy import EnvironmentPolicy, ServicePolicy
from shared.domain.state.build import BuildResult, BuildRun, ReportedBuild
from shared.domain.state.estate import Estate
from shared.domain.state.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.state.promotion import Deployed, Promotion, remembered
from shared.domain.state.release import ArtifactHold, EnvironmentState, Numbers, Release, ServiceState, Validation
from shared.domain.state.transitions import IllegalMove, legal, legal_release
from shared.domain.values.errors import ReleaseNotLoaded
from shared.domain.values.names import ServiceKey
from shared.domain.values.person import Person
from shared.domain.values.records import replace
from shared.domain.values.version import Version

STATUS_PENDING, STATUS_SUCCEEDED, STATUS_FAILED, STATUS_ERROR = "pending", "succeeded", "failed", "error"


class Draft:
    """Rules work on this; `result` gives the state back as a frozen record. It knows no clock but `now`; `sequence` is its ledger entry's."""

    def __init__(
        self, state: ServiceState, estate: Estate, now: datetime, correlation: str = "", sequence: int = 0
    ) -> None:
        self.service: ServiceKey = state.service
        self.estate, self.now, self.correlation, self.sequence = estate, now, correlation, sequence
        self.policy: ServicePolicy | None = state.policy
        self.numbers: Numbers = state.numbers
        self.environments: dict[str, EnvironmentState] = dict(state.environments)
        self.releases: dict[str, Release] = dict(state.releases)
        self.validations: dict[str, Validation] = dict(state.validations)
        self.holds: tuple[ArtifactHold, ...] = state.holds
        self.ended: dict[str, Release | None] = dict(state.ended)
        self.builds: dict[int, ReportedBuild] = dict(state.builds)
        self.effects: list[ServiceEffect] = []
        self.statuses: dict[tuple[str, str], SaidOfCommit] = {}
        self.notes: list[str] = []
        self.moves = self.questions = 0
        self._state = state

    def result(self) -> ServiceState:
        """Return the changed state, or the very same object where nothing changed."""
        ended = {key: release for key, release in self.releases.items() if release.phase.ended}
        changed = replace(
            self._state,
            policy=self.policy,
            numbers=self.numbers,
            environments=self.environments,
            releases={key: release for key, release in self.releases.items() if key not in ended},
            validations=self.validations,
            holds=self.holds,
            ended={**self.ended, **ended},
            builds=self.builds,
        )
        return self._state if changed == self._state else changed

    def find_release(self, version: Version) -> Release | None:
        """Return a release, open or ended. Raise ReleaseNotLoaded where the caller has to load it first."""
        key = version.key()
        if key in self.releases:
            return self.releases[key]
        if key in self.ended:
            return self.ended[key]
        raise ReleaseNotLoaded(key)

    def release(self, version: Version) -> Release:
        """Return an open release that is known to be there."""
        return self.releases[version.key()]

    def put(self, release: Release) -> Release:
        """Keep a changed release; one that had ended is under way again only by its phase."""
        self.releases[release.version.key()] = release
        return release

    def environment(self, name: str) -> EnvironmentState:
        """Return what is known of an environment; a new one is empty."""
        return self.environments.get(name) or EnvironmentState(name=name)

    def put_environment(self, environment: EnvironmentState) -> None:
        """Keep a changed environment."""
        self.environments[environment.name] = environment

    @property
    def in_force(self) -> ServicePolicy:
        """The policy that builds follow: they don't outlive it. Raise LookupError where there is none."""
        if self.policy is None:
            raise LookupError(f"{self.service} is not configured")
        return self.policy

    def policy_of(self, promotion: Promotion) -> EnvironmentPolicy | None:
        """A promotion's policy; a rollback out of an environment that left goes by the policy of what it undoes."""
        found = promotion.policy_by(self.policy)
        undone = self.find_promotion(promotion.undoes) if found is None and promotion.undoes is not None else None
        return undone[1].pinned_policy if undone else found

    def promotions(self) -> Iterator[tuple[Release, Promotion]]:
        """Every promotion of the open releases that has not ended."""
        for release in self.releases.values():
            for promotion in release.promotions:
                if not promotion.phase.ended:
                    yield release, promotion

    def find_promotion(self, number: int) -> tuple[Release, Promotion] | None:
        """Return a promotion of an open release by its number, ended or not, with its release."""
        for release in self.releases.values():
            for promotion in release.promotions:
                if promotion.number == number:
                    return release, promotion
        return None

    def promotion(self, number: int) -> tuple[Release, Promotion]:
        """Return a promotion that is known to be there."""
        found = self.find_promotion(number)
        if found is None:
            raise LookupError(f"promotion {number} of {self.service} is not open")
        return found

    def keep(self, promotion: Promotion) -> Promotion:
        """Put a changed promotion, or a new one, into the release it belongs to."""
        release, _ = self.promotion(promotion.number)
        kept = [promotion if one.number == promotion.number else one for one in release.promotions]
        self.put(replace(release, promotions=tuple(kept)))
        return promotion

    def add(
        self,
        release: Release,
        environment: str,
        kind: PromotionKind,
        *,
        cause: str,
        person: Person | None,
        target: Deployed | None = None,
        undoes: int | None = None,
    ) -> Promotion:
        """Add a numbered attempt to a release. A forward one is Pending first, the others wait at once."""
        promotion = Promotion(
            number=self.next_promotion(),
            environment=environment,
            kind=kind,
            phase=Phase.PENDING if kind is PromotionKind.FORWARD else Phase.WAITING,
            since=self.now,
            created=self.now,
            cause=cause,
            requested_by=person,
            previous=self.environment(environment).live,
            target=target,
            undoes=undoes,
        )
        current = self.releases[release.version.key()]
        self.put(replace(current, promotions=remembered((*current.promotions, promotion), self.now)))
        self.moves += 1
        if kind is not PromotionKind.FORWARD:
            tag = release.version.tag
            self.note(f"{tag} {environment} #{promotion.number} {kind}: {promotion.phase} ({cause})")
        return promotion

    def move(
        self,
        promotion: Promotion,
        phase: Phase,
        reason: str,
        *,
        deadline: datetime | None = None,
        writing_until: datetime | None = None,
    ) -> Promotion:
        """Move a promotion along the table; raise IllegalMove where the table has no such move.

        `deadline` is that of the new phase; `writing_until` stays as it was where it is not given.
        """
        if not legal(promotion.kind, promotion.phase, phase):
            raise IllegalMove(
                f"{promotion.kind} promotion {promotion.number} of {self.service}", promotion.phase, phase
            )
        release, _ = self.promotion(promotion.number)
        self.moves += 1
        self.notes.append(
            f"{release.version.tag} {promotion.environment} #{promotion.number} {promotion.kind}:"
            f" {promotion.phase} → {phase}{f' ({reason})' if reason else ''}"
        )
        moved = replace(
            promotion,
            phase=phase,
            reason=reason,
            since=self.now,
            deadline=deadline,
            paused_since=None,
            writing_until=writing_until or promotion.writing_until,
        )
        return self.keep(moved)

    def move_release(self, release: Release, phase: ReleasePhase, reason: str) -> Release:
        """Move a release along its table; raise IllegalMove where there is no such move."""
        if not legal_release(release.phase, phase):
            raise IllegalMove(f"release {release.version.tag} of {self.service}", release.phase, phase)
        self.moves += 1
        self.notes.append(f"{release.version.tag}: {release.phase} → {phase}{f' ({reason})' if reason else ''}")
        return self.put(replace(release, phase=phase, reason=reason, since=self.now))

    def emit(self, effect: ServiceEffect) -> None:
        """Ask the world for something, once the decision is saved."""
        self.effects.append(effect)

    def note(self, text: str) -> None:
        """Say something that belongs in the timeline and is no move."""
        self.notes.append(text)

    def status(self, commit: str, state: str, description: str, *, version: str = "", environment: str = "") -> None:
        """Say something about a commit where its author looks, the last word of a place: of its validation, or of a tag (`v1.0.2`)."""
        context = "/".join(filter(None, ("slipway", self.service.service, version, environment)))
        place = (commit, context)
        if place not in self.statuses:
            self.emit(SetStatus(service=self.service, commit=commit, context=context, about=self.sequence))
        self.statuses[place] = SaidOfCommit(commit=commit, context=context, state=state, description=description)

    def cancel(self, run: BuildRun) -> None:
        """Have a build end whose result no longer counts."""
        self.emit(CancelBuild(service=self.service, number=run.number, attempt=run.attempt, handle=run.handle))

    def built(self, run: BuildRun, result: BuildResult, *, ref: str, version: str = "") -> None:
        """Keep how a build ended, where it can be read by its number."""
        self.builds[run.number] = run.ended(result, at=self.now, ref=ref, version=version)

    def next_promotion(self) -> int:
        """Give out the next promotion number of the service."""
        self.numbers = replace(self.numbers, promotion=self.numbers.promotion + 1)
        return self.numbers.promotion

    def next_turn(self) -> int:
        """Give out the next turn: the order in which slots of the service are taken."""
        self.numbers = replace(self.numbers, turn=self.numbers.turn + 1)
        return self.numbers.turn

    def next_build(self) -> int:
        """Give out the next build number of the service."""
        self.numbers = replace(self.numbers, build=self.numbers.build + 1)
        return self.numbers.build
