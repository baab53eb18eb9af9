"""One service: where it lies, what validates it, whether its chart does for each environment, and who is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.local.check.report import CheckReport
from shared.adapters.git_disk.source import GitSource
from shared.adapters.local_build import NO_COMMAND, LocalBuilder
from shared.app.performing.building import order_of
from shared.domain.gating.approval import who_may
from shared.domain.policies.policy import EnvironmentPolicy, GitOpsTarget, Patterns, ServicePolicy, Verdict
from shared.domain.state.build import BuildOutcome, BuildResult, Step
from shared.ports.builder import NO_HANDLE, BuildUnderWay
from shared.ports.errors import AdapterError
from shared.ports.evidence import Evidence

_LOOKED_AT = (Step.IMAGE, Step.CHART)
_LINT = re.compile(rb"^(?:error|warning): (.{1,500})$", re.MULTILINE)
_MOST_LINT = 10
# What is set where slipway.yaml sets nothing.
_USUAL = ("image.repository", "image.tag", "reason")


@dataclass(frozen=True, slots=True)
class Looking:
    """What looks, and where it is written down."""

    source: GitSource
    builder: LocalBuilder
    evidence: Evidence
    report: CheckReport
    problems: Mapping[str, Sequence[str]]


def look_at(look: Looking, policy: ServicePolicy, commit: str) -> None:
    """Write down everything about one service."""
    part, report = policy.service.service, look.report
    report.fine(part, f"lies in {policy.path}, Dockerfile {policy.dockerfile}, chart {policy.chart}")
    report.fine(
        part, f"is validated by pushes to {_patterns(policy.triggers.branches)} of {_paths(look, policy, commit)}"
    )
    report.fine(part, f"is pushed as {' and '.join(name.repository for name in policy.parts)}")
    if policy.build.test is not None:
        report.fine(part, f"is tested by {policy.build.test} (not run here)")
    elif policy.build.test_target is not None:
        report.change(
            part, f"nothing on this machine runs build.test_target ({policy.build.test_target}): {NO_COMMAND}"
        )
    else:
        report.change(part, NO_COMMAND)
    _chart(look, policy, commit)
    for environment_policy in policy.environments:
        report.fine(part, _asked(environment_policy))
        for known in _good_to_know(environment_policy):
            report.note(part, f"{environment_policy.name}: {known}")


def _paths(look: Looking, policy: ServicePolicy, commit: str) -> str:
    triggers = policy.triggers
    shown = _patterns(triggers.paths)
    if not triggers.follow_links:
        return shown
    try:
        used = look.source.used_paths(
            policy.service.repository, commit, [one.strip("/") for one in triggers.paths.include]
        )
    except AdapterError as error:
        look.report.change(policy.service.service, f"what it uses cannot be read: {error}")
        return shown
    # Attributes of folders above change no content here, and need not be there.
    more = [one for one in used.paths if one not in triggers.paths.include and not one.endswith(".gitattributes")]
    return f"{shown}, and by links: {', '.join(more)}" if more else shown


def _patterns(patterns: Patterns) -> str:
    without = f", but not {', '.join(patterns.exclude)}" if patterns.exclude else ""
    return f"{', '.join(patterns.include) or 'all'}{without}"


def _chart(look: Looking, policy: ServicePolicy, commit: str) -> None:
    part, report = policy.service.service, look.report
    order = order_of(policy, id=f"check:{part}", ref="refs/heads/check", commit=commit, steps=_LOOKED_AT)
    try:
        result = look.builder.build(order, NO_HANDLE)
    except AdapterError as error:
        report.change(part, f"cannot be looked at: {error}")
        return
    if isinstance(result, BuildUnderWay):
        raise RuntimeError(f"{part} is looked at by somebody else, in a folder that nobody else knows")
    for step in result.steps:
        if step.outcome is not BuildOutcome.SUCCEEDED:
            report.change(part, f"{step.step}: {step.reason}")
    for said in _warnings(look, result):
        report.note(part, said)
    if result.outcome is BuildOutcome.SUCCEEDED:
        names = ", ".join(environment_policy.name for environment_policy in policy.environments)
        report.fine(part, f"its image can be made, and its chart packaged, linted and rendered for {names}")
    for one in result.would_block:
        environment_policy = policy.environment(one.environment)
        comply = environment_policy.gates.comply if environment_policy is not None else ""
        mark = report.change if comply == "block" else report.note
        for finding in look.problems[one.environment]:
            mark(part, f"{one.environment} would {'block' if comply == 'block' else 'let through'}: {finding}")


def _warnings(look: Looking, result: BuildResult) -> Iterator[str]:
    for step in result.steps:
        if step.step is Step.CHART and step.outcome is BuildOutcome.SUCCEEDED:
            found = _LINT.findall(look.evidence.get(step.output))
            yield from (f"lint: {one.decode('utf-8', 'replace')}" for one in found[:_MOST_LINT])


def _good_to_know(policy: EnvironmentPolicy) -> Iterator[str]:
    """Name what surprises people later, and is no fault."""
    if policy.gates.unknown_scan is Verdict.BLOCK:
        yield "takes no image whose scan is unknown; nothing on one machine scans (gates.unknown_scan: allow)"
    left = [name for name in _USUAL if name not in dict(policy.set)]
    if left:
        yield f"`set` takes the place of the defaults, and leaves out {', '.join(left)}"


def _asked(policy: EnvironmentPolicy) -> str:
    where = (
        policy.deploy.repository if isinstance(policy.deploy, GitOpsTarget) else f"the cluster {policy.deploy.cluster}"
    )
    asked = "nobody is asked" if policy.approval is None else f"asks {who_may(policy.approval)}"
    copied = f", copied to {policy.registry_namespace}/ first" if policy.registry_namespace else ""
    return f"{policy.name}: {asked}; namespace {policy.namespace}, by {where}{copied}"
