"""Answers that never came: the registry's about a version, and builds that never reported."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain.build import BuildOutcome, BuildResult, BuildRun
from shared.domain.building import drop_run, keep_result, not_packaged
from shared.domain.draft import STATUS_ERROR, Draft
from shared.domain.effects import CancelBuild
from shared.domain.phases import ReleasePhase
from shared.domain.release import Release

VALIDATING_DEADLINE = timedelta(hours=1)


def release_deadline(release: Release) -> datetime | None:
    """Until when a release that is not packaged must have heard of the registry or of its build."""
    if release.phase is ReleasePhase.VALIDATING:
        return release.since + VALIDATING_DEADLINE
    return release.build.deadline if release.build else None


def settle_overdue(draft: Draft) -> None:
    """Cancel what is over its deadline: a release is Errored, a later success counts only through a retry."""
    for release in list(draft.releases.values()):
        deadline = release_deadline(release)
        if deadline is not None and draft.now >= deadline:
            _end_waiting(draft, release)
    for validation in list(draft.validations.values()):
        for run in validation.running:
            if draft.now >= run.deadline:
                result = _give_up(draft, run)
                draft.built(run, result, ref=validation.ref)
                draft.status(run.commit, STATUS_ERROR, result.reason)
                drop_run(draft, draft.validations[validation.ref], run)


def _end_waiting(draft: Draft, release: Release) -> None:
    run = release.build
    if run is None:
        reason = f"the registry did not say in time whether {release.version.tag} exists; retry the release"
        not_packaged(draft, release, ReleasePhase.ERRORED, reason)
        return
    result = _give_up(draft, run)
    not_packaged(draft, keep_result(draft, release, run, result), ReleasePhase.ERRORED, result.reason)


def _give_up(draft: Draft, run: BuildRun) -> BuildResult:
    draft.emit(CancelBuild(service=draft.service, number=run.number, attempt=run.attempt))
    return BuildResult(outcome=BuildOutcome.ERRORED, reason=f"build {run.number} did not report in time")
