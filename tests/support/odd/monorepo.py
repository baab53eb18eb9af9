"""The monorepo as git commits, made by one process of git."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from infra.local.sample import git
from shared.adapters.git_disk.git import Git
from tests.support.odd.kinds import SERVICES
from tests.support.odd.service import Content, Link, Odd, Submodule, files_of

_SET = """\
  image.repository: "{image}"
  image.tag: "{tag}@{digest}"
  reason: "{reason}"
  debug.enabled: false
  replicas: 3
  hosts[0].name: b
  notes.a\\.b: x
  gone: null
"""
_APPROVAL = "{approvers: [release-manager@example.com, olga@example.com]}"
_AUTHOR = "Ada Author <ada@example.com> 1772452800 +0000"


def make(path: Path) -> Path:
    """Make the bare repository: everything on main, and a branch for each service to be pushed as its release."""
    path.mkdir(parents=True)
    git(path, "init", "--quiet", "--bare", "--initial-branch=main")
    files: dict[str, Content] = {"slipway.yaml": _slipway_yaml(SERVICES), "tools/python": Link("/usr/bin/python3")}
    for name, odd in SERVICES.items():
        files |= files_of(name, odd)
    stream = [_commit("refs/heads/main", "The services", None, files)]
    for name, odd in SERVICES.items():
        stream.append(_commit(branch(name), f"Release\n\n{odd.trailer}\n", "refs/heads/main", {f"notes/{name}": "x"}))
        # The trailer counts where the commit touches what the service uses.
        stream[-1] += f"M 100644 inline services/{name}/RELEASE\ndata 2\nx\n\n" if odd.trailer else ""
    Git(path)("fast-import", "--quiet", "--force", "--date-format=raw", input="".join(stream).encode())
    return path


def branch(name: str) -> str:
    """Where a service's release lies before it is pushed."""
    return f"refs/heads/ready/{name}"


def _slipway_yaml(services: Mapping[str, Odd]) -> str:
    lines = ["version: 1\n", "services:\n"]
    for name, odd in services.items():
        lines.append(
            f"  {name}: {{path: services/{name}, chart: charts/{name}, build: {{test: {json.dumps(odd.test)}}}}}\n"
        )
    settings = "".join(f"      {line}\n" for line in _SET.splitlines())
    for environment, more in (("qa", "{}"), ("production", "")):
        lines.append("environments:\n" if environment == "qa" else "")
        lines.append(f"  {environment}:\n    values: ['deploy/{{service}}.yaml']\n    set:\n{settings}")
        if not more:
            lines.append(f"    after: [qa]\n    approval: {_APPROVAL}\n    gates: {{unknown_scan: allow}}\n")
    return "".join(lines)


def _commit(ref: str, message: str, parent: str | None, files: Mapping[str, Content]) -> str:
    lines = [f"commit {ref}\nauthor {_AUTHOR}\ncommitter {_AUTHOR}\ndata {len(message.encode())}\n{message}\n"]
    lines += [f"from {parent}\n"] if parent else []
    return "".join([*lines, *(_change(path, content) for path, content in files.items())])


def _change(path: str, content: Content) -> str:
    if isinstance(content, Submodule):
        return f"M 160000 {content.commit} {path}\n"
    mode, text = ("120000", content.target) if isinstance(content, Link) else ("100644", content or "")
    return f"M {mode} inline {path}\ndata {len(text.encode())}\n{text}\n"
