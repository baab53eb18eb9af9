"""The one list of what git is told, so that neither a repository's own settings nor this machine's change an answer.

What is asked of git here is plumbing (cat-file, rev-list, diff-tree, ls-tree, for-each-ref, merge-base), which obeys few
settings; each that could matter to it, in any version of git, is overridden. git-config(1) and git(1) describe them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        # An empty graft file is no advice that anybody needs.
        "advice.graftFileDeprecated": "false",
        "color.ui": "false",
        "core.attributesFile": os.devnull,
        # A graph is a copy of what commits say; the commits themselves are read.
        "core.commitGraph": "false",
        "core.excludesFile": os.devnull,
        "core.fsmonitor": "false",
        "core.ignoreCase": "false",
        "core.precomposeUnicode": "false",
        "core.quotePath": "false",
        "core.useReplaceRefs": "false",
        "diff.ignoreSubmodules": "none",
        "diff.noprefix": "false",
        "diff.orderFile": os.devnull,
        "diff.relative": "false",
        "diff.renames": "false",
        "gc.auto": "0",
        "log.abbrevCommit": "false",
        "log.follow": "false",
        "log.mailmap": "false",
        "log.showRoot": "true",
        "log.showSignature": "false",
        "maintenance.auto": "false",
        "safe.directory": "*",
    }
)

# wrapper.c of git: the most that it takes in one piece, else it ends; nearly all pieces are as large as an object.
MOST_AT_ONCE = "1g"

_ENVIRONMENT: Mapping[str, str] = MappingProxyType(
    {
        "LC_ALL": "C.UTF-8",
        "GIT_ASKPASS": "",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        # Neither replaces a commit by another, which whoever may push any ref could do, nor gives it other parents.
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",
        # What a partial clone has not is missing; git must not run what its settings say fetches it.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS": "",
    }
)


def environment(protocols: Sequence[str]) -> dict[str, str]:
    """Return the closed environment that git gets; `protocols` are what it may speak to other repositories."""
    git = shutil.which("git")
    path = os.defpath if git is None else f"{Path(git).parent}{os.pathsep}{os.defpath}"
    return {**_ENVIRONMENT, "PATH": path, "GIT_ALLOW_PROTOCOL": ":".join(protocols) or "none"}


def reading(repository: Path) -> dict[str, str]:
    """Return what else reading needs: with a work tree named, `core.worktree` cannot make paths relative to another folder.

    Git takes folders and commits into memory whole, whatever their size; only files beyond half of this are streamed.
    """
    return {"GIT_WORK_TREE": str(repository), "GIT_ALLOC_LIMIT": MOST_AT_ONCE}
