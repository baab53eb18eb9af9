"""Validations and packaging: which builds run for which pushes, and what their results mean."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.artifact import Artifact
from shared.domain.build import BuildOutcome, BuildResult, BuildRun
from shared.domain.draft import STATUS_ERROR, STATUS_FAILED, STATUS_PENDING, STATUS_SUCCEEDED, Draft
from shared.domain.effects import Build, CancelBuild
from shared.domain.phases import Phase, PromotionKind, ReleasePhase
from shared.domain.policy import EnvironmentPolicy, ServicePolicy
from shared.domain.promotion import Promotion
from shared.domain.release import Push, Release, Validation


def new_run(draft: Draft, policy: ServicePolicy, commit: str) -> BuildRun:
    """Order a build of a commit under the next number."""
    number = draft.next_build()
    draft.emit(Build(service=draft.service, number=number, attempt=1))
    deadline = draft.now + policy.build_deadline
    return BuildRun(number=number, attempt=1, commit=commit, since=draft.now, deadline=deadline)


def validate(draft: Draft, policy: ServicePolicy, ref: str, push: Push, pull_request: str) -> None:
    """Build the push, or with `batch` keep it for when the running build has ended; only the newest is kept."""
    validation = draft.validations.get(ref) or Validation(ref=ref, pull_request=pull_request)
    if validation.running and policy.triggers.batch:
        draft.validations[ref] = replace(validation, waiting=push)
        draft.note(f"{ref}: {push.commit[:12]} waits for the running build")
        return
    run = new_run(draft, policy, push.commit)
    draft.validations[ref] = replace(validation, running=(*validation.running, run))
    draft.note(f"{ref}: build {run.number} of {push.commit[:12]}")
    draft.status(push.commit, STATUS_PENDING, f"build {run.number} runs")


def drop_run(draft: Draft, validation: Validation, run: BuildRun) -> None:
    """Take a build off a validation and start the push that waited for it."""
    running = tuple(one for one in validation.running if one.number != run.number)
    push, policy = validation.waiting, draft.policy
    if running:
        draft.validations[validation.ref] = replace(validation, running=running)
    elif push is not None and policy is not None:
        draft.validations[validation.ref] = replace(validation, running=(), waiting=None)
        validate(draft, policy, validation.ref, push, validation.pull_request)
    else:
        del draft.validations[validation.ref]


def cancel_validation(draft: Draft, ref: str, reason: str) -> None:
    """Stop what is validated on a branch that is gone, or of a service that left."""
    validation = draft.validations.pop(ref)
    for run in validation.running:
        draft.emit(CancelBuild(service=draft.service, number=run.number, attempt=run.attempt))
        draft.status(run.commit, STATUS_ERROR, f"build {run.number} cancelled: {reason}")
    draft.note(f"{ref}: validation cancelled: {reason}")


def validated(draft: Draft, validation: Validation, run: BuildRun, result: BuildResult) -> None:
    """Say on the commit how its validation ended."""
    state = {BuildOutcome.SUCCEEDED: STATUS_SUCCEEDED, BuildOutcome.FAILED: STATUS_FAILED}.get(
        result.outcome, STATUS_ERROR
    )
    counts = f", {result.tests.passed} tests passed" if result.tests else ""
    draft.note(
        f"{validation.ref}: build {run.number} {result.outcome}{counts}{f' ({result.reason})' if result.reason else ''}"
    )
    draft.status(run.commit, state, result.reason or f"build {run.number} {result.outcome}{counts}")
    drop_run(draft, validation, run)


def package(draft: Draft, policy: ServicePolicy, release: Release, push: Push, reason: str) -> Release:
    """Start the one build that tests, scans and pushes; one that runs for an older commit is cancelled."""
    cancel_build(draft, release)
    run = new_run(draft, policy, push.commit)
    started = replace(
        release, commit=push.commit, pushed_by=push.pushed_by or release.pushed_by, build=run, next_push=None
    )
    if release.phase is ReleasePhase.PACKAGING:
        draft.note(f"{release.version.tag}: packaging starts again from {push.commit[:12]}")
        return draft.put(started)
    return draft.move_release(started, ReleasePhase.PACKAGING, reason)


def cancel_build(draft: Draft, release: Release) -> None:
    """Stop the release's build if one runs."""
    if release.build is not None:
        run = release.build
        draft.emit(CancelBuild(service=draft.service, number=run.number, attempt=run.attempt))


def packaged(draft: Draft, policy: ServicePolicy | None, release: Release, result: BuildResult) -> None:
    """Take a packaging build's result: an artifact with both digests, or an end with whose fault it is."""
    run = release.build
    kept = replace(release, build=None, result=result, next_push=None)
    if result.outcome is BuildOutcome.SUCCEEDED and result.image_digest and result.chart_digest and policy and run:
        artifact = Artifact(
            registry=policy.registry,
            image_repository=policy.image_repository,
            image_digest=result.image_digest,
            chart_repository=policy.chart_repository,
            chart_digest=result.chart_digest,
            commit=run.commit,
            version=release.version,
        )
        moved = draft.move_release(replace(kept, artifact=artifact), ReleasePhase.PACKAGED, "")
        draft.status(
            release.commit,
            STATUS_SUCCEEDED,
            f"{release.version.tag} is packaged as {artifact.image_digest.short}",
        )
        for environment in policy.environments:
            add_forward(draft, moved, environment, cause=f"{release.version.tag} was packaged")
        return
    phase, reason = _end_of(release, result)
    draft.move_release(kept, phase, reason)
    draft.status(release.commit, STATUS_FAILED if phase is ReleasePhase.FAILED else STATUS_ERROR, reason)


def _end_of(release: Release, result: BuildResult) -> tuple[ReleasePhase, str]:
    words = {BuildOutcome.FAILED: ReleasePhase.FAILED, BuildOutcome.CANCELLED: ReleasePhase.ABORTED}
    if result.outcome is BuildOutcome.SUCCEEDED:
        what = f"the build succeeded, but the registry does not hold image and chart of {release.version.tag}"
        return ReleasePhase.ERRORED, f"{what}; retry the release"
    return words.get(result.outcome, ReleasePhase.ERRORED), result.reason or f"the build was {result.outcome}"


def add_forward(draft: Draft, release: Release, environment: EnvironmentPolicy, *, cause: str) -> Promotion:
    """Add an attempt to bring the release's artifact into an environment."""
    number = draft.next_promotion()
    promotion = Promotion(
        number=number,
        environment=environment.name,
        kind=PromotionKind.FORWARD,
        phase=Phase.PENDING,
        since=draft.now,
        created=draft.now,
        cause=cause,
        requested_by=release.pushed_by,
    )
    current = draft.releases[release.version.key()]
    draft.put(replace(current, promotions=(*current.promotions, promotion)))
    draft.moves += 1
    return promotion
