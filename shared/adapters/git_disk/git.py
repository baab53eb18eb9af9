"""The git program, run so that nothing of this machine's set-up or of a name somebody chose changes what it does.

No library: git itself is the reference for what a commit, a rename or a merge base is, and it is there where there are
repositories on disk.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import IO

from shared.adapters.git_disk.batch import GitObject, next_object
from shared.adapters.git_disk.settings import SETTINGS
from shared.adapters.git_disk.settings import environment as git_environment
from shared.adapters.processes import Completed, TimedOut, run, start
from shared.ports.errors import Permanent, Transient

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# gitcheckref(1), for full names only: no component starts with a dot or ends in .lock, none of git's own characters.
_REF = re.compile(r"refs(?:/(?!\.)[^\x00-\x20\x7f~^:?*\[\\/]+)+")
_REF_NEVER = re.compile(r"\.\.|@\{|\.lock(?:/|$)|\.$")
_HEAD = re.compile(r"ref: (refs/heads/[^\n]+)\n?")
# Up to the last @: a password may hold any of the signs that an address is made of.
_CREDENTIALS = re.compile(r"://[^\s'\"<>]*@")
# What git says of trees that it cannot read, and the objects that it names in other words (tree-walk.c, commit.c).
_MALFORMED = re.compile(
    r"malformed mode|empty filename|too-short tree|exceeded maximum allowed tree depth|to allocate \d+ over limit"
)
_NAMED = re.compile(r"\b(?:[0-9a-f]{40}|[0-9a-f]{64})\b")


class GitFailed(Transient):
    """Git ended with an error that the caller did not expect; the message is git's own."""

    def __init__(self, message: str, completed: Completed) -> None:
        super().__init__(message)
        self.completed = completed


def is_commit_id(text: str) -> bool:
    """Whether the text is a full commit id, the only form that is passed on to git."""
    return _COMMIT.fullmatch(text) is not None and text.strip("0") != ""


def is_full_ref(text: str) -> bool:
    """Whether the text is a full ref name such as `refs/heads/main`, by git's rules."""
    return _REF.fullmatch(text) is not None and _REF_NEVER.search(text) is None


def text_of(output: bytes) -> str:
    """Decode what git wrote; bytes that are not UTF-8 become U+FFFD, because no store takes lone surrogates."""
    return output.decode("utf-8", "replace")


def said_by(done: Completed) -> str:
    """What git said of a failure, on one line."""
    said = " ".join(text_of(done.stdout + b"\n" + done.stderr).split())
    return without_password(said) or f"exit code {done.code}"


def without_password(text: str) -> str:
    """The text as it may be shown: what stands before the host of an address is left out."""
    return _CREDENTIALS.sub("://***@", text)


def split(done: Completed) -> list[str]:
    """Return what git printed with -z, one text for each NUL."""
    return text_of(done.stdout).split("\0")[:-1]


class Git:
    """Runs git on one repository: bare, or with a work tree.

    `protocols` are what git may speak to other repositories (`file`, `https`, `ssh`), `environment` adds to the closed
    environment that git gets (an agent's socket, a proxy), `settings` to git's configuration, `timeout` is in seconds.
    `secrets` are shown in no message.
    """

    def __init__(
        self,
        repository: Path,
        *,
        protocols: Sequence[str] = (),
        environment: Mapping[str, str] = MappingProxyType({}),
        settings: Mapping[str, str] = MappingProxyType({}),
        secrets: Sequence[str] = (),
        timeout: float = 60,
    ) -> None:
        # Git runs in the repository's own folder, where a relative path would mean another one.
        self.repository = repository.absolute()
        self._timeout, self._secrets = timeout, tuple(filter(None, secrets))
        both = {**SETTINGS, **settings}
        self._settings = [part for name, value in both.items() for part in ("-c", f"{name}={value}")]
        self._environment = git_environment(protocols) | dict(environment)

    def __call__(self, *args: str, input: bytes | None = None, expect: Sequence[int] = (0,)) -> Completed:
        """Run `git <args>`; raise GitFailed for an exit code that is not expected, Transient when it takes too long."""
        try:
            done = run(
                self._command(args), cwd=self.repository, env=self._environment, timeout=self._timeout, input=input
            )
        except TimedOut as error:
            raise Transient(f"git {args[0]} in {self.repository.name}: {error}; it is tried again") from error
        if done.code not in expect:
            raise GitFailed(f"git {args[0]} in {self.repository.name}: {self.said(done)}", done)
        return done

    def said(self, done: Completed) -> str:
        """What git said of a failure, as it may be shown."""
        return self.shown(said_by(done))

    def shown(self, text: str) -> str:
        """Return a text on one line and without what must not be shown."""
        shown = without_password(" ".join(text.split()))
        for secret in self._secrets:
            shown = shown.replace(secret, "***")
        return shown

    def start(self, *args: str, stdin: int | IO[bytes], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start `git <args>` for somebody who reads what it prints while it runs."""
        command = self._command(args)
        return start(command, cwd=self.repository, env=self._environment, stdin=stdin, stderr=stderr)

    def head(self) -> str | None:
        """Read which branch HEAD names, without a process; None where only git can tell (gitrepository-layout, HEAD)."""
        try:
            found = _HEAD.fullmatch((self.directory() / "HEAD").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        # Repositories that keep refs in tables have a HEAD that names no branch.
        return found[1] if found is not None and is_full_ref(found[1]) else None

    def _command(self, args: Sequence[str]) -> list[str]:
        return ["git", f"--git-dir={self.directory()}", *self._settings, *args]

    def directory(self) -> Path:
        """Where the repository itself lies, or the file that names the place."""
        # GIT_DIR is named, so that a folder that is no repository never means the one around it.
        inner = self.repository / ".git"
        return inner if inner.exists() else self.repository

    def is_malformed(self, error: GitFailed) -> bool:
        """Whether git failed at an object that is there and is not as git writes it, so that trying again cannot help."""
        names = dict.fromkeys(_NAMED.findall(str(error)))
        return all(self.kinds(*names)) if names else _MALFORMED.search(str(error)) is not None

    def kinds(self, *ids: str) -> list[str]:
        """Say of objects what they are; an empty text for each that is not there."""
        asked = "".join(f"{id}\n" for id in ids).encode()
        lines = self("cat-file", "--batch-check=%(objecttype)", input=asked).stdout.split(b"\n")[:-1]
        return ["" if b" " in line else line.decode() for line in lines]

    def objects(self, *names: str) -> list[GitObject | None]:
        """Read objects by name (`<commit>:<path>`) in one process; None for each that is not there."""
        for name in names:
            if "\n" in name:
                raise Permanent(f"{name!r} has a line break, which no path that Slipway reads may have")
        output = self(
            "cat-file", "--batch", input="".join(f"{name}\n" for name in names).encode("utf-8", "replace")
        ).stdout
        answers = BytesIO(output)
        try:
            return [next_object(answers, name, most=len(output)) for name in names]
        except EOFError:
            raise Transient(f"git cat-file in {self.repository.name} ended early") from None
