"""Which pushes concern a service: Azure Pipelines' rules for branch filters, path filters and skip markers.

Azure DevOps docs, "Build Azure Repos Git repositories", CI triggers. Where they are silent: an exclude wins over an
include of the same branch; a path's exclude loses only to an include that lies below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shared.domain.policies.policy import Patterns, ServicePolicy
from shared.domain.values.patterns import path_covered, segments, text_matches

_HEADS = "refs/heads/"
_ATTRIBUTES = ".gitattributes"
_SKIP = re.compile(
    r"\[(?:skip ci|ci skip|skip azurepipelines|azurepipelines skip|skip azpipelines|azpipelines skip|skip azp|azp skip)\]"
    r"|\*\*\*NO_CI\*\*\*|skip-checks:[ \t]{0,8}true",
    re.IGNORECASE,
)


def branch_matches(patterns: Patterns, branch: str) -> bool:
    """Whether a branch is selected. Tags and other refs are only where a pattern names them in full (`refs/tags/v*`)."""
    ref = _full(branch)
    included = any(text_matches(_full(pattern), ref) for pattern in patterns.include or ("*",))
    return included and not any(text_matches(_full(pattern), ref) for pattern in patterns.exclude)


def path_matches(patterns: Patterns, path: str) -> bool:
    """Whether a changed file counts: some include covers it that no exclude of the file takes back."""
    parts = segments(path)
    excludes = [exclude for exclude in map(segments, patterns.exclude) if path_covered(exclude, parts)]
    includes = [include for include in map(segments, patterns.include or ("/",)) if path_covered(include, parts)]
    return any(all(_below(include, exclude) for exclude in excludes) for include in includes)


def any_path_matches(patterns: Patterns, paths: Iterable[str]) -> bool:
    """Whether a push counts; without any filter it does even where it changes no file, such as a new branch."""
    if not patterns.include and not patterns.exclude:
        return True
    return any(path_matches(patterns, path) for path in paths)


def affected(policy: ServicePolicy, ref: str, paths: Iterable[str]) -> bool:
    """Whether a push of these paths to this ref asks for a validation of the service.

    Release branches are selected by their name alone; don't ask for them here.
    """
    return branch_matches(policy.triggers.branches, ref) and any_path_matches(policy.triggers.paths, paths)


def may_follow(policy: ServicePolicy, ref: str) -> bool:
    """Whether a push to this ref may concern the service by what links in its paths lead to."""
    return policy.triggers.follow_links and branch_matches(policy.triggers.branches, ref)


def affected_by_links(policy: ServicePolicy, used: Iterable[str], paths: Iterable[str]) -> bool:
    """Whether a push of these paths concerns the service by a path that is used and not among its own.

    Attributes of the folders above are used, but change nothing that is built here.
    """
    own = policy.triggers.paths.include
    led_to = [path for path in used if segments(path)[-1:] != (_ATTRIBUTES,) and path not in own]
    # These are names, not patterns: a sign that a pattern would give a meaning is any one sign.
    include = tuple(path.replace("*", "?") or "/" for path in led_to)
    wanted = Patterns(include=include, exclude=policy.triggers.paths.exclude)
    return bool(include) and any_path_matches(wanted, paths)


def skip_marker(messages: Sequence[str]) -> str | None:
    """Return the first marker, as it was written, by which some commit of the push asks for no validation."""
    found = (_SKIP.search(message) for message in messages)
    return next((match.group() for match in found if match), None)


def _full(name: str) -> str:
    return name if name.startswith("refs/") else _HEADS + name


def _below(include: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    # `docs/*` and `docs/**` name the folder docs as far as depth goes.
    deeper = _folder(include)[:-1]
    return bool(_folder(include)) and path_covered(_folder(exclude), deeper)


def _folder(pattern: tuple[str, ...]) -> tuple[str, ...]:
    while pattern and pattern[-1] in ("*", "**"):
        pattern = pattern[:-1]
    return pattern
