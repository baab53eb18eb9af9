"""`python -m infra.local check`: a repository as Slipway would read it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.check.branches import HEADS, look_at_filters, look_at_releases
from infra.local.check.configuration import FILE, read_policy
from infra.local.check.nearest import Names
from infra.local.check.paths import CheckedTree, look_at_paths
from infra.local.check.people import look_at_approvers
from infra.local.check.report import CheckReport
from infra.local.check.service import Looking, look_at
from infra.local.host import HostRefused, LocalPeople, LocalPerson
from infra.local.repository import NoRepository, Repository, find_repository
from shared.adapters.git_disk.git import is_commit_id
from shared.adapters.git_disk.source import GitSource
from shared.adapters.helm_charts import HelmCharts
from shared.adapters.local_build import LocalBuilder
from shared.adapters.oci_registry import OciRegistry
from shared.adapters.sqlite import SqliteDatabase
from shared.bootstrap import utc_now
from shared.domain.policies.policy import RepositoryPolicy
from shared.ports.errors import AdapterError, NotFound


def run_check(repo: Path, ref: str | None, *, people: Path | None = None, path: str = os.defpath) -> int:
    """Print the list; 0 where nothing has to be changed, 1 where something has, 2 where there is nothing to look at."""
    try:
        known = list(LocalPeople.load(people)) if people is not None else None
        report = check(repo, ref, people=known, path=path)
    except (HostRefused, NoRepository) as error:
        print(error, file=sys.stderr)
        return 2
    except AdapterError as error:
        print(f"{repo} cannot be read: {error}", file=sys.stderr)
        return 2
    print(report.text(), end="")
    return 1 if report.changes else 0


def check(
    repo: Path, ref: str | None, *, people: Sequence[LocalPerson] | None = None, path: str = os.defpath
) -> CheckReport:
    """Look at a branch, or a commit, of a repository on disk; approvers are compared with `people`. Raise NoRepository, and what a source raises."""
    found = find_repository(repo)
    name = found.name
    source, report = GitSource({name: found.path}), CheckReport()
    wanted, commit = _commit(source, found, ref)
    shown = wanted.removeprefix(HEADS)
    report.fine(name, f"{shown} is at {commit[:12]}")
    if found.default:
        _compare(source, report, name, found.default, commit, shown)
    else:
        report.note(name, "its HEAD is detached, so that it has no default branch; make up needs one checked out")
    policy = read_policy(source, report, name, commit)
    if policy is None:
        return report
    with TemporaryDirectory(prefix="slipway-check-") as folder, closing(_database(folder)) as database:
        evidence, charts = database.evidence, HelmCharts()
        problems: dict[str, Sequence[str]] = {}
        builder = LocalBuilder(
            source=source,
            charts=charts,
            # Nothing is pushed: no step that would is asked for.
            registry=OciRegistry(),
            evidence=evidence,
            folder=Path(folder) / "builds",
            caches=Path(folder) / "caches",
            path=path,
            judged=problems.__setitem__,
        )
        for service in policy.services:
            look_at(Looking(source, builder, evidence, report, problems), service, commit)
    look_at_names(source, report, policy, people)
    return report


def _database(folder: str) -> SqliteDatabase:
    return SqliteDatabase(Path(folder) / "slipway.db", utc_now)


def look_at_names(
    source: GitSource, report: CheckReport, policy: RepositoryPolicy, people: Sequence[LocalPerson] | None
) -> None:
    """Say which branches, paths and people are named as nobody and nothing is."""
    name, commit = policy.repository, policy.commit
    branches, files = sorted(source.tips(name)), source.files(name, commit)
    look_at_releases(report, policy, branches)
    look_at_approvers(report, policy, people)
    tree = CheckedTree(files, Names(files), lambda file: _is_there(source, name, commit, file))
    for service in policy.services:
        look_at_filters(report, service, branches)
        look_at_paths(report, service, tree)


def _commit(source: GitSource, repository: Repository, ref: str | None) -> tuple[str, str]:
    if ref is None and not repository.begun and repository.default:
        raise NotFound(
            f"its default branch {repository.branch} has no commit; commit a slipway.yaml to it, or give REF="
        )
    wanted = ref or repository.default or repository.commit()
    if is_commit_id(wanted):
        return f"commit {wanted[:12]}", wanted
    full = wanted if wanted.startswith("refs/") else f"{HEADS}{wanted}"
    found = source.tip(repository.name, full)
    if found is None:
        raise NotFound(f"there is no branch {wanted.removeprefix(HEADS)}; give one that is there, or a full commit id")
    return full, found


def _compare(source: GitSource, report: CheckReport, name: str, default: str, commit: str, shown: str) -> None:
    """Say where the file that was looked at is not the one in force."""
    main = source.tip(name, default)
    if main is None or main == commit:
        return
    if source.file(name, main, FILE) != source.file(name, commit, FILE):
        branch = default.removeprefix(HEADS)
        report.note(
            name, f"{FILE} of {shown} is looked at; the one in force is that of {branch}, and it is another one"
        )


def _is_there(source: GitSource, name: str, commit: str, file: str) -> bool:
    try:
        return source.file(name, commit, file) is not None
    except AdapterError:
        return True  # and cannot be read, which rendering says
