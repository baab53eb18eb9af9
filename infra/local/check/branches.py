"""Branches as a service hears them: which look like a release and are none, and which are named and not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from infra.local.check.configuration import FILE
from infra.local.check.nearest import Names
from infra.local.check.report import CheckReport
from shared.domain.policies.policy import RepositoryPolicy, ServicePolicy
from shared.domain.values.errors import InvalidVersion
from shared.domain.values.nearest import closest, meant
from shared.domain.values.patterns import text_matches
from shared.domain.values.version import Version, parse_release_branch

HEADS = "refs/heads/"
MOST_BRANCHES = 20
_LONGEST_NAME = 120
_RELEASE = "release"
# `rel` and `relay` may mean anything.
_ALIKE = 0.75
# `release-delivery-v1.0.0`, written in one part.
_ONE_PART = re.compile(r"([A-Za-z]+)[-_.](.+?)[-_.]([vV]?[0-9][^/]*)")
_VERSION = re.compile(
    r"[vV]?[.-]?0*([0-9]{1,9})(?:\.0*([0-9]{1,9}))?(?:\.0*([0-9]{1,9}))?(-[0-9A-Za-z.-]{1,40})?(?:\+.*)?"
)
_VERSION_SHOWN = re.compile(r"[vV]?[0-9]+\.[0-9]+.*")


def look_at_releases(report: CheckReport, policy: RepositoryPolicy, refs: Iterable[str]) -> None:
    """Say which branches release nothing though they look like it, and what would have to be their name."""
    services = [one.service.service for one in policy.services]
    wrong: list[str] = []
    for ref in refs:
        if said := _said(services, ref):
            wrong.append(said)
    for line in wrong[:MOST_BRANCHES]:
        report.note(policy.repository, line)
    if len(wrong) > MOST_BRANCHES:
        report.note(policy.repository, f"{len(wrong) - MOST_BRANCHES} more branches are like that")


def look_at_filters(report: CheckReport, policy: ServicePolicy, refs: Sequence[str]) -> None:
    """Say which branch of the triggers is not there, where another one is called nearly so."""
    names = [ref.removeprefix(HEADS) for ref in refs]
    known, filters = Names(names), policy.triggers.branches
    for pattern in dict.fromkeys((*filters.include, *filters.exclude)):
        wanted = pattern.removeprefix(HEADS)
        if wanted.startswith("refs/") or any(text_matches(wanted, name) for name in names):
            continue
        near = known.nearest(wanted)
        if near or not set("*?") & set(wanted):
            report.note(policy.service.service, f"triggers.branches: no branch is called {wanted}{meant(near)}")


def _said(services: Sequence[str], ref: str) -> str:
    name = ref.removeprefix(HEADS)
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    release = parse_release_branch(ref)
    if release is not None:
        problem = _problem(services, *release)
        return f"{shown} releases nothing: {problem}{_call_it(services, *release)}" if problem else ""
    looks = _looks_like(services, name)
    return f"{shown} is a branch like any other, and releases nothing{_call_it(services, *looks)}" if looks else ""


def _problem(services: Sequence[str], service: str, tag: str) -> str:
    if service not in services:
        return f"{service[:60]} is no service of {FILE}"
    try:
        Version.from_tag(tag)
    except InvalidVersion as error:
        return str(error)
    return ""


def _looks_like(services: Sequence[str], name: str) -> tuple[str, str] | None:
    """Take service and version out of a name that somebody may have meant to be a release's."""
    parts = name.split("/")
    if len(parts) == 1 and (found := _ONE_PART.fullmatch(name)):
        parts = list(found.groups())
    first, *rest = parts
    if rest and closest(first, [_RELEASE], like=_ALIKE):
        return rest[0], "/".join(rest[1:])
    if len(parts) == 2 and first in services and _VERSION_SHOWN.fullmatch(parts[1]):
        return first, parts[1]
    return None


def _call_it(services: Sequence[str], service: str, tag: str) -> str:
    known = service if service in services else closest(service, services, like=_ALIKE)
    return f"; to release {known}, call it {_RELEASE}/{known}/{_version(tag)}" if known else _other(services)


def _other(services: Sequence[str]) -> str:
    return (
        f"; a release is called {_RELEASE}/<service>/v<version>, as {_RELEASE}/{services[0]}/v1.0.2" if services else ""
    )


def _version(tag: str) -> str:
    """The version as a release's name has it, or its form where nothing is near."""
    found = _VERSION.fullmatch(tag)
    if found is None:
        return "v<version>, as v1.0.2"
    major, minor, patch, more = found.groups()
    text = f"{major}.{minor or 0}.{patch or 0}{more or ''}"
    try:
        return Version.parse(text).tag
    except InvalidVersion:
        return "v<version>, as v1.0.2"
