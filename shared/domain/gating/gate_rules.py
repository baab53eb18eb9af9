"""The rule behind each gate: a pure function of one question."""

from __future__ import annotations

from datetime import datetime

from shared.domain.gating.gate import OPERATORS, OURSELVES, TEAM, GateQuestion, Result, blocked, passed, waiting
from shared.domain.policies import windows
from shared.domain.policies.policy import EnvironmentPolicy, Queueing, Verdict
from shared.domain.state.estate import Hold
from shared.domain.state.older import older
from shared.domain.state.phases import QUEUED, RUNNING, Phase, PromotionKind
from shared.domain.state.promotion import Deployed, Presence
from shared.domain.state.release import ArtifactHold, Release, Slot


def quarantine(q: GateQuestion) -> Result:
    """A tag that changed its digest after packaging stops the release."""
    if q.release.quarantine:
        return blocked("Quarantined", f"{q.release.quarantine}; release a higher version", who=(TEAM,))
    return passed()


def hold(q: GateQuestion) -> Result:
    """People's holds, and the hold on an artifact that was rolled back; what nobody let it past, then the newest."""
    artifact = q.release.artifact.id if q.release.artifact and q.draft.holds else ""
    own = [one for one in q.draft.holds if one.artifact == artifact]
    people = q.draft.estate.all_covering(q.draft.service, q.policy.name, q.now)
    if not people and not own:
        return passed()
    given = [one for one in q.release.overrides if one.counts(q.policy.name, "hold", q.promotion.number)]

    def first(found: Hold | ArtifactHold) -> tuple[bool, datetime, bool, str]:
        seen = any(one.saw(found.since) for one in given)
        return (not seen, found.since, isinstance(found, Hold), found.id)

    every: list[Hold | ArtifactHold] = [*people, *own]
    found = max(every, key=first)
    if isinstance(found, Hold):
        reason = f"held ({found.scope}) by {found.person.name}: {found.reason}"
        return waiting("Held", reason, since=found.since, who=(OPERATORS, found.person.name), until=found.until)
    return blocked("Held", f"{found.reason}; a higher version passes", since=found.since, who=(OPERATORS,))


def live_known(q: GateQuestion) -> Result:
    """What runs must be known, unless this very promotion resumes what made it unknown."""
    slot = q.environment.slot
    resumes = slot is not None and slot.promotion == q.promotion.number
    if q.environment.unknown and not resumes:
        reason = f"what is live in {q.policy.name} is not known: {q.environment.unknown}; adopt it, or roll back"
        return blocked("LiveUnknown", reason, who=(OPERATORS,))
    read = q.promotion.facts
    if read is not None and read.foreign and read.foreign != q.environment.adopted:
        by_hand = f"was changed by hand: {read.foreign}; adopt it, or roll back"
        before = f"runs what Slipway did not deploy: {read.foreign}; adopt it, or take it out"
        reason = f"{q.policy.name} {by_hand if q.environment.live else before}"
        return blocked("LiveUnknown", reason, since=read.at, who=(OPERATORS,))
    return passed()


def tests(q: GateQuestion) -> Result:
    """The build's unit tests ran and passed."""
    counts = q.release.result.tests if q.release.result else None
    if counts is not None and counts.failed:
        return blocked("TestsFailed", f"{counts.failed} unit tests failed", who=(TEAM,))
    if counts is None or counts.passed == 0:
        return blocked("TestsMissing", "no unit test ran in the build", who=(TEAM,))
    return passed()


def facts(q: GateQuestion) -> Result:
    """What the other gates need was read, and after the last change of what is live."""
    read = q.promotion.facts
    if read is None or any(read.presence(one.promotion) is None for one in wanted_targets(q)):
        return missing(q, "the outside is being read for the gates", since=q.promotion.facts_asked or q.now)
    return passed()


def missing(q: GateQuestion, reason: str, *, since: datetime) -> Result:
    """What is read is not there yet; where it cannot be, say why, and that somebody may have to mend it."""
    if not q.promotion.trouble:
        return waiting("FactMissing", reason, who=(OURSELVES,), since=since)
    trouble = f"the outside cannot be read: {q.promotion.trouble}; it is tried again"
    return waiting("FactMissing", trouble, who=(OPERATORS, OURSELVES), since=since)


def wanted_targets(q: GateQuestion) -> tuple[Deployed, ...]:
    """Earlier good artifacts whose presence decides: the ones to go back to, or the one to deploy again."""
    if q.promotion.kind is PromotionKind.FORWARD:
        return (q.environment.live,) if q.environment.live else ()
    if q.promotion.target is not None:
        return (q.promotion.target,)
    bad = q.release.artifact.id if q.release.artifact else ""
    return tuple(one for one in q.environment.good if one.artifact.id != bad)


def scan(q: GateQuestion) -> Result:
    """No vulnerability above the environment's limit; an unknown scan where the environment allows it.

    A report that the change's own tests wrote is no report, unless the environment takes it for one.
    """
    found = q.release.result.scan if q.release.result else None
    own = found is not None and found.by_change and not q.policy.gates.own_scan
    if found is None or found.worst is None or own:
        if q.policy.gates.unknown_scan is Verdict.ALLOW:
            return passed()
        why = found.reason if found else "the build reported no scan"
        if found is not None and found.worst is not None:
            why = f"the change's own tests wrote the report ({found.worst}), and gates.own_scan of {q.policy.name} does not let it count"
        return blocked(
            "ScanUnknown",
            f"the image's vulnerabilities are unknown: {why}",
            who=(TEAM, OPERATORS),
        )
    if found.worst.rank > q.policy.gates.scan.rank:
        reason = f"the scan found {found.worst} vulnerabilities; {q.policy.name} takes at most {q.policy.gates.scan}"
        return blocked("ScanAbove", reason, who=(TEAM, OPERATORS))
    return passed()


def rollback_target(q: GateQuestion) -> Result:
    """Going forward needs a way back: the live artifact is proven present, or this is the first."""
    live, read = q.environment.live, q.promotion.facts
    if live is None or read is None:
        return passed()
    if read.presence(live.promotion) is Presence.GONE:
        reason = (
            f"{live.artifact.version.tag}, live in {q.policy.name}, is gone from the registry; there is no way back"
        )
        return blocked("NoWayBack", reason, since=read.at, who=(OPERATORS,))
    return passed()


def older_than_live(q: GateQuestion) -> Result:
    """Where the environment asks for it, a version lower than the live one does not go forward."""
    live = q.environment.live
    if q.policy.gates.older_than_live is Verdict.ALLOW or live is None:
        return passed()
    reason = older(q.policy.name, live.artifact.version, q.release.version)
    return blocked("OlderThanLive", reason, since=live.at, who=(OPERATORS,)) if reason else passed()


def manifests(q: GateQuestion) -> Result:
    """Manifests were rendered and comply; each finding names object and field. Nothing goes ahead with no manifests."""
    rendered = q.promotion.rendered
    found = rendered.findings if rendered else ()
    if q.promotion.facts is not None:
        found = (*found, *q.promotion.facts.objections)
    if q.promotion.facts is not None and (rendered is None or not rendered.manifests):
        why = f"{found[0].object}: {found[0].field}: {found[0].problem}" if found else "nothing was rendered"
        return blocked("NotRendered", why, who=(TEAM,))
    if not found or q.policy.gates.comply is Verdict.ALLOW:
        return passed()
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    reason = f"{found[0].object}: {found[0].field}: {found[0].problem}{more}"
    return blocked("ManifestsDoNotComply", reason, who=(TEAM, OPERATORS))


def order(q: GateQuestion) -> Result:
    """With `in_order`, a lower version of the line that is on its way goes first."""
    if q.draft.policy is None or q.draft.policy.queueing is not Queueing.IN_ORDER:
        return passed()
    for release, promotion in q.draft.promotions():
        lower = release.version.line == q.release.version.line and release.version.key() < q.release.version.key()
        forward = promotion.kind is PromotionKind.FORWARD and promotion.phase in QUEUED | RUNNING
        if lower and forward and promotion.environment == q.policy.name:
            who = (f"promotion {promotion.number}",)
            return waiting("Queued", f"{release.version.tag} goes first", who=who, since=promotion.since)
    return passed()


def freeze(q: GateQuestion) -> Result:
    """No deny window of the environment is open."""
    found = windows.first_active(q.policy.freezes, q.now)
    if found is None:
        return passed()
    window, until = found
    return waiting("Frozen", f"frozen until {until:%Y-%m-%d %H:%M} UTC: {window.reason}", who=(OPERATORS,), until=until)


def soak(q: GateQuestion) -> Result:
    """What it comes after has run well for the time the environment asks for."""
    since = soaks_since(q.release, q.policy)
    if since is None or q.now >= since + q.policy.gates.soak:
        return passed()
    until = since + q.policy.gates.soak
    return waiting(
        "Soaking",
        f"runs in {', '.join(q.policy.after)} until {until:%Y-%m-%d %H:%M} UTC first",
        who=(OPERATORS,),
        since=since,
        until=until,
    )


def soaks_since(release: Release, policy: EnvironmentPolicy) -> datetime | None:
    """Return when the release last succeeded in what the environment comes after; None without a time to soak."""
    there = [
        one.since for one in release.promotions if one.environment in policy.after and one.phase is Phase.SUCCEEDED
    ]
    return max(there, default=None) if policy.gates.soak else None


def fence(q: GateQuestion) -> Result:
    """Nothing starts while an attempt that was given up may still write; running ones are the slot's business."""
    for release in q.draft.releases.values():
        for one in release.promotions:
            writes = one.writing_until is not None and one.phase.ended and q.now < one.writing_until
            if writes and one.environment == q.policy.name and one.number != q.promotion.number:
                reason = f"promotion {one.number} may still write"
                return waiting("Fencing", reason, who=(OURSELVES,), since=one.since, until=one.writing_until)
    return passed()


def slot(q: GateQuestion) -> Result:
    """One deployment at a time, rollbacks first."""
    taken = q.environment.slot
    if taken is not None and taken.promotion != q.promotion.number and not _frees(q, taken.promotion):
        return _slot_taken(q, taken)
    if q.promotion.kind is PromotionKind.ROLLBACK:
        return passed()
    for _, promotion in q.draft.promotions():
        if promotion.kind is PromotionKind.ROLLBACK and promotion.environment == q.policy.name:
            who = (f"promotion {promotion.number}",)
            return waiting("SlotTaken", f"rollback {promotion.number} goes first", who=who, since=promotion.since)
    return passed()


def _slot_taken(q: GateQuestion, taken: Slot) -> Result:
    found = q.draft.find_promotion(taken.promotion)
    if found is None or found[1].phase not in RUNNING:
        reason = f"promotion {taken.promotion} left {q.policy.name} unknown; adopt what is live, or roll back"
        return blocked("SlotTaken", reason, who=(OPERATORS,), since=taken.since)
    reason = f"promotion {taken.promotion} is being deployed to {q.policy.name}"
    return waiting("SlotTaken", reason, who=(f"promotion {taken.promotion}",), since=taken.since)


def _frees(q: GateQuestion, holder: int) -> bool:
    # What left live unknown keeps the slot so that nothing goes forward; a rollback may take it over.
    found = q.draft.find_promotion(holder)
    gone = found is None or found[1].phase not in RUNNING
    return gone and q.promotion.kind is PromotionKind.ROLLBACK
