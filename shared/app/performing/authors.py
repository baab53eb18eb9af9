"""Who wrote or pushed what is released: everybody whose commits go into the artifact or its manifests."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from shared.app.parts import App
from shared.domain.patterns import segments
from shared.domain.policy import ServicePolicy
from shared.domain.promotion import Author
from shared.domain.release import EnvironmentState, Release
from shared.ports.errors import Permanent

_WHOLE = ""
_WILD = frozenset("*?[{")
_DEEPEST = 4
# Charts of the older kind list what they take in beside what they are.
_DESCRIPTIONS = ("Chart.yaml", "requirements.yaml")
_ANYWHERE = "file:///"


def authors(app: App, policy: ServicePolicy, release: Release, environment: EnvironmentState) -> tuple[Author, ...]:
    """Say who wrote it since the version that is live there, and who pushed the release branch, ever."""
    base = environment.live.artifact.commit if environment.live else None
    commits = app.source.commits(
        policy.service.repository, base, release.commit, paths=written_paths(app, policy, release.commit)
    )
    found = {Author(name=one.author_name, mail=one.author_mail) for one in commits}
    pushers = (*release.pushers, *((release.pushed_by,) if release.pushed_by is not None else ()))
    found |= {Author(name=one.name, mail=mail) for one in pushers for mail in one.mails or ("",)}
    return tuple(sorted(found, key=lambda one: (one.mail, one.name)))


def written_paths(app: App, policy: ServicePolicy, commit: str) -> tuple[str, ...]:
    """Return the folders and files that decide what is deployed; none means the whole repository."""
    named = {policy.path, policy.chart, *map(_static, policy.triggers.paths.include)}
    for environment in policy.environments:
        places = {"service": policy.service.service, "environment": environment.name}
        named |= {_static(_filled(path, places)) for path in environment.values}
    named |= set(_dependencies(app, policy.service.repository, commit, policy.chart))
    clean = {"/".join(segments(path)) for path in named}
    return () if _WHOLE in clean else tuple(sorted(clean))


@lru_cache(maxsize=1024)
def _static(pattern: str) -> str:
    """The folders before the first part that holds a wildcard or an unknown placeholder."""
    kept: list[str] = []
    for part in segments(pattern):
        if _WILD & set(part):
            break
        kept.append(part)
    return "/".join(kept)


def _filled(template: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _dependencies(app: App, repository: str, commit: str, chart: str) -> Iterator[str]:
    """Folders of the repository that the chart takes in, and what those take in; the whole where that cannot be told."""
    seen, level = {chart}, [chart]
    for _ in range(_DEEPEST):
        level = [one for folder in level for one in _taken_in(app, repository, commit, folder) if one not in seen]
        seen.update(level)
        yield from level
    if level:
        yield _WHOLE


def _taken_in(app: App, repository: str, commit: str, chart: str) -> list[str]:
    places: list[str] = []
    for name in _DESCRIPTIONS:
        content = app.source.file(repository, commit, posixpath.join(chart, name))
        if content is not None:
            places += _asked_for(app, content)
    return [_inside(chart, place.removeprefix("file://")) for place in places if place.startswith("file://")]


def _asked_for(app: App, description: bytes) -> list[str]:
    try:
        [described] = app.charts.parse(description)
        listed: Any = described.get("dependencies") or []
        return [str(one.get("repository") or "") for one in listed]
    except (Permanent, ValueError, TypeError, AttributeError):
        return [_ANYWHERE]


def _inside(chart: str, place: str) -> str:
    """Resolve a place relative to the chart; the whole repository where it leads out of it."""
    found = posixpath.normpath(posixpath.join(chart, place))
    return _WHOLE if found.startswith(("..", "/")) or found == "." else found
