"""The repository that somebody named by a path: where it lies, what it is called, and which branch is its default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from shared.adapters.git_disk.git import Git, text_of
from shared.ports.errors import AdapterError

_HEADS = "refs/heads/"
_UNNAMED = "repository"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 128


class NoRepository(Exception):
    """The path is not that of a repository; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """`default` is the branch that HEAD names, empty where it names none; `begun` whether that has a commit."""

    path: Path
    name: str
    default: str
    begun: bool

    @property
    def branch(self) -> str:
        """The default branch as people call it."""
        return self.default.removeprefix(_HEADS)

    def commit(self) -> str:
        """The commit that HEAD is at, by a branch or without one; raise AdapterError where there is none."""
        return _ask(self.path, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")


def find_repository(given: Path) -> Repository:
    """Look at a path; a linked work tree is its main repository. Raise NoRepository."""
    folder = given.expanduser().resolve()
    if folder.name == ".git":
        folder = folder.parent
    if not _is_one(folder):
        around = next((one for one in folder.parents if _is_one(one)), None)
        if around is not None and folder.is_dir():
            raise NoRepository(f"{given} is a folder of the repository {around}; give that one: REPO={around}")
        raise NoRepository(f"{given} is not a git repository; give the folder of your monorepo")
    try:
        path = _main(folder)
        default = text_of(Git(path)("symbolic-ref", "--quiet", "HEAD", expect=(0, 1)).stdout).strip()
        begun = bool(default) and Git(path)("show-ref", "--verify", "--quiet", default, expect=(0, 1)).code == 0
    except AdapterError as error:
        raise NoRepository(f"{given} cannot be read: {error}") from error
    return Repository(path=path, name=_name(path, folder), default=default, begun=begun)


def _is_one(folder: Path) -> bool:
    return (folder / ".git").exists() or ((folder / "HEAD").exists() and (folder / "objects").is_dir())


def _main(folder: Path) -> Path:
    """Where hooks, branches and the default branch are: a linked work tree has none of its own, and a submodule's lie elsewhere."""
    if not (folder / ".git").is_file():
        return folder
    common = Path(_ask(folder, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    return common.parent if common.name == ".git" else common


def _ask(folder: Path, *words: str) -> str:
    return text_of(Git(folder)(*words).stdout).rstrip("\n")


def _name(path: Path, given: Path) -> str:
    """What may be a repository's name in addresses and keys: a folder's may hold blanks, and any letters."""
    folder = given if path.parent.name == "modules" else path
    plain = _NOT_IN_A_NAME.sub("-", folder.name.removesuffix(".git")).strip("._-")
    return plain[:_LONGEST] or _UNNAMED
