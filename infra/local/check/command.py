"""`python -m infra.local check`: a repository as Slipway would read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.check.configuration import FILE, read_policy
from infra.local.check.report import Report
from infra.local.check.service import Looking, look_at
from shared.adapters.git_disk.git import is_commit_id
from shared.adapters.git_disk.source import GitSource
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.local_build import LocalBuilder
from shared.adapters.memory.rows import MemoryEvidence
from shared.adapters.oci_registry import OciRegistry
from shared.domain.errors import InvalidVersion
from shared.domain.policy import RepositoryPolicy
from shared.domain.version import Version, parse_release_branch
from shared.ports.errors import AdapterError, NotFound

_HEADS = "refs/heads/"
_MOST_BRANCHES = 20


def run_check(repo: Path, ref: str | None, *, path: str = os.defpath) -> int:
    """Print the list; 0 where nothing has to be changed, 1 where something has, 2 where there is nothing to look at."""
    if not (repo / ".git").exists() and not (repo / "HEAD").exists():
        print(f"{repo} is not a git repository; give the folder of your monorepo", file=sys.stderr)
        return 2
    try:
        report = check(repo, ref, path=path)
    except AdapterError as error:
        print(f"{repo} cannot be read: {error}", file=sys.stderr)
        return 2
    print(report.text(), end="")
    return 1 if report.changes else 0


def check(repo: Path, ref: str | None, *, path: str = os.defpath) -> Report:
    """Look at a branch, or a commit, of a repository on disk. Raise what a source raises."""
    name = repo.resolve().name.removesuffix(".git")
    source, report = GitSource({name: repo.resolve()}), Report()
    default = source.default_ref(name)
    wanted, commit = _commit(source, name, ref, default)
    shown = wanted.removeprefix(_HEADS)
    report.fine(name, f"{shown} is at {commit[:12]}")
    _compare(source, report, name, default, commit, shown)
    policy = read_policy(source, report, name, commit)
    if policy is None:
        return report
    _branches(source, report, name, policy)
    with TemporaryDirectory(prefix="slipway-check-") as folder:
        evidence, charts = MemoryEvidence(), HelmCharts()
        builder = LocalBuilder(
            source=source,
            charts=charts,
            # Nothing is pushed: no step that would is asked for.
            registry=OciRegistry(),
            evidence=evidence,
            folder=Path(folder) / "builds",
            caches=Path(folder) / "caches",
            path=path,
        )
        for service in policy.services:
            look_at(Looking(source=source, builder=builder, evidence=evidence, report=report), service, commit)
    return report


def _commit(source: GitSource, name: str, ref: str | None, default: str) -> tuple[str, str]:
    wanted = ref or default
    if is_commit_id(wanted):
        return f"commit {wanted[:12]}", wanted
    full = wanted if wanted.startswith("refs/") else f"{_HEADS}{wanted}"
    found = source.tip(name, full)
    if found is None:
        raise NotFound(f"there is no branch {wanted.removeprefix(_HEADS)}; give one that is there, or a full commit id")
    return full, found


def _compare(source: GitSource, report: Report, name: str, default: str, commit: str, shown: str) -> None:
    """Say where the file that was looked at is not the one in force."""
    main = source.tip(name, default)
    if main is None or main == commit:
        return
    if source.file(name, main, FILE) != source.file(name, commit, FILE):
        branch = default.removeprefix(_HEADS)
        report.note(
            name, f"{FILE} of {shown} is looked at; the one in force is that of {branch}, and it is another one"
        )


def _branches(source: GitSource, report: Report, name: str, policy: RepositoryPolicy) -> None:
    """Say which release branches release nothing."""
    wrong: list[str] = []
    for ref in source.tips(name):
        release = parse_release_branch(ref)
        if release is not None and (problem := _problem(policy, *release)):
            wrong.append(f"{ref.removeprefix(_HEADS)} releases nothing: {problem}")
    _add_some(report, name, wrong)


def _problem(policy: RepositoryPolicy, service: str, tag: str) -> str:
    if policy.service(service) is None:
        return f"{service[:60]} is no service of {FILE}"
    try:
        Version.from_tag(tag)
    except InvalidVersion as error:
        return str(error)
    return ""


def _add_some(report: Report, part: str, lines: Sequence[str]) -> None:
    for line in lines[:_MOST_BRANCHES]:
        report.note(part, line)
    if len(lines) > _MOST_BRANCHES:
        report.note(part, f"{len(lines) - _MOST_BRANCHES} more branches are like that")
