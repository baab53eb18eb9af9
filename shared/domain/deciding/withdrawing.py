"""A registry says that it lost something. Nothing is taken for gone before it was looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.domain.drafts.answers import Answer, done, ignored
from shared.domain.drafts.draft import Draft
from shared.domain.messages.events import ArtifactWithdrawn
from shared.domain.state.phases import Phase, PromotionKind
from shared.domain.state.release import EnvironmentState, Release
from shared.domain.values.artifact import Artifact
from shared.domain.values.records import replace


def artifact_withdrawn(draft: Draft, event: ArtifactWithdrawn) -> Answer:
    """Forget what was read for promotions that wait, where it may have named what is said to be gone; gates ask again."""
    found = kept_by(event, environments=draft.environments, releases=draft.releases)
    if not found:
        return ignored("unknown-artifact", f"nothing that is kept was in {event.repository} under that name")
    for release, promotion in list(draft.promotions()):
        goes_by = [*_kept_in(draft.environment(promotion.environment)), *_own(release)]
        if promotion.phase is Phase.WAITING and any(_matches(event, one) for one in goes_by):
            # A question that a rollback waits for stays: whoever sends such hints could put it off for ever.
            asked = promotion.facts_asked if promotion.kind is PromotionKind.ROLLBACK else None
            draft.keep(replace(promotion, facts=None, facts_asked=asked))
    said = f"the registry says that the {event.kind} of {', '.join(found)} was deleted; it is looked for again"
    draft.note(f"{event.repository}: {said}")
    return done()


def kept_by(
    event: ArtifactWithdrawn, *, environments: Mapping[str, EnvironmentState], releases: Mapping[str, Release]
) -> tuple[str, ...]:
    """Name the artifacts among those meant that somebody counts on: live, earlier good ones, and those of open releases."""
    kept = [(one, f"kept for {name}") for name in sorted(environments) for one in _kept_in(environments[name])]
    on_its_way = [(one, "on its way") for release in releases.values() for one in _own(release)]
    named: dict[str, dict[str, None]] = {}
    for one, why in (*kept, *on_its_way):
        if _matches(event, one):
            named.setdefault(one.version.tag, {})[why] = None
    return tuple(f"{tag} ({', '.join(whys)})" for tag, whys in named.items())


def _kept_in(environment: EnvironmentState) -> Iterator[Artifact]:
    live = (environment.live,) if environment.live else ()
    return (one.artifact for one in (*live, *environment.good))


def _own(release: Release) -> tuple[Artifact, ...]:
    return (release.artifact,) if release.artifact is not None else ()


def _matches(event: ArtifactWithdrawn, artifact: Artifact) -> bool:
    of_kind = [part.digest for part in artifact.parts if part.kind is event.kind]
    if event.digest is not None:
        return event.digest in of_kind
    return bool(of_kind) and event.version in ("", artifact.version.text)
