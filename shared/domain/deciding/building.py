"""Validations and packaging: which builds run for which pushes, and what their results mean."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.deciding.tagging import record
from shared.domain.drafts.answers import Answer, done, ignored
from shared.domain.drafts.draft import STATUS_ERROR, STATUS_FAILED, STATUS_PENDING, STATUS_SUCCEEDED, Draft
from shared.domain.messages.effects import Build, CancelBuild, LookAtBuild
from shared.domain.messages.events import BuildEnded, BuildReported, BuildStarted
from shared.domain.policies.policy import ServicePolicy
from shared.domain.state.build import NO_HANDLE, BuildOutcome, BuildResult, BuildRun, would_block
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.release import Push, Release, Validation
from shared.domain.values.artifact import Artifact, PartName, find_part
from shared.domain.values.records import replace
from shared.domain.values.words import counted


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
    push = validation.waiting
    if running:
        draft.validations[validation.ref] = replace(validation, running=running)
    elif push is not None:
        draft.validations[validation.ref] = replace(validation, running=(), waiting=None)
        validate(draft, draft.in_force, validation.ref, push, validation.pull_request)
    else:
        del draft.validations[validation.ref]


def cancel_validation(draft: Draft, ref: str, reason: str) -> None:
    """Stop what is validated on a branch that is gone, or of a service that left."""
    validation = draft.validations.pop(ref)
    for run in validation.running:
        draft.cancel(run)
        draft.built(run, _cancelled(reason), ref=ref)
        draft.status(run.commit, STATUS_ERROR, f"build {run.number} cancelled: {reason}")
    draft.note(f"{ref}: validation cancelled: {reason}")


def validated(draft: Draft, validation: Validation, run: BuildRun, result: BuildResult) -> None:
    """Say on the commit how its validation ended."""
    state = {BuildOutcome.SUCCEEDED: STATUS_SUCCEEDED, BuildOutcome.FAILED: STATUS_FAILED}.get(
        result.outcome, STATUS_ERROR
    )
    draft.built(run, result, ref=validation.ref)
    counts = f", {counted(result.tests.passed, 'test')} passed" if result.tests else ""
    draft.note(
        f"{validation.ref}: build {run.number} {result.outcome}{counts}{f' ({result.reason})' if result.reason else ''}"
    )
    more = f": {result.reason}" if result.reason else f"{counts}{would_block(result)}"
    draft.status(run.commit, state, f"build {run.number} {result.outcome}{more}")
    drop_run(draft, validation, run)


def package(draft: Draft, release: Release, push: Push) -> None:
    """Start the one build that tests, scans and pushes; one that runs for an older commit is cancelled."""
    cancel_build(draft, release, f"{push.commit[:12]} was pushed")
    run = new_run(draft, draft.in_force, push.commit)
    started = replace(release, commit=push.commit, pushed_by=push.pushed_by, build=run, next_push=None)
    if release.phase is ReleasePhase.PACKAGING:
        draft.note(f"{release.version.tag}: packaging starts again from {push.commit[:12]}")
        draft.put(started)
    else:
        draft.move_release(started, ReleasePhase.PACKAGING, "")


def cancel_build(draft: Draft, release: Release, reason: str) -> None:
    """Stop the release's build if one runs."""
    if release.build is not None:
        run = release.build
        draft.cancel(run)
        draft.built(run, _cancelled(reason), ref=release.ref, version=release.version.text)


def stop(draft: Draft, release: Release, reason: str) -> None:
    """Abort a release that is not packaged yet."""
    cancel_build(draft, release, reason)
    for commit in (release.commit, *((release.next_push.commit,) if release.next_push else ())):
        draft.status(commit, STATUS_ERROR, f"{release.version.tag} is aborted: {reason}", version=release.version.tag)
    draft.move_release(replace(release, build=None, next_push=None), ReleasePhase.ABORTED, reason)


def build_started(draft: Draft, event: BuildStarted) -> Answer:
    """Keep how the host that builds names the run of a build; nobody wants one that is not waited for any more."""
    handle = event.handle
    for validation in draft.validations.values():
        if any(_is_of(run, event) for run in validation.running):
            running = tuple(replace(run, handle=handle) if _is_of(run, event) else run for run in validation.running)
            draft.validations[validation.ref] = replace(validation, running=running)
            return done()
    for release in draft.releases.values():
        if release.build is not None and _is_of(release.build, event):
            draft.put(replace(release, build=replace(release.build, handle=handle)))
            return done()
    draft.emit(CancelBuild(service=draft.service, number=event.number, attempt=event.attempt, handle=handle))
    draft.note(f"run {handle.id} of build {event.number} is cancelled: nobody waits for attempt {event.attempt}")
    return done()


def build_ended(draft: Draft, event: BuildEnded) -> Answer:
    """Look at a build at once, if it is waited for: that its run ended is only said."""
    runs = [run for validation in draft.validations.values() for run in validation.running]
    runs += [release.build for release in draft.releases.values() if release.build is not None]
    if not any(_is_of(run, event) for run in runs):
        return _not_waited_for(event)
    draft.emit(LookAtBuild(service=draft.service, number=event.number, attempt=event.attempt))
    return done()


def _is_of(run: BuildRun, event: BuildStarted | BuildEnded | BuildReported) -> bool:
    return (run.number, run.attempt) == (event.number, event.attempt)


def _not_waited_for(event: BuildEnded | BuildReported) -> Answer:
    return ignored("replaced", f"nobody waits for attempt {event.attempt} of build {event.number}")


def build_reported(draft: Draft, event: BuildReported) -> Answer:
    """Take a result if it is of a build that is waited for; any other is recorded only."""
    for validation in draft.validations.values():
        for run in validation.running:
            if _is_of(run, event):
                validated(draft, validation, run, event.result)
                return done()
    for release in draft.releases.values():
        waits = release.build
        if waits is not None and _is_of(waits, event):
            packaged(draft, release, waits, event.result)
            return done()
    return _not_waited_for(event)


def packaged(draft: Draft, release: Release, run: BuildRun, result: BuildResult) -> None:
    """Take a packaging build's result: an artifact with all parts of the policy, or an end with whose fault it is.

    A commit that was pushed before takes the version, unless its tags name already what was built.
    """
    kept = keep_result(draft, release, run, result)
    policy = draft.in_force
    missing = [name for name in policy.parts if find_part(result.parts, name) is None]
    if result.outcome is not BuildOutcome.SUCCEEDED or missing:
        not_packaged(draft, kept, *_end_of(release, result, missing))
        return
    if release.next_push is not None and not result.tagged:
        reason = f"it went well, but {release.version.tag} was not bound to it yet"
        not_packaged(draft, kept, ReleasePhase.ABORTED, reason)
        return
    found = ((name, find_part(result.parts, name)) for name in policy.parts)
    artifact = Artifact(
        registry=policy.registry,
        parts=tuple(name.at(release.version, part.digest) for name, part in found if part is not None),
        commit=release.commit,
        version=release.version,
    )
    record(draft, kept, artifact, tagged=result.tagged)


def keep_result(draft: Draft, release: Release, run: BuildRun, result: BuildResult) -> Release:
    """Return the release with how its build ended, which can be read by the build's number from now on."""
    draft.built(run, result, ref=release.ref, version=release.version.text)
    return replace(release, build=None, result=result, built=run.number, handle=run.handle)


def not_packaged(draft: Draft, release: Release, phase: ReleasePhase, reason: str) -> None:
    """End a release whose build led to nothing, or go on with the commit that was pushed meanwhile."""
    state = STATUS_FAILED if phase is ReleasePhase.FAILED else STATUS_ERROR
    draft.status(release.commit, state, reason, version=release.version.tag)
    push = release.next_push
    if push is None:
        draft.move_release(release, phase, reason)
        return
    newer = replace(
        release, commit=push.commit, pushed_by=push.pushed_by, result=None, built=0, handle=NO_HANDLE, next_push=None
    )
    draft.move_release(newer, ReleasePhase.VALIDATING, f"{push.commit[:12]} was pushed; the build before it: {reason}")


def _cancelled(reason: str) -> BuildResult:
    return BuildResult(outcome=BuildOutcome.CANCELLED, reason=reason)


def _end_of(release: Release, result: BuildResult, missing: Sequence[PartName]) -> tuple[ReleasePhase, str]:
    words = {BuildOutcome.FAILED: ReleasePhase.FAILED, BuildOutcome.CANCELLED: ReleasePhase.ABORTED}
    if result.outcome is BuildOutcome.SUCCEEDED:
        what = f"the build succeeded, but the registry does not hold {' and '.join(map(str, missing))} of {release.version.tag}"
        return ReleasePhase.ERRORED, f"{what}; retry the release"
    return words.get(result.outcome, ReleasePhase.ERRORED), result.reason or f"the build was {result.outcome}"
