"""Build: order it, wait for it, and read back what the registry holds before it counts."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from shared.app.handling.loaded_service import read_service
from shared.app.parts import App
from shared.app.performing.outcome import LookAgain, NothingToReport, Performed
from shared.app.performing.tagging import tagged_parts
from shared.domain.messages.effects import Build, CancelBuild, LookAtBuild
from shared.domain.messages.events import BuildReported, BuildStarted
from shared.domain.messages.reports import report_id, started_id
from shared.domain.policies.host_variables import may_pass
from shared.domain.policies.place import home_of, place_of
from shared.domain.policies.policy import EnvironmentPolicy, ServicePolicy, Verdict
from shared.domain.state.build import (
    NO_HANDLE,
    PACKAGE,
    VALIDATE_BRANCH,
    VALIDATE_PULL_REQUEST,
    BuildHandle,
    BuildOutcome,
    BuildResult,
    BuildRun,
    Step,
)
from shared.domain.state.deployment import hooks_of, placeholder_values, stand_in
from shared.domain.state.release import Release, ServiceState, Validation
from shared.domain.values.artifact import find_part
from shared.domain.values.records import replace
from shared.domain.values.version import Version
from shared.ports.builder import BuildOrder, BuildUnderWay, RenderFor


def build(app: App, effect: Build) -> Performed:
    """Build a validation's or a release's commit, if it is still waited for."""
    state = read_service(app, effect.service, exact=False).state
    found = _waited_for(state, effect)
    if found is None or state.policy is None:
        return NothingToReport()
    run, about = found
    order = _order(effect, state.policy, run.commit, about)
    result = app.repository(effect.service.repository).builder.build(order, run.handle)
    if isinstance(result, BuildUnderWay):
        return LookAgain(timedelta(seconds=result.look_again), meanwhile=_started(effect, run, result.handle))
    result = _blocking(state.policy, result)
    if isinstance(about, Release) and result.outcome is BuildOutcome.SUCCEEDED:
        result = _read_back(app, state.policy, about.version, result)
    return reported(effect, result)


def _started(effect: Build, run: BuildRun, handle: BuildHandle) -> BuildStarted | None:
    """Report what the run is named, if that is new."""
    if handle in (run.handle, NO_HANDLE):
        return None
    return BuildStarted(
        id=started_id(effect.id, handle.id),
        service=effect.service,
        number=effect.number,
        attempt=effect.attempt,
        handle=handle,
    )


def look(app: App, effect: LookAtBuild) -> Performed:
    """Ask how a build is doing, once: whoever performs the build itself goes on looking."""
    performed = build(app, Build(service=effect.service, number=effect.number, attempt=effect.attempt))
    return NothingToReport() if isinstance(performed, LookAgain) else performed


def reported(effect: Build, result: BuildResult) -> BuildReported:
    """Make the report of a build."""
    return BuildReported(
        id=report_id(effect.id),
        service=effect.service,
        effect=effect.id,
        number=effect.number,
        attempt=effect.attempt,
        result=result,
    )


def cancel(app: App, effect: CancelBuild) -> Performed:
    """Stop a build whose result no longer counts."""
    order = Build(service=effect.service, number=effect.number, attempt=effect.attempt)
    app.repository(effect.service.repository).builder.cancel(order.id, effect.handle)
    return NothingToReport()


def _waited_for(state: ServiceState, effect: Build) -> tuple[BuildRun, Release | Validation] | None:
    wanted = (effect.number, effect.attempt)
    return next((one for one in state.builds_under_way() if (one[0].number, one[0].attempt) == wanted), None)


def _order(effect: Build, policy: ServicePolicy, commit: str, about: Release | Validation) -> BuildOrder:
    if isinstance(about, Validation):
        steps = VALIDATE_PULL_REQUEST if about.pull_request else VALIDATE_BRANCH
        return order_of(policy, id=effect.id, ref=about.ref, commit=commit, steps=steps)
    order = order_of(policy, id=effect.id, ref=about.ref, commit=commit, steps=PACKAGE)
    return dataclasses.replace(order, version=about.version.text)


def order_of(policy: ServicePolicy, *, id: str, ref: str, commit: str, steps: tuple[Step, ...]) -> BuildOrder:
    """Say how a commit of a service is built, without a version."""
    return BuildOrder(
        id=id,
        repository=policy.service.repository,
        service=policy.service.service,
        commit=commit,
        ref=ref,
        path=policy.path,
        dockerfile=policy.dockerfile,
        context=policy.context,
        chart=policy.chart,
        steps=steps,
        test=policy.build.test,
        test_target=policy.build.test_target,
        args=policy.build.args,
        env=tuple(name for name in policy.build.env if may_pass(name)),
        registry=policy.registry,
        parts=policy.parts,
        environments=tuple(
            render_for(policy, environment_policy, commit) for environment_policy in policy.environments
        ),
    )


def render_for(policy: ServicePolicy, environment_policy: EnvironmentPolicy, commit: str) -> RenderFor:
    """Say how an environment would have the chart of a commit rendered, before it has a version and an image."""
    # Why it will be deployed is not known yet.
    values = placeholder_values(
        policy.service.service, stand_in(policy, commit), environment_policy, reason="check of the build"
    )
    return RenderFor(
        place=place_of(policy.service, environment_policy),
        values=environment_policy.values,
        set=environment_policy.set,
        placeholders=tuple(values.items()),
        hooks=hooks_of(environment_policy.deploy),
        home=home_of(policy, environment_policy),
    )


def _blocking(policy: ServicePolicy, result: BuildResult) -> BuildResult:
    """Leave out what an environment's file lets through."""
    allowing = {one.name for one in policy.environments if one.gates.comply is Verdict.ALLOW}
    kept = tuple(one for one in result.would_block if one.environment not in allowing)
    return replace(result, would_block=kept) if kept != result.would_block else result


def _read_back(app: App, policy: ServicePolicy, version: Version, claimed: BuildResult) -> BuildResult:
    """Look for what a build says it pushed. One that does not name all parts pushed under the version's tags: what they name counts."""
    said = [find_part(claimed.parts, name) for name in policy.parts]
    if None in said:
        return _read_tags(app, policy, version, claimed)
    registry = app.access_as(None).registry
    for part in filter(None, said):
        if not registry.has(policy.registry, part.repository, part.digest):
            reason = f"the build pushed {part.said}, but the registry does not hold it; retry the release"
            return replace(claimed, outcome=BuildOutcome.ERRORED, reason=reason)
    return claimed


def _read_tags(app: App, policy: ServicePolicy, version: Version, claimed: BuildResult) -> BuildResult:
    found = tagged_parts(app, policy.registry, policy.parts, version)
    for part in found:
        said = find_part(claimed.parts, part.name)
        if said is not None and said.digest != part.digest:
            reason = f"the registry's {part.kind} of {version.tag} is {part.digest}, but the build pushed {said.digest}; push a higher version"
            return replace(claimed, outcome=BuildOutcome.FAILED, reason=reason)
    return replace(claimed, parts=found, tagged=len(found) == len(policy.parts))
