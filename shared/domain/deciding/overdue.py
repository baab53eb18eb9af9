"""Answers that never came: the registry's about a version, and builds that never reported."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.deciding.building import drop_run, keep_result, not_packaged
from shared.domain.drafts.draft import STATUS_ERROR, Draft
from shared.domain.state.build import BuildOutcome, BuildResult, BuildRun
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.release import Release

VALIDATING_DEADLINE = timedelta(hours=1)


def release_deadline(release: Release) -> datetime | None:
    """Until when a release that is not packaged must have heard of the registry, of its build or of its tags."""
    if release.phase is ReleasePhase.VALIDATING:
        return release.since + VALIDATING_DEADLINE
    if release.build is not None:
        return release.build.deadline
    being_tagged = release.phase is ReleasePhase.PACKAGING and release.tagging is not None
    return release.tagging.deadline if being_tagged and release.tagging else None


def settle_overdue(draft: Draft) -> None:
    """Cancel what is over its deadline: a release is Errored, a later success counts only through a retry."""
    for release in list(draft.releases.values()):
        deadline = release_deadline(release)
        if deadline is not None and draft.now >= deadline:
            give_up_release(draft, release, _not_in_time(release))
    for validation in list(draft.validations.values()):
        for run in validation.running:
            if draft.now >= run.deadline:
                give_up_run(draft, validation.ref, run, f"build {run.number} did not report in time")


def _not_in_time(release: Release) -> str:
    if release.tagging is not None:
        return f"the tags of {release.version.tag} were not put in time; retry the release"
    if release.build is None:
        return f"the registry did not say in time whether {release.version.tag} exists; retry the release"
    return f"build {release.build.number} did not report in time"


def give_up_release(draft: Draft, release: Release, reason: str) -> None:
    """Wait no longer for the registry's word on a version, for the release's build, or for its tags."""
    run = release.build
    kept = keep_result(draft, release, run, _give_up(draft, run, reason)) if run is not None else release
    not_packaged(draft, kept, ReleasePhase.ERRORED, reason)


def give_up_run(draft: Draft, ref: str, run: BuildRun, reason: str) -> None:
    """Wait no longer for a build of a branch."""
    draft.built(run, _give_up(draft, run, reason), ref=ref)
    draft.status(run.commit, STATUS_ERROR, reason)
    drop_run(draft, draft.validations[ref], run)


def _give_up(draft: Draft, run: BuildRun, reason: str) -> BuildResult:
    draft.cancel(run)
    return BuildResult(outcome=BuildOutcome.ERRORED, reason=reason)
