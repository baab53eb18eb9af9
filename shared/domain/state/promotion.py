"""A promotion: one numbered attempt to bring an artifact into an environment."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from enum import StrEnum

from shared.domain.charts.manifests import Finding
from shared.domain.policies.policy import EnvironmentPolicy, ServicePolicy
from shared.domain.state.adoptable import Adoptable
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.values.artifact import Artifact
from shared.domain.values.person import Person
from shared.domain.values.records import Record, Time

# Of a kind in an environment.
_MOST_REMEMBERED = 3


class Author(Record, array_like=True):
    """Somebody who wrote or pushed what is released, as git knows them."""

    name: str
    mail: str


class Looked(Record):
    """Whether somebody who answers is among the authors of the change: looked up by whoever can read them."""

    person: Person
    wrote: bool


class Authors(Record):
    """Who wrote what would be deployed: a list without a bound, kept as evidence, and what decisions need of it.

    `first` are the first of `count`.
    `unknown` says in words who is not known, each text one thing; `incomplete` where reading may find more another time.
    `looked` are those who answered so far.
    """

    evidence: str = ""
    count: int = 0
    first: tuple[Author, ...] = ()
    unknown: tuple[str, ...] = ()
    looked: tuple[Looked, ...] = ()
    incomplete: bool = False

    def wrote(self, person: Person) -> bool | None:
        """Whether the person is one of them, None where nobody has looked."""
        return next((one.wrote for one in self.looked if one.person == person), None)


class Deployed(Record):
    """An artifact that succeeded in an environment, with the manifests and the authors (evidence) that brought it there.

    `registry_namespace` is where the environment reads it from, empty for the registry itself; None where an older Slipway
    kept it. `adopted`: it ran already, and names its images its own way. `values` names what its chart was rendered with (evidence), empty where manifests are all that is applied, and
    `revision` is what an applier called it.
    """

    artifact: Artifact
    manifests: str
    promotion: int
    at: Time
    authors: str = ""
    registry_namespace: str | None = None
    values: str = ""
    revision: str = ""
    adopted: bool = False


class Presence(StrEnum):
    """Where an earlier good artifact can be had."""

    HERE = "here"
    COPYABLE = "copyable"
    GONE = "gone"


class Facts(Record):
    """What was read for a promotion, and when. Rules never fetch; they ask for facts and wait.

    `targets` says of each earlier good artifact (by promotion number) whether it can be had. `foreign` is
    set where something else than Slipway wrote what runs, `found` says of it what can be adopted. `objections` are what the environment would say to what would be
    deployed, `drift` fields that others changed and that would be taken back.
    """

    at: Time
    authors: Authors = Authors()
    targets: tuple[tuple[int, Presence], ...] = ()
    foreign: str = ""
    found: Adoptable | None = None
    objections: tuple[Finding, ...] = ()
    drift: tuple[Finding, ...] = ()

    def presence(self, promotion: int) -> Presence | None:
        """Return what was read of the artifact that this promotion brought, None where it was not asked."""
        return dict(self.targets).get(promotion)


class Rendered(Record):
    """What would be deployed, rendered once from its inputs; it stays while facts are read again.

    `inputs` and `manifests` name evidence: the list of inputs (see inputs.py), and the bytes that are deployed, empty where
    nothing could be rendered; `values` what the chart was rendered with, where Helm renders it once more. `changed` says in
    words in what the inputs differ from those of the rendering before; `not_undone` names what a rollback would leave.
    """

    inputs: str
    manifests: str = ""
    values: str = ""
    findings: tuple[Finding, ...] = ()
    changed: str = ""
    not_undone: tuple[str, ...] = ()


class Vote(Record):
    """One person's yes, with the groups they were in at that time."""

    person: Person
    groups: tuple[str, ...]
    at: Time
    comment: str


class ApprovalRequest(Record):
    """A numbered question to people; see approval.py for what its id is made of.

    `inputs` names the list of what would be deployed (see Rendered). `round` counts how often the promotion was asked about:
    an approval that lapsed is asked again. `replaced` are ids that came before.
    """

    id: str
    asked: Time
    inputs: str = ""
    votes: tuple[Vote, ...] = ()
    granted: Time | None = None
    round: int = 1
    replaced: tuple[str, ...] = ()


class Promotion(Record):
    """One attempt, kept within the release it belongs to; a rollback within the release that it undoes.

    `attempt` numbers the runs of the current step: a report of another attempt does not count. `turn` is given when
    the slot is taken: what took it earlier may not write over what took it later. `deadline` is
    absolute and moves on by the time spent paused. `facts_asked` is set while an answer is awaited, `trouble`
    says why the last question had none, `writing_until`
    while a deployment may still write. `evidence` names what was kept of a rollout that failed, `unchanged`: what it brought was
    there already. `restart` asks for its pods to start anew. `asked` counts how often people were asked before the request that is open.
    `broken_since` is when the trouble was seen that a rollback has ended.
    """

    number: int
    environment: str
    kind: PromotionKind
    phase: Phase
    since: Time
    created: Time
    cause: str
    reason: str = ""
    requested_by: Person | None = None
    previous: Deployed | None = None
    target: Deployed | None = None
    undoes: int | None = None
    attempt: int = 1
    turn: int = 0
    resume_at: Phase | None = None
    deadline: Time | None = None
    paused_since: Time | None = None
    facts: Facts | None = None
    rendered: Rendered | None = None
    facts_asked: Time | None = None
    facts_round: int = 0
    trouble: str = ""
    approval: ApprovalRequest | None = None
    asked: int = 0
    pinned_policy: EnvironmentPolicy | None = None
    retagged: bool = False
    revision: str = ""
    evidence: str = ""
    unchanged: bool = False
    restart: bool = False
    broken_since: Time | None = None
    writing_until: Time | None = None

    def policy_by(self, in_force: ServicePolicy | None) -> EnvironmentPolicy | None:
        """Return the policy that it pinned when it started, that in force for one that waits; None where it left."""
        return self.pinned_policy or (in_force.environment(self.environment) if in_force else None)


def remembered(promotions: tuple[Promotion, ...], now: datetime) -> tuple[Promotion, ...]:
    """Return the promotions that a release keeps, the newest of each kind in each environment; the ledger has them all.

    A release has room for so many only, and may be deployed again as often as anybody likes. Kept in any case is what
    rules ask for: what has not ended or may still write, the last success of each environment, and all that undoes.
    """
    newer: Counter[tuple[str, PromotionKind]] = Counter()
    succeeded: set[str] = set()
    undone = {one.undoes for one in promotions if not one.phase.ended}
    kept = []
    for one in reversed(promotions):
        newer[one.environment, one.kind] += 1
        last_success = one.phase is Phase.SUCCEEDED and one.environment not in succeeded
        succeeded |= {one.environment} if one.phase is Phase.SUCCEEDED else set()
        may_write = one.writing_until is not None and now < one.writing_until
        needed = last_success or may_write or not one.phase.ended or one.number in undone
        if needed or one.kind is PromotionKind.ROLLBACK or newer[one.environment, one.kind] <= _MOST_REMEMBERED:
            kept.append(one)
    return tuple(reversed(kept))
