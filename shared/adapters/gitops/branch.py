"""One branch of a repository somewhere else, through a bare copy that can be thrown away."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from shared.adapters.git_disk.git import Git, GitFailed, is_full_ref, split, without_password
from shared.adapters.git_disk.writing import NewCommit, write_commit
from shared.adapters.gitops.credentials import GitCredentials
from shared.adapters.gitops.refusals import not_let_in, of_push
from shared.ports.errors import NotFound, Permanent, Transient
from shared.ports.source import Commit

_PROTOCOLS = ("file", "https", "ssh")
_SETTINGS = {
    # Nobody else tidies the copy up. In front, because a process left behind would outlive the host.
    "gc.auto": "5000",
    "gc.autoDetach": "false",
    "maintenance.auto": "true",
    "maintenance.autoDetach": "false",
    # What the copy loses is fetched again; the repository itself follows its own settings.
    "core.fsync": "none",
    # A credential is for the address that it was given for, not for the one that leads on from there.
    "http.followRedirects": "false",
    "credential.helper": "",
}
_NEW = "refs/slipway/new"
_KINDS = {"040000": "a folder", "100644": "a file", "120000": "a symbolic link", "160000": "a submodule"}
_NOBODY = GitCredentials()
_FIELDS = "%H%x00%an%x00%ae%x00%cn%x00%ce%x00%B"


class RemoteBranch:
    """Reads and extends a branch. Use it inside `locked()`: the copy below `work` serves one caller at a time.

    `url` is a path on this disk, or a text: what git takes as a remote's address. `credentials` are shown where they belong,
    `environment` is what else git gets (certificates, a proxy), `timeout` in seconds is for one run of git.
    """

    def __init__(
        self,
        url: str | Path,
        branch: str,
        work: Path,
        *,
        credentials: GitCredentials = _NOBODY,
        environment: Mapping[str, str] = MappingProxyType({}),
        timeout: float = 60,
    ) -> None:
        self._url = str(url.absolute() if isinstance(url, Path) else url)
        self._ref = f"refs/heads/{branch}"
        shown = without_password(self._url)
        if self._url.startswith("-") or not is_full_ref(self._ref):
            raise Permanent(
                f"{shown!r}, branch {branch!r}, cannot be a GitOps repository; correct slipway.yaml",
                ours=True,
            )
        self.name = f"{Path(shown).name}, branch {branch}"
        self._copy = work / f"{hashlib.sha256(f'{self._url} {branch}'.encode()).hexdigest()[:24]}.git"
        self._secrets = credentials.secrets(self._url)
        self._environment = {**environment, **credentials.environment(self._url)}
        self._timeout = timeout
        self._git = self._git_in(self._copy)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other threads and processes from the copy; throw it away where git finds it broken."""
        self._copy.parent.mkdir(parents=True, exist_ok=True)
        with self._copy.with_suffix(".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._make_copy()
            try:
                yield
            except GitFailed:
                # A killed git may leave locks or half an object behind; the next try starts from a new copy.
                shutil.rmtree(self._copy, ignore_errors=True)
                raise

    def fetch(self) -> str | None:
        """Return the branch's tip, with everything below it; None where the branch does not exist yet."""
        try:
            done = self._git(
                "fetch",
                "--quiet",
                "--no-tags",
                "--force",
                "--",
                self._url,
                f"{self._ref}:{self._ref}",
                expect=(0, 128),
            )
            if done.code == 0:
                # One process less than asking git for what it has just written.
                return (self._copy / "FETCH_HEAD").read_text().split("\t")[0]
            if b"couldn't find remote ref" in done.stderr:
                return None
            raise GitFailed(f"git fetch of {self.name}: {self._git.said(done)}", done)
        except GitFailed as error:
            self._need_remote(error)
            raise

    def read(self, tip: str, *paths: str) -> list[bytes | None]:
        """Read files at a commit; None for each that is absent."""
        found = self._git.objects(*(f"{tip}:{path}" for path in paths))
        return [file.content if file is not None and file.kind == "blob" else None for file in found]

    def files(self, tip: str) -> list[str]:
        """Paths of all files at a commit."""
        return split(self._git("ls-tree", "-r", "-z", "--name-only", "--full-tree", tip))

    def need_folder(self, tip: str, folder: str, files: Collection[str]) -> None:
        """Raise Permanent(ours) where something else lies where a folder, or one of its files, belongs."""
        parts = folder.split("/")
        folders = {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}
        wanted = {**dict.fromkeys(folders, "040000"), **{f"{folder}/{name}": "100644" for name in files}}
        listed = split(self._git("ls-tree", "-z", "-t", "--full-tree", tip, "--", *wanted))
        for line in listed:
            about, _, path = line.partition("\t")
            mode = about.partition(" ")[0]
            if path in wanted and mode != wanted[path] and (mode, wanted[path]) != ("100755", "100644"):
                raise Permanent(
                    f"{path} of {self.name} is {_KINDS.get(mode, 'a file')}, where {_KINDS[wanted[path]]} belongs; nothing is "
                    "replaced: move it away, or correct deploy.gitops.path in slipway.yaml",
                    ours=True,
                )

    def changed(self, base: str, tip: str) -> list[str]:
        """Paths of files that differ between two commits; every file where the base is gone."""
        done = self._git("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, tip, expect=(0, 128))
        return split(done) if done.code == 0 else self.files(tip)

    def newest(self, tip: str, *paths: str) -> Commit | None:
        """The newest commit that changed one of the paths."""
        return next(iter(self._log("--max-count=1", tip, "--", *paths)), None)

    def recent(self, tip: str, most: int) -> list[Commit]:
        """The newest commits of the whole branch: their number bounds what a look at history costs."""
        return self._log(f"--max-count={most}", tip, "--")

    def append(self, tip: str | None, commit: NewCommit) -> str:
        """Write a commit on top of `tip` and push it; return its id.

        Raise PushedFirst, Permanent(ours) where the repository refuses it for good, Transient.
        """
        new = write_commit(self._git, _NEW, replace(commit, parents=(tip,) if tip else ()))
        done = self._git("push", "--quiet", "--porcelain", "--", self._url, f"{new}:{self._ref}", expect=(0, 1, 128))
        if done.code == 0:
            return new
        if done.code == 1:
            raise of_push(done, self.name, self._git)
        error = GitFailed(f"git push to {self.name}: {self._git.said(done)}", done)
        self._need_remote(error)
        raise error

    def _log(self, *args: str) -> list[Commit]:
        fields = split(self._git("log", "-z", "--no-mailmap", f"--format={_FIELDS}", *args))
        return [
            Commit(id=i, author_name=an, author_mail=am, committer_name=cn, committer_mail=cm, message=text)
            for i, an, am, cn, cm, text in zip(*[iter(fields)] * 6, strict=True)
        ]

    def _make_copy(self) -> None:
        if not self._copy.exists():
            with tempfile.TemporaryDirectory(dir=self._copy.parent) as folder:
                self._init(Path(folder) / "new").repository.rename(self._copy)

    def _need_remote(self, error: GitFailed) -> None:
        """Raise where the fault is the remote's, so that a good copy is kept."""
        if self._url.startswith("/") and not Path(self._url).exists():
            raise NotFound(
                f"there is no GitOps repository at {self._url}; create it with git init --bare", ours=True
            ) from error
        refusal = not_let_in(error.completed, self.name, self._git)
        if refusal is not None:
            raise refusal from error
        with tempfile.TemporaryDirectory() as folder:
            git = self._init(Path(folder) / "probe")
            try:
                git("ls-remote", "--quiet", "--", self._url, self._ref)
            except GitFailed as unreachable:
                raise Transient(f"{self.name} cannot be reached: {unreachable}") from unreachable

    def _git_in(self, folder: Path) -> Git:
        return Git(
            folder,
            protocols=_PROTOCOLS,
            environment=self._environment,
            settings=_SETTINGS,
            secrets=self._secrets,
            timeout=self._timeout,
        )

    def _init(self, folder: Path) -> Git:
        folder.mkdir()
        git = self._git_in(folder)
        git("init", "--quiet", "--bare", "--template=")
        return git
