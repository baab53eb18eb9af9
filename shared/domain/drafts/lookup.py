"""Finding what a request names, or saying that it is not there."""

from __future__ import annotations

from shared.domain.drafts.answers import Answer, refused
from shared.domain.drafts.draft import Draft
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.state.phases import ReleasePhase
from shared.domain.state.promotion import Deployed
from shared.domain.state.release import Release
from shared.domain.values.version import Version


def known_release(draft: Draft, version: str) -> Release | Answer:
    """Return a release, open or ended, or why there is none."""
    release = draft.find_release(Version.parse(version))
    if release is None:
        return refused("unknown-release", f"there is no release {version} of {draft.service.service}")
    return release


def known_environment(draft: Draft, name: str) -> EnvironmentPolicy | Answer:
    """Return an environment of the policy in force, or which ones there are."""
    found = draft.policy.environment(name) if draft.policy else None
    if found is None:
        names = ", ".join(one.name for one in draft.policy.environments) if draft.policy else "none"
        return refused("unknown-environment", f"there is no environment {name}; {draft.service.service} has {names}")
    return found


def reopen(draft: Draft, release: Release, reason: str) -> Release:
    """Put an ended release under way again for a new promotion."""
    return draft.move_release(release, ReleasePhase.PACKAGED, reason) if release.phase.ended else draft.put(release)


def earlier_good(good: tuple[Deployed, ...], version: str) -> Deployed | None:
    """Return the good artifact of that version."""
    return next((one for one in good if one.artifact.version.text == version), None)
