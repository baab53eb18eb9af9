"""Builds that never reported."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.building import drop_run
from shared.domain.draft import STATUS_ERROR, Draft
from shared.domain.effects import CancelBuild
from shared.domain.phases import ReleasePhase


def settle_builds(draft: Draft) -> None:
    """Cancel builds whose deadline is over: the release is Errored, a later success counts only through a retry."""
    for release in list(draft.releases.values()):
        run = release.build
        if run is not None and draft.now >= run.deadline:
            draft.emit(CancelBuild(service=draft.service, number=run.number, attempt=run.attempt))
            reason = f"build {run.number} did not report in time"
            draft.move_release(replace(release, build=None), ReleasePhase.ERRORED, reason)
            draft.status(release.commit, STATUS_ERROR, reason)
    for validation in list(draft.validations.values()):
        for run in validation.running:
            if draft.now >= run.deadline:
                draft.emit(CancelBuild(service=draft.service, number=run.number, attempt=run.attempt))
                draft.status(run.commit, STATUS_ERROR, f"build {run.number} did not report in time")
                drop_run(draft, draft.validations[validation.ref], run)
