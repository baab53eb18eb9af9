"""Why a repository did not take a push, or let nobody in: a race, a bad moment, or for good."""

from __future__ import annotations

import re

from shared.adapters.git_disk.git import Git, GitFailed, text_of
from shared.adapters.processes import Completed
from shared.domain.values.errors import SlipwayError
from shared.ports.errors import NotFound, Permanent, Transient

# git-push(1), --porcelain: flag, refs and what was said of them, between tabs.
_REFUSED = re.compile(r"^!\t[^\t\n]*\t\[[a-z ]*rejected\] \((.*)\)$", re.MULTILINE)
# Somebody else moved the branch between our look and our push, also in the last instant.
_RACE = re.compile(
    r"fetch first|non-fast-forward|stale info|incorrect old value|is at [0-9a-f]+ but expected|reference already exists"
    r"|TF401028",
    re.IGNORECASE,
)
# What servers say where they could not take hold of the branch; why, they say on lines of their own, if at all.
_HOLD = re.compile(r"cannot lock ref|unable to (?:lock|resolve)|failed to (?:lock|update ref)", re.IGNORECASE)
_FOR_GOOD = re.compile(r"exists; cannot create|permission denied|read-only file system", re.IGNORECASE)
_LEFT = re.compile(r"\.lock'?: file exists|unable to create '[^']*\.lock'", re.IGNORECASE)
_PASSING = re.compile(
    r"^failure$|unpacker error|unable to migrate|failed to write|no space left|time[d]?[ -]?out|try again|temporar"
    r"|unavailable|atomic|busy",
    re.IGNORECASE,
)
# A host that is down has its own hook decline the push. Words of people's hooks are not taken for that.
_HOST_DOWN = re.compile(
    r"internal server error|internal api (?:unreachable|error)|\b50[0234] |gateway time-?out|error in commit_refs"
    r"|timed out|temporarily unavailable",
    re.IGNORECASE,
)
_NOT_LET_IN = re.compile(
    r"authentication failed|could not read (?:username|password)|returned error: 40[13]|permission denied"
    r"|access denied|authorization failed|invalid credentials|terminal prompts disabled",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(r"repository '?[^\n]*'? not found|returned error: 404|TF401019", re.IGNORECASE)
_REMOTE = re.compile(r"^remote: (.*)$", re.MULTILINE)
_SHOWN = 600


class PushedFirst(SlipwayError):
    """Somebody else wrote the branch meanwhile; nothing was written. Look again and write on top."""


def of_push(done: Completed, name: str, git: Git) -> SlipwayError:
    """Say what became of a push that ended with exit code 1."""
    found = _REFUSED.search(text_of(done.stdout))
    if found is None:
        return GitFailed(f"git push to {name}: {git.said(done)[:_SHOWN]}", done)
    reason = git.shown(found[1])[:_SHOWN]
    remote = git.shown(" ".join(_REMOTE.findall(text_of(done.stderr))))[:_SHOWN]
    both = f"{reason} {remote}"
    more = f"; it says: {remote}" if remote else ""
    refused = Permanent(f"{name} refuses the push ({reason}); let Slipway's identity push there{more}", ours=True)
    if _HOLD.search(reason) and _FOR_GOOD.search(both):
        return refused
    passing = Transient(f"{name} did not take the push ({reason}){more}")
    if _LEFT.search(both) or _PASSING.search(reason) or _HOST_DOWN.search(remote):
        return passing
    # Older servers say no more of a race than that they could not update the branch.
    if _RACE.search(both) or _HOLD.search(reason):
        return PushedFirst(f"{name} was pushed to meanwhile: {reason}")
    return passing if _HOST_DOWN.search(reason) else refused


def not_let_in(done: Completed, name: str, git: Git) -> Permanent | None:
    """Say so where nobody is let in, or nothing is there to be let into; None where git failed for another reason."""
    remote, said = text_of(done.stderr), git.said(done)[:_SHOWN]
    if _NOT_LET_IN.search(remote):
        hint = "look at SLIPWAY_GITOPS_CREDENTIALS, or at the key that ssh shows"
        return Permanent(f"{name} does not let Slipway in: {said}; {hint}", ours=True)
    if _NOT_THERE.search(remote):
        hint = "create it, correct deploy.gitops in slipway.yaml, or let Slipway see it"
        return NotFound(f"{name} is not there: {said}; {hint}", ours=True)
    return None
