"""Who wrote or pushed what is released: everybody whose commits go into the artifact or its manifests."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from shared.app.hook_events.configuration import FILE
from shared.app.parts import App
from shared.app.people.authorship import keep_list, list_of, wrote
from shared.codec.authors import encode_authors_read
from shared.domain.charts.chart_words import DESCRIPTIONS, misspelt
from shared.domain.messages.workers import worker_for
from shared.domain.policies.policy import ServicePolicy
from shared.domain.state.authorship import nobody_known, short, who_answered
from shared.domain.state.promotion import Author, Authors, Deployed, Looked, Promotion
from shared.domain.state.release import EnvironmentState, Release
from shared.domain.values.mails import are_known_by
from shared.domain.values.patterns import segments
from shared.domain.values.records import replace
from shared.ports.errors import NotFound, Permanent

_WHOLE = ""
# Of a list without a bound, so many are told beside it.
_FIRST = 20
_WILD = frozenset("*?[{")
_DEEPEST = 4
_ANYWHERE = "file:///"


def read_authors(
    app: App, policy: ServicePolicy, release: Release, promotion: Promotion, environment: EnvironmentState
) -> Authors:
    """Say who wrote it since the version that is live there, and whether those who answered are among them.

    What lies between two commits on some paths never changes: what was read of it is kept as evidence, and read once.
    """
    # Of what was adopted nobody knows the commit: then whoever ever wrote it counts.
    live = environment.live if environment.live and environment.live.artifact.commit else None
    question = _question(policy, release.commit, live)
    known = _read_before(app, policy, release, promotion, question) or _read(
        app, policy, release.commit, live, question
    )
    people = dict.fromkeys(who_answered(release, promotion))
    looked = tuple(Looked(person=one, wrote=wrote(app.evidence, known.evidence, one)) for one in people)
    return replace(known, looked=looked)


def _question(policy: ServicePolicy, commit: str, live: Deployed | None) -> str:
    """Name what is read: two commits, and what says which paths count."""
    base = (live.artifact.commit, live.authors) if live else ("", "")
    return hashlib.sha256("\n".join((*base, commit, *sorted(_named(policy)))).encode()).hexdigest()


def _read_before(
    app: App, policy: ServicePolicy, release: Release, promotion: Promotion, question: str
) -> Authors | None:
    """Return what was read for this promotion, or for another of the release; what was incomplete is read again.

    What another worker has reported is not taken: it may be in other hands.
    """
    own = _worker_of(app, policy, promotion)
    read = ((one, one.facts.authors) for one in release.promotions if one.facts is not None)
    for one, authors in read:
        if _worker_of(app, policy, one) != own:
            continue
        with suppress(NotFound):
            is_whole = authors.evidence and not authors.incomplete
            if is_whole and list_of(app.evidence, authors.evidence).question == question:
                return authors
    return None


def _read(app: App, policy: ServicePolicy, commit: str, live: Deployed | None, question: str) -> Authors:
    repository, base = policy.service.repository, live.artifact.commit if live else None
    used = written_paths(app, policy, commit)
    before = _used_by(app, policy, live) if live else used
    found = _between(app, repository, base, commit, used, before)
    people = sorted(found.people, key=lambda one: (one.mail, one.name))
    return Authors(
        evidence=keep_list(app.evidence, encode_authors_read(question, used, people)),
        count=len(people),
        first=tuple(Author(name=short(one.name), mail=short(one.mail)) for one in people[:_FIRST]),
        unknown=(*_without_mail(people), *found.unknown),
        incomplete=bool(found.unknown),
    )


def _worker_of(app: App, policy: ServicePolicy, promotion: Promotion) -> str:
    """Say who reads for a promotion; empty for an environment that has left."""
    found = promotion.policy_by(policy)
    return worker_for(found, app.production) if found is not None else ""


def _used_by(app: App, policy: ServicePolicy, live: Deployed) -> tuple[str, ...]:
    """Return the paths that what is live was read on: a configuration since then may have named others."""
    with suppress(NotFound):
        return list_of(app.evidence, live.authors).paths
    return written_paths(app, policy, live.artifact.commit)


class _Found(NamedTuple):
    people: frozenset[Author]
    unknown: tuple[str, ...]


def _between(
    app: App, repository: str, base: str | None, commit: str, used: Sequence[str], before: Sequence[str]
) -> _Found:
    """Read who wrote the used paths after `base`, or ever, where what is live did not use the path."""
    source = app.repository(repository).source
    if base is not None and not source.contains(repository, base, base):
        base = None  # what is live lies on no branch any more, and git has forgotten it
    new = [path for path in used or (_WHOLE,) if not _covers(before, path)]
    old = [path for path in used or (_WHOLE,) if path not in new]
    people: set[Author] = set()
    unknown: list[str] = []
    for since, paths in ((base, old), (None, new)):
        if paths:
            found = source.contributors(repository, since, commit, paths=[] if _WHOLE in paths else paths)
            people |= {Author(name=one.name, mail=one.mail) for one in found.people}
            unknown += [found.unknown] if found.unknown else []
    return _Found(frozenset(people), tuple(dict.fromkeys(unknown)))


def _covers(before: Sequence[str], path: str) -> bool:
    return not before or any(path == one or path.startswith(f"{one}/") for one in before)


def _without_mail(people: Sequence[Author]) -> Iterator[str]:
    """Name those who cannot be told apart from anybody: the first, and the rest by their hash."""
    odd = ((one.name, one.mail if "@" in one.mail else "") for one in people if not are_known_by([one.mail]))
    found = sorted(set(odd))
    for name, mail in found[:_FIRST]:
        yield nobody_known("author", name, [mail])
    if len(found) > _FIRST:
        rest = hashlib.sha256(repr(found[_FIRST:]).encode()).hexdigest()
        yield f"{len(found) - _FIRST} more authors without a mail ({rest[:12]})"


def written_paths(app: App, policy: ServicePolicy, commit: str) -> tuple[str, ...]:
    """Return the folders and files that decide what is deployed, with links and attributes; none means the whole repository."""
    repository = policy.service.repository
    named = {*_named(policy), *_dependencies(app, repository, commit, policy.chart)}
    distinct = sorted({"/".join(segments(path)) for path in named})
    used = app.repository(repository).source.used_paths(repository, commit, distinct).paths
    return () if _WHOLE in used else used


def _named(policy: ServicePolicy) -> set[str]:
    build = policy.build
    named = {policy.path, policy.chart, *map(_static, policy.triggers.paths.include)}
    named |= {one for one in (build.dockerfile, build.context) if one is not None}
    named.discard(FILE)  # it is the rule, not the change: what it changes is asked about anew
    for environment in policy.environments:
        places = {"service": policy.service.service, "environment": environment.name}
        named |= {_static(_filled(path, places)) for path in environment.values}
    return named


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
        found = [one for folder in level for one in _taken_in(app, repository, commit, folder)]
        level = [one for one in dict.fromkeys(found) if one not in seen]
        seen.update(level)
        yield from level
    if level:
        yield _WHOLE


def _taken_in(app: App, repository: str, commit: str, chart: str) -> list[str]:
    """What a chart names is looked for from where it is said to lie, and from where links in it lead."""
    found: list[str] = []
    # Not in the used paths alone: a link may make a folder around the chart one of them, and hide the chart's own.
    folders = app.repository(repository).source.used_paths(repository, commit, [chart]).folders
    for folder in dict.fromkeys((chart, *folders)):
        for name in DESCRIPTIONS:
            places = _described(app, repository, commit, posixpath.join(folder, name))
            found += [_inside(folder, one.removeprefix("file://")) for one in places if one.startswith("file://")]
    return found


def _described(app: App, repository: str, commit: str, path: str) -> list[str]:
    """Where a description has charts taken in from; one that cannot be read here may be read by whoever packages it."""
    try:
        content = app.repository(repository).source.file(repository, commit, path)
    except Permanent:
        return [_ANYWHERE]
    return _asked_for(app, content) if content is not None else []


def _asked_for(app: App, description: bytes) -> list[str]:
    try:
        [described] = app.access_as(None).charts.parse(description)
        if any(misspelt(described)):
            return [_ANYWHERE]
        listed: Any = described.get("dependencies") or []
        return [str(one.get("repository") or "") for one in listed]
    except (Permanent, ValueError, TypeError, AttributeError):
        return [_ANYWHERE]


def _inside(chart: str, place: str) -> str:
    """Resolve a place relative to the chart; the whole repository where it leads out of it."""
    found = posixpath.normpath(posixpath.join(chart, place))
    return _WHOLE if found.startswith(("..", "/")) or found == "." else found
