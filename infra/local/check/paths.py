"""Paths that slipway.yaml names and that the commit does not have: nothing fails by them, and nothing happens either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.local.check.nearest import Names, plain
from infra.local.check.report import CheckReport
from shared.domain.policies.policy import EnvironmentPolicy, ServicePolicy
from shared.domain.state.deployment import placeholder_values, stand_in
from shared.domain.values.nearest import meant
from shared.domain.values.patterns import path_covered, segments
from shared.domain.values.placeholders import expand, placeholders

_MOST = 20
_VALUES, _ENDS = "values-", (".yaml", ".yml")
_KNOWN_BEFORE = ("registry", "repository", "image", "service", "environment")


@dataclass(frozen=True, slots=True)
class CheckedTree:
    """A commit's files, and `there`: whether a file can be read, by way of links too."""

    files: Sequence[str]
    names: Names
    there: Callable[[str], bool]


def look_at_paths(report: CheckReport, policy: ServicePolicy, tree: CheckedTree) -> None:
    """Say which trigger paths match nothing, and which values files are not there or are nobody's."""
    _triggers(report, policy, tree)
    _values(report, policy, tree)


def _triggers(report: CheckReport, policy: ServicePolicy, tree: CheckedTree) -> None:
    if policy.triggers.follow_links:
        return  # Slipway named them, and looked
    part, paths = policy.service.service, policy.triggers.paths
    for pattern in dict.fromkeys(paths.include):
        if not _matches(pattern, tree):
            nothing = f"triggers.paths.include: {pattern} matches no file of the commit, so no push counts by it"
            report.change(part, f"{nothing}{meant(tree.names.nearest(pattern))}")
    for pattern in dict.fromkeys(paths.exclude):
        if not _matches(pattern, tree):
            nothing = f"triggers.paths.exclude: {pattern} matches no file of the commit"
            report.note(part, f"{nothing}{meant(tree.names.nearest(pattern))}")


def _matches(pattern: str, tree: CheckedTree) -> bool:
    parts, (begin, wild, _) = segments(pattern), plain(pattern)
    if not wild:
        return not parts or "/".join(parts) in tree.names
    return any(path_covered(parts, segments(file)) for file in tree.files if file.startswith(begin))


def _values(report: CheckReport, policy: ServicePolicy, tree: CheckedTree) -> None:
    part, every, told = policy.service.service, set[str](), True
    for environment_policy in policy.environments:
        paths, whole = _expanded(policy, environment_policy)
        told = told and whole
        every.update(paths)
        for path in paths:
            # The file of this name is looked for where slipway.yaml names none.
            if path != f"{policy.chart}/{_VALUES}{environment_policy.name}.yaml" and not tree.there(path):
                near = meant(tree.names.nearest(path))
                report.note(
                    part,
                    f"{environment_policy.name}: the values file {path} is not in the commit, and is left out{near}",
                )
    names = ", ".join(environment_policy.name for environment_policy in policy.environments)
    spare = [file for file in tree.files if told and file not in every and _is_values_of(policy.chart, file)]
    for file in spare[:_MOST]:
        report.note(part, f"{file} is read for no environment; there are {names}")


def _is_values_of(chart: str, file: str) -> bool:
    parent, _, last = file.rpartition("/")
    return parent == chart and last.startswith(_VALUES) and last.endswith(_ENDS)


def _expanded(policy: ServicePolicy, environment_policy: EnvironmentPolicy) -> tuple[list[str], bool]:
    """The values files as far as they can be told before there is a version, and whether these are all."""
    values = placeholder_values(policy.service.service, stand_in(policy, ""), environment_policy, reason="")
    known = {name: values[name] for name in _KNOWN_BEFORE}
    paths = [expand(one, known) for one in environment_policy.values if set(placeholders(one)) <= set(known)]
    return paths, len(paths) == len(environment_policy.values)
