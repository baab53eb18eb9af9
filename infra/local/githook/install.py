"""Puts the hook into a repository."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path

from infra.local.githook import post_receive
from shared.ports.errors import Permanent

_MARK = "# Slipway's hook: reports pushes. A push never fails because of it."
_SCRIPT = "slipway_post_receive.py"
_SETTINGS = "slipway.json"


def install_hook(repository_folder: Path, url: str, secret: str, repository: str) -> Path:
    """Install or replace the hook that reports pushes to `<url>/api/hooks/git`, and return its path.

    On one machine the word of whoever pushes is all there is; the hook says that it is trusted. The secret lies in a file
    that only this user can read. Raise Permanent(ours) where somebody else's hook is there.
    """
    inner = repository_folder / ".git"
    hooks = (inner if inner.is_dir() else repository_folder) / "hooks"
    hook = hooks / "post-receive"
    if hook.exists() and _MARK not in hook.read_text(errors="replace"):
        raise Permanent(f"{hook} is not Slipway's; remove it, or call both from one script", ours=True)
    hooks.mkdir(exist_ok=True)
    settings = json.dumps({"url": url, "secret": secret, "repository": repository, "trust_identity": True})
    _write(hooks / _SETTINGS, settings, 0o600)
    _write(hooks / _SCRIPT, Path(post_receive.__file__).read_text(encoding="utf-8"), 0o600)
    _write(hook, _shell(), 0o700)
    return hook


def _shell() -> str:
    # -I -S: neither the environment nor site packages of whoever pushes change what runs.
    lines = [
        "#!/bin/sh",
        _MARK,
        'here=$(dirname "$0")',
        f'{shlex.quote(sys.executable)} -I -S "$here/{_SCRIPT}" "$here/{_SETTINGS}" ||',
        '  echo "slipway: the hook could not run; install it again by starting the local host" >&2',
        "exit 0",
        "",
    ]
    return "\n".join(lines)


def _write(path: Path, text: str, mode: int) -> None:
    # By renaming, because a push may come in between; made with its mode, so that no moment shows the secret.
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    new.chmod(mode)
    new.replace(path)
