"""Files that projects bring and that nobody opens on Azure, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

from infra.azure.package.target import CannotPackage


class Rule(NamedTuple):
    """Paths that are left out of a project, or of all of them where none is named."""

    project: str
    pattern: str
    why: str


RULES = (
    # It tries libhelm_c.so.<version> first, and that one is always there.
    Rule("helm-python-sdk", "helm_python/lib/libhelm_c.so", "copy of the Helm library"),
    Rule("helm-python-sdk", "helm_python/lib/libhelm_c.so.0", "copy of the Helm library"),
    Rule("kubernetes", "kubernetes/aio/*", "asynchronous client"),
    Rule("", "*/tests/*", "tests inside packages"),
    Rule("", "*/issue_tests/*", "tests inside packages"),
    *(Rule("", f"*{end}", "for compilers and type checkers") for end in (".pyi", ".pyx", ".pxd", ".c", ".h")),
    *(
        Rule("", f"*.dist-info/{name}", "notes of the installer")
        for name in ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "top_level.txt", "direct_url.json", "sboms/*")
    ),
)


def why_left_out(project: str, path: Path) -> str | None:
    """Say why a file stays behind, or None for one that goes along."""
    for rule in RULES:
        if rule.project in ("", project) and fnmatchcase(path.as_posix(), rule.pattern):
            return rule.why
    return None


def check_rules(files: Iterable[tuple[str, Path]]) -> None:
    """Raise CannotPackage where a project has nothing of what a rule leaves out of it: it has changed, and may need what is gone."""
    found = [(project, path.as_posix()) for project, path in files]
    projects = {project for project, _ in found}
    for rule in RULES:
        if rule.project in projects and not any(p == rule.project and fnmatchcase(f, rule.pattern) for p, f in found):
            raise CannotPackage(
                f"{rule.project} has no {rule.pattern} any more; look at what it is made of now, then correct RULES"
            )
